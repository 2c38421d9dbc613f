"""Wait while another run holds the lock of a host."""

from __future__ import annotations

import time

from provisioner.engine.effects import AwaitLock, Effects
from provisioner.engine.world import World
from provisioner.events import HostWaiting
from provisioner.remote import lock
from provisioner.remote.shell import Report
from provisioner.result import Outcome, Result

SHORTEST, LONGEST = 0.25, 3.0
"""Seconds between two attempts to take the lock; they grow."""


class LockWait:
    """The wait of one host's run. It is told once for each other run that holds the lock."""

    def __init__(self, world: World, host: str) -> None:
        self._world, self._host = world, host
        self._since: float | None = None
        self._pause = SHORTEST
        self._holder: lock.LockHolder | None = None

    def end(self) -> None:
        """Note that a task was run: the wait is over."""
        self._since, self._pause, self._holder = None, SHORTEST, None

    def wait(self, machine: str, report: Report) -> Effects[Result | None]:
        """Wait until the next attempt. Return a failure instead if the time is over.

        `machine` is the inventory name of the locked host, `report` its refusal.
        """
        if "lock_held" not in report.records:
            return None  # this run holds the lock under another name of the machine
        own = self._world.lock
        assert own is not None
        now = time.monotonic()
        if self._since is None:
            self._since = now
        known, holder = self._holder, lock.holder(report)
        self._holder = holder or known
        remaining = self._since + self._world.lock_timeout - now
        if remaining <= 0:
            return self._failure(machine)
        if holder is not None and (known is None or holder.run != known.run):
            yield self._event(machine, holder)
        # The older of two runs does not give way, so not both of them do.
        gives_way = holder is not None and holder.run < own.run
        yield AwaitLock(min(self._pause, remaining), gives_way)
        self._pause = min(self._pause * 1.5, LONGEST)
        return None

    def _event(self, machine: str, holder: lock.LockHolder) -> HostWaiting:
        return HostWaiting(
            self._host, machine, holder.who, holder.pid, holder.playbooks, holder.since
        )

    def _failure(self, machine: str) -> Result:
        """Return the failure of the task that another run has kept from starting."""
        holder, seconds = self._holder, self._world.lock_timeout
        waited = f"; it did not end within {seconds:g} s" if seconds else ""
        if holder is None:
            message = f"another run is taking the lock of {machine}{waited}"
            return Result(Outcome.FAILED, message, hint="run again")
        message = f"{self._event(machine, holder).holder} holds the lock of {machine}{waited}"
        hint = (
            f"wait for that run, or end process {holder.pid} on {holder.who.rpartition('@')[2]};"
            " --lock-timeout SECONDS waits longer"
        )
        return Result(Outcome.FAILED, message, hint=hint)
