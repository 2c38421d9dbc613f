"""wait_for: wait until a port answers or a file exists, or until it does not."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, Report
from provisioner.user_regex import UserRegex

STATES = {
    "ESTABLISHED": "01",
    "SYN_SENT": "02",
    "SYN_RECV": "03",
    "FIN_WAIT1": "04",
    "FIN_WAIT2": "05",
    "TIME_WAIT": "06",
    "CLOSE": "07",
    "CLOSE_WAIT": "08",
    "LAST_ACK": "09",
    "LISTEN": "0A",
    "CLOSING": "0B",
}
"""State of a connection -> its number in /proc/net/tcp."""


class WaitFor(Module):
    """Wait until a port or file of the host has a state. Nothing is changed."""

    body: ClassVar[str] = load_body("wait_for.sh")
    concurrent: ClassVar[bool] = True

    host: str = "127.0.0.1"
    """The host of the port, as seen from the host of the task. For `drained` it is an address;
    0.0.0.0 means all."""
    port: int | None = None
    """The TCP port."""
    path: str | None = None
    """The file, instead of a port."""
    state: Literal["started", "stopped", "present", "absent", "drained"] = "started"
    """started, present: the port answers or the file exists. stopped, absent: it does not. drained:
    the port has no connections."""
    search_regex: str | None = None
    """A regular expression that the file or the first lines from the port must match. For `absent`:
    must no longer match."""
    delay: int = 0
    """Seconds to wait before the first check."""
    timeout: int = 300
    """Seconds after which the task fails. Without port and path it only waits so long."""
    sleep: int = 1
    """Seconds between checks."""
    connect_timeout: int = 5
    """Seconds for an attempt to connect."""
    active_connection_states: Words = (
        "ESTABLISHED",
        "FIN_WAIT1",
        "FIN_WAIT2",
        "SYN_RECV",
        "SYN_SENT",
        "TIME_WAIT",
    )
    """For `drained`: the states that count as connected."""
    exclude_hosts: Words = ()
    """For `drained`: addresses whose connections are ignored."""
    msg: str | None = None
    """The message if the timeout is reached."""

    @classmethod
    def validate_active_connection_states(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(names) - set(STATES):
            raise ValueError(f"unknown states: {', '.join(sorted(unknown))}")
        return names

    def validate(self) -> None:
        if self.port is not None and self.path is not None:
            raise ValueError("port and path parameter can not both be passed to wait_for")
        if self.port is not None and not 0 < self.port < 65536:
            raise ValueError("port must be from 1 to 65535")
        if self.state == "drained":
            if self.port is None:
                raise ValueError("state: drained needs port")
            for address in (self.host, *self.exclude_hosts):
                _hex(address)

    def program(self, context: TaskContext) -> Program:
        drained = self.state == "drained"
        variables = self.variables() | {
            "subject": self._subject(),
            "awaited": self._awaited(),
            "port_hex": f"{self.port or 0:04X}",
            "states_hex": " ".join(STATES[name] for name in self.active_connection_states),
            "any_host": self.host in ("0.0.0.0", "::"),  # noqa: S104 - compared, not bound
            "host_hex": " ".join(_hex(self.host)) if drained else "",
            "excluded_hex": " ".join(word for host in self.exclude_hosts for word in _hex(host)),
        }
        return Program("waitfor", self.body, variables)

    def _subject(self) -> str:
        """Return what is waited for, for the list of changes."""
        if self.port is None and self.path is None:
            return f"{self.timeout} s"
        thing = self.path or f"{self.host}:{self.port}"
        content = f" with {self.search_regex!r}" if self.search_regex else ""
        return f"{thing}{content} to be {self.state}"

    def _awaited(self) -> str:
        """Return what is waited for in the words of Ansible's module."""
        port = f"{self.host}:{self.port}"
        if self.state == "drained":
            return f"{port} to drain"
        if self.state in ("stopped", "absent"):
            return f"{port} to stop." if self.path is None else f"{self.path} to be absent."
        thing = port if self.path is None else self.path
        if self.search_regex:
            return f"search string {self.search_regex} in {thing}"
        return thing if self.path is None else f"file {self.path}"

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"state": self.state, "port": self.port, "path": self.path}
        values |= {"search_regex": self.search_regex, "elapsed": int(report.get("elapsed") or 0)}
        match = _search(self.search_regex, report.get("found"))
        values["match_groups"] = list(match.groups()) if match else []
        values["match_groupdict"] = match.groupdict() if match else {}
        return values


def _search(pattern: str | None, text: str) -> re.Match[str] | None:
    if not pattern or not text:
        return None
    try:
        return UserRegex(pattern, re.MULTILINE).search(text)
    except re.error:
        return None


def _hex(address: str) -> tuple[str, ...]:
    """Return an address as in /proc/net/tcp and tcp6; ValueError if it is not an address."""
    try:
        packed = ipaddress.ip_address(address).packed
    except ValueError:
        raise ValueError(f"state: drained needs addresses, not names: {address!r}") from None
    words = [packed[at : at + 4][::-1].hex().upper() for at in range(0, len(packed), 4)]
    text = "".join(words)
    return (text, f"0000000000000000FFFF0000{text}") if len(packed) == 4 else (text,)
