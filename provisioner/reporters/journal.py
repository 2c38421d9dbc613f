"""The journal of a run: its events as JSON lines, in a file of the state directory.

It is written as the run goes, so it remains if this process is killed or the machine loses power.
`--retry last` reads it. A journal that cannot be written is no failure of the run.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from provisioner import state_directory
from provisioner.events import Event, RunStarted
from provisioner.reporters.jsonl import encode, record_of

KEPT_RUNS = 100
KEPT_BYTES = 256 << 20
"""Limits of all journals together. Older ones are deleted."""
LONGEST_LINE = 256 << 10
"""Characters of an event. A longer one, with the output of a command for example, is shortened."""
LONGEST_TEXT = 16 << 10
"""Characters that are kept of each text in a shortened event."""
SYNC_SECONDS = 0.1
"""The shortest time between two calls of fsync."""


class Journal:
    """A `Reporter` that keeps the events of this run.

    Each event is in the file when the call returns, and on the disk a moment later. `warn` shows
    why there is no journal, or why it ends early.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._file: BinaryIO | None = None
        self._sync: _SyncThread | None = None

    def __call__(self, event: Event) -> None:
        try:
            if isinstance(event, RunStarted):
                self._start(event)
            elif self._file is not None:
                self._write(self._file, event)
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Wait until all events are on the disk."""
        try:
            self._close()
        except OSError as error:
            self._warn_of(error, "its end may be missing")

    def _start(self, event: RunStarted) -> None:
        directory = state_directory.journals()
        self._file = _create(directory)
        # The names of files are absolute, so that a later run in another directory finds this one.
        paths = tuple(str(Path(path).absolute()) for path in event.playbooks)
        self._write(self._file, replace(event, playbooks=paths))
        # On the disk before the first change: after a power cut this is the last run.
        os.fsync(self._file.fileno())
        self._sync = _SyncThread(self._file.fileno())
        _delete_old(directory)

    def _write(self, file: BinaryIO, event: Event) -> None:
        record = record_of(event)
        if record is None:
            return
        text = encode(record)
        if len(text) > LONGEST_LINE:
            text = encode(_shortened(record))
        file.write(f"{text}\n".encode("ascii"))
        file.flush()
        if self._sync is not None:
            self._sync.request()

    def _give_up(self, error: OSError) -> None:
        with suppress(OSError):
            self._close()
        self._warn_of(error, "--retry last does not know what follows")

    def _warn_of(self, error: OSError, effect: str) -> None:
        place = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or str(error)
        self._warn(f"warning: the journal of this run: {place}{reason}; {effect}")

    def _close(self) -> None:
        file, sync, self._file, self._sync = self._file, self._sync, None, None
        try:
            if sync is not None:
                sync.end()
        finally:
            if file is not None:
                file.close()


class _SyncThread:
    """Calls fsync beside the run, so that the run does not wait for the disk."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._requested, self._ended = threading.Event(), threading.Event()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def request(self) -> None:
        """Have all that is written synced soon. Raises OSError if an earlier sync failed."""
        if self._error is not None:
            raise self._error
        self._requested.set()

    def end(self) -> None:
        """Sync what is not synced yet. Raises OSError if a sync failed."""
        self._ended.set()
        self._requested.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while True:
                self._requested.wait()
                self._requested.clear()
                ended = self._ended.is_set()
                os.fsync(self._descriptor)
                if ended:
                    return
                self._ended.wait(SYNC_SECONDS)
        except OSError as error:
            self._error = error


def _create(directory: Path) -> BinaryIO:
    """Create a journal that only this user can read. Raises OSError.

    Its lock tells other processes that the run has not ended.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_uid != os.geteuid():
        raise PermissionError(0, "the directory belongs to another user", str(directory))
    path = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}.jsonl"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    file = os.fdopen(os.open(path, flags, 0o600), "ab")
    with suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _sync_directory(directory)
    return file


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _delete_old(directory: Path) -> None:
    """Delete the oldest journals until the limits are kept."""
    size = 0
    for number, path in enumerate(sorted(directory.glob("*.jsonl"), reverse=True)):
        with suppress(OSError):  # another run deletes it too
            size += path.stat().st_size
            if number >= KEPT_RUNS or (number and size > KEPT_BYTES):
                path.unlink()


def _shortened(value: Any) -> Any:
    """Return a JSON value with the beginning and the end of its long texts."""
    match value:
        case str() if len(value) > LONGEST_TEXT:
            half = LONGEST_TEXT // 2
            left_out = len(value) - 2 * half
            return f"{value[:half]}\n… {left_out} characters are left out …\n{value[-half:]}"
        case dict():
            return {key: _shortened(each) for key, each in value.items()}
        case list():
            return [_shortened(each) for each in value]
    return value
