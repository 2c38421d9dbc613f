"""What each exit status of `provision` means."""

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
"""Plus the signal's number, as with a shell."""
INTERRUPTED = SIGNALLED + 2

MEANINGS = {
    OK: "every host converged",
    BUG: "a bug in the tool",
    FAILED: "at least one host failed",
    INVALID: "invalid input",
    UNREACHABLE: "at least one host is unreachable, or a task's fate on it is unknown",
    USAGE: "no hosts matched",
    FAILED_AND_UNREACHABLE: "hosts failed, and others are unreachable or in an unknown state",
    NOT_WRITTEN: "the hosts are fine, but a report could not be written",
    PENDING: "changes are pending",
    SIGNALLED + 1: "ended by SIGHUP",
    INTERRUPTED: "interrupted",
    SIGNALLED + 15: "ended by SIGTERM",
}
"""As the recap says it of a run."""
