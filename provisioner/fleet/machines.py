"""The machines of a run's hosts: one machine may have several names in the inventory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from provisioner.fleet.slots import Throttle


class Machines:
    """Maps the names of hosts to their machines.

    A machine is named after the first of its hosts. Names with the same address are known before
    the run (`groups`). Others are found by the lock on the host: it is held by this run already,
    under another name. The host key, which no other host can present, confirms that. Thread-safe.
    """

    def __init__(self, groups: Iterable[Sequence[str]] = ()) -> None:
        self._machine = {host: group[0] for group in groups for host in group}
        self._keys: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def machine_of(self, host: str) -> str:
        """Return the name of the host's machine."""
        return self._machine.get(host, host)

    def add_key(self, host: str, key: str) -> None:
        """Note the hash of a host's ssh key, before the host is asked for its lock."""
        self._keys.add((host, key))

    def join(self, host: str, other: str, key: str) -> bool | None:
        """Note that two names are one machine, as `host` says. Return whether that is new.

        Return None if `key`, the hash of its ssh key, is not a key of `other`.
        """
        with self._lock:
            if not key or (other, key) not in self._keys:
                return None
            if self.machine_of(host) == self.machine_of(other):
                return False
            self._join(host, other)
            return True

    def add_joined(self, host: str, other: str) -> None:
        """Note that two names are one machine, as another process has confirmed."""
        with self._lock:
            self._join(host, other)

    def _join(self, host: str, other: str) -> None:
        old, new = self.machine_of(host), self.machine_of(other)
        names = [name for name, machine in self._machine.items() if machine == old]
        # As a new mapping, because `machine_of` takes no lock.
        self._machine = {**self._machine, **dict.fromkeys((host, *names), new), new: new}

    def has_other_names(self, host: str) -> bool:
        """Whether the host's machine has several names, as far as it is known."""
        return host in self._machine

    def throttle(self, host: str) -> Throttle | None:
        """Return the throttle for changes of the host's machine; None where none is needed.

        It is needed even for a machine with one name: when another name is found, a change may be
        under way.
        """
        return f"changes of the machine {self.machine_of(host)}", 1
