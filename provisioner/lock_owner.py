"""The identity of a run in the lock files of its hosts."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Sequence
from urllib.parse import quote

from provisioner.records import dataclass

_LONGEST = 80
"""Characters of a text that are kept."""


@dataclass(frozen=True)
class LockOwner:
    """The identity of this run in the lock files of its hosts.

    `run` sorts by the start time of runs. `who` is USER@CONTROLLER, `pid` the controller's process.
    """

    run: str
    who: str
    pid: int
    playbooks: str

    def words(self, machine: str, host_key: str) -> str:
        """Return the arguments of `take_lock` for a host: words without special characters.

        `host_key` is a hash of its ssh host key, "" where there is none.
        """
        texts = (self.run, _word(machine), host_key or "-", self.who, str(self.pid), self.playbooks)
        return " ".join(texts)


def this_run(playbooks: Sequence[str]) -> LockOwner:
    """Return the identity of the run that this process starts."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    who = f"{user[:_LONGEST]}@{os.uname().nodename[:_LONGEST]}"
    names = ",".join(playbooks)
    run = f"{time.time_ns():016x}-{os.urandom(4).hex()}"
    return LockOwner(run, _word(who), os.getpid(), _word(names[:_LONGEST]))


def _word(text: str) -> str:
    """Return `text` as a word that needs no quotes in a shell."""
    return quote(text, safe="@,.:+-_", errors="surrogateescape").replace("~", "%7E") or "-"
