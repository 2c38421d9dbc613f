"""Parse durations, ports, volumes and other values in the notation of the docker command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from provisioner import regex

_DURATION = regex.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}

VOLUME_MODES = frozenset(
    (
        *("rw", "ro", "z", "Z", "copy", "nocopy", "consistent", "cached", "delegated", "default"),
        *("private", "rprivate", "shared", "rshared", "slave", "rslave"),
    )
)
"""The words that may follow the path of a volume."""

_PORTS = regex.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")

Port = tuple[str, str, str]
"""Port in the container with its protocol, address of the host ("" is all), port of the host."""


def nanoseconds(text: str) -> int:
    """Return the nanoseconds of a duration such as `1m30s`."""
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError(
            f"{text!r} is not a duration: write numbers and us, ms, s, m or h, such as 1m30s"
        )
    return sum(round(float(part[1]) * _NANOSECONDS[part[2]]) for part in parts)


def ports(published: tuple[str, ...]) -> Iterator[Port]:
    """Yield every single port of `published`, ranges expanded."""
    for text in published:
        address, host, container = split_port(text)
        container, _, protocol = container.partition("/")
        protocol = protocol or "tcp"
        inside, outside = port_range(container), port_range(host)
        for index, port in enumerate(inside):
            if not outside:
                host_port = ""
            elif len(inside) == len(outside):
                host_port = str(outside[index])
            else:
                host_port = host  # docker chooses one of the range
            yield f"{port}/{protocol}", address, host_port


def split_port(text: str) -> tuple[str, str, str]:
    """Split `[::1]:8080:80/tcp` into address, port of the host, and port in the container."""
    address = ""
    rest = text
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        rest = rest.removeprefix(":")
    parts = rest.split(":")
    if not address and len(parts) > 2:
        address = ":".join(parts[:-2])
    host = parts[-2] if len(parts) > 1 else ""
    return any_address(address), host, parts[-1]


def any_address(address: str) -> str:
    """Return the address, or "" if it means all addresses."""
    return "" if address in ("0.0.0.0", "::") else address  # noqa: S104


def port_range(text: str) -> list[int]:
    """Return the ports of `80` or `7000-7010`; ValueError if they are none."""
    if not text:
        return []
    match = _PORTS.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last < 65536:
        raise ValueError(f"{text!r} is neither a port nor a range of ports")
    return list(range(first, last + 1))


def exposed(names: tuple[str, ...]) -> frozenset[str]:
    """Return every single port of names such as `80` and `7000-7001/udp`, with its protocol."""
    ports = set()
    for name in names:
        port, _, protocol = name.partition("/")
        ports |= {f"{number}/{protocol or 'tcp'}" for number in port_range(port)}
    return frozenset(ports)


def volume(text: str) -> tuple[str, str, frozenset[str]]:
    """Split `source:/path:ro` into source, path and modes; `rw` is left out.

    An anonymous volume (`/path`, `/path:rw`) has the source "".
    """
    source, path, modes = [*text.split(":", 2), "", ""][:3]
    if not path or (not modes and VOLUME_MODES.issuperset(path.split(","))):
        source, path, modes = "", source, path
    return source, without_slash(path), frozenset(filter(None, modes.split(","))) - {"rw"}


def volume_option(text: str) -> str:
    """Return the value of --volume, which accepts no mode for an anonymous volume."""
    source, path, _ = volume(text)
    return text if source else path


def without_slash(path: str) -> str:
    """Return a path without a slash at its end."""
    return path.rstrip("/") or path


def device(text: str) -> tuple[str, str, str]:
    """Split `/dev/a:/dev/b:r` into path on the host, path in the container, permissions."""
    host_path, _, rest = text.partition(":")
    path, _, permissions = rest.partition(":")
    if path and not path.startswith("/"):
        path, permissions = "", path
    return host_path, path or host_path, permissions or "rwm"


def ulimit(text: str) -> tuple[str, int, int]:
    """Split `nofile:1024:2048` or `nofile=1024:2048` into name, soft limit and hard limit."""
    name, soft, hard = [*re.split("[:=]", text), "", ""][:3]
    if not soft.lstrip("-").isdigit():
        raise ValueError(
            f"{text!r} is not a ulimit: write name:soft:hard, such as nofile:1024:2048"
        )
    return name, int(soft), int(hard or soft)


def capability(name: str) -> str:
    """Return a capability in capitals, without the prefix CAP_."""
    return name.upper().removeprefix("CAP_")


def pairs(lines: Any) -> dict[str, str]:
    """Return lines such as `A=b` as a mapping."""
    return {key: value for key, _, value in (str(line).partition("=") for line in lines or ())}


def env_lines(text: str) -> dict[str, str]:
    """Return the variables in the text of an environment file, read as docker reads it."""
    lines = (line.lstrip() for line in text.splitlines())
    return pairs(line for line in lines if line and not line.startswith("#") and "=" in line)
