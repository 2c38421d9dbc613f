"""The lock on a host: what a refused change reports (sh/lock.sh).

Texts of other runs come from the host: they are shortened here, and escaped where they are shown.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from provisioner.records import dataclass
from provisioner.remote.shell import Report, script

LOCK = script("lock.sh")
"""The shell functions that take the lock."""

_LONGEST = 80
"""Characters of a text of another run that are kept."""


@dataclass(frozen=True)
class LockHolder:
    """Another run that holds the lock of a host.

    `since`: the time in UTC by this machine's clock, as the host's clock may be wrong.
    """

    run: str
    who: str
    pid: str
    playbooks: str
    since: str


def holder(report: Report) -> LockHolder | None:
    """Return the run that a refused change waits for; None where it is not known yet."""
    words = report.get("lock_held").split(" ", 5)
    if len(words) < 6:
        return None
    now, since, run, *texts = words
    who, pid, playbooks = (_text(text)[:_LONGEST] for text in texts)
    return LockHolder(run[:_LONGEST], who, pid, playbooks, _time(_seconds(now) - _seconds(since)))


def twin(report: Report) -> str:
    """Return the other name of the machine that this run changes it under, or ""."""
    return _text(report.get("lock_twin"))


def _text(word: str) -> str:
    return unquote(word, errors="surrogateescape")


def _seconds(text: str) -> float:
    """Return an uptime; 0 for a text that is none."""
    return float(text) if text.isascii() and text.replace(".", "", 1).isdecimal() else 0


def _time(age: float) -> str:
    """Return the time `age` seconds ago; with its date if that is not today."""
    now = datetime.now(UTC)
    since = now - timedelta(seconds=max(0, min(age, 10**9)))
    return since.strftime("%H:%M:%S" if since.date() == now.date() else "%Y-%m-%d %H:%M:%S")
