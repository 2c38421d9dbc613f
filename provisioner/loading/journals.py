"""Finds the journal of the last run, for `--retry last`. reporters/journal.py writes journals."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from provisioner import state_directory
from provisioner.errors import UsageError
from provisioner.local_files import open_regular

LONGEST_START = 16 << 20
"""Bytes of the first line: the run's start with the names of all hosts."""


def last_run(inventory: str, playbooks: Sequence[Path]) -> Path:
    """Return the journal of the last run of these playbooks with this inventory.

    Runs in check mode do not count, as they leave nothing to be completed. Raises UsageError if
    there is no such run, or it has not ended.
    """
    wanted = (inventory, [str(path.absolute()) for path in playbooks])
    try:
        directory = state_directory.journals()
    except OSError as error:
        raise UsageError(f"--retry last: {error}") from None
    for journal in _newest_first(directory):
        if _what_was_run(journal) == wanted:
            _refuse_running(journal)
            return journal
    names = " ".join((inventory, *map(str, playbooks)))
    raise UsageError(
        f"--retry last: no run of {names} is recorded in {directory}. Runs in check mode do not "
        "count, and old ones are deleted"
    )


def _newest_first(directory: Path) -> Iterator[Path]:
    try:
        yield from sorted(directory.glob("*.jsonl"), reverse=True)
    except OSError as error:
        raise UsageError(f"--retry last: {directory}: {error.strerror}") from None


def _what_was_run(journal: Path) -> tuple[str, list[str]] | None:
    """Return inventory and playbooks of a run; None if it changed nothing or cannot be read."""
    try:
        with open_regular(journal) as file:
            start = json.loads(file.readline(LONGEST_START))
        if start["event"] != "run_started" or start["check"]:
            return None
        return start["inventory"], start["playbooks"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _refuse_running(journal: Path) -> None:
    """Raise UsageError if the run still goes on: it holds the lock of its journal."""
    with open_regular(journal) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = journal.stem.rpartition("-")[2]
            raise UsageError(f"--retry last: that run has not ended (pid {pid})") from None
        except OSError:
            return  # a file system without locks
