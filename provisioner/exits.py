"""The exit statuses of `provision` and their meanings."""

from __future__ import annotations

OK = 0
BUG = 1
FAILED = 2
INVALID = 3
UNREACHABLE = 4
USAGE = 5
FAILED_AND_UNREACHABLE = FAILED + UNREACHABLE
NOT_WRITTEN = 7
PENDING = 10
SIGNALLED = 128
"""Add the number of the signal, as a shell does."""
INTERRUPTED = SIGNALLED + 2

MEANINGS = {
    OK: "every host converged",
    BUG: "a bug in provision",
    FAILED: "at least one host failed",
    INVALID: "invalid input",
    UNREACHABLE: "at least one host is unreachable, or the outcome of a task is unknown",
    USAGE: "no hosts matched",
    FAILED_AND_UNREACHABLE: "hosts failed, and others are unreachable or in an unknown state",
    NOT_WRITTEN: "the hosts are fine, but a report could not be written",
    PENDING: "changes are pending",
    SIGNALLED + 1: "ended by SIGHUP",
    INTERRUPTED: "interrupted",
    SIGNALLED + 15: "ended by SIGTERM",
}
"""The meanings as the recap shows them."""
