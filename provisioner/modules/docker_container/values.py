"""How docker's command writes sizes, durations, ports and volumes, and what they come to."""

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

Port = tuple[str, str, str]
"""Port in the container with its protocol, address of the host, port of the host."""


def nanoseconds(text: str) -> int:
    """`1m30s` ▶ ns."""
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError(f"{text!r} is no duration: write numbers and us, ms, s, m or h (1m30s)")
    return sum(round(float(part[1]) * _NANOSECONDS[part[2]]) for part in parts)


def ports(published: tuple[str, ...]) -> Iterator[Port]:
    """Every single port that `published` names, ranges spread out."""
    for text in published:
        address, host, container = _port_parts(text)
        container, _, protocol = container.partition("/")
        protocol = protocol or "tcp"
        inside, outside = _range(container), _range(host)
        for index, port in enumerate(inside):
            if not outside:
                there = ""
            elif len(inside) == len(outside):
                there = str(outside[index])
            else:
                there = host  # docker chooses one of the range
            yield f"{port}/{protocol}", address, there


def _port_parts(text: str) -> tuple[str, str, str]:
    """`[::1]:8080:80/tcp` ▶ ("::1", "8080", "80/tcp"); any address of the host is ""."""
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
    return "" if address in ("0.0.0.0", "::") else address  # noqa: S104


def _range(text: str) -> list[int]:
    if not text:
        return []
    first, _, last = text.partition("-")
    try:
        return list(range(int(first), int(last or first) + 1))
    except ValueError:
        raise ValueError(f"{text!r} is neither a port nor a range of ports") from None


def exposed(names: tuple[str, ...]) -> frozenset[str]:
    """`80`, `7000-7001/udp` ▶ `80/tcp`, …"""
    found = set()
    for name in names:
        port, _, protocol = name.partition("/")
        found |= {f"{number}/{protocol or 'tcp'}" for number in _range(port)}
    return frozenset(found)


def volume(text: str) -> tuple[str, str, frozenset[str]]:
    """`source:/path:ro` ▶ source, path, modes; read-write is no mode."""
    source, _, rest = text.partition(":")
    path, _, modes = rest.partition(":")
    found = frozenset(mode for mode in modes.split(",") if mode) - {"rw"}
    return source, _slashed(path), found


def _slashed(path: str) -> str:
    return path.rstrip("/") or path


def device(text: str) -> tuple[str, str, str]:
    """`/dev/a[:/dev/b[:r]]` ▶ path on the host, in the container, rights."""
    first, _, rest = text.partition(":")
    second, _, rights = rest.partition(":")
    if second and not second.startswith("/"):
        second, rights = "", second
    return first, second or first, rights or "rwm"


def ulimit(text: str) -> tuple[str, int, int]:
    """`nofile:1024:2048` or docker's `nofile=1024:2048` ▶ name, soft, hard."""
    name, soft, hard = [*re.split("[:=]", text), "", ""][:3]
    if not soft.lstrip("-").isdigit():
        raise ValueError(f"{text!r} is no ulimit: write nofile:1024:2048")
    return name, int(soft), int(hard or soft)


def capability(name: str) -> str:
    return name.upper().removeprefix("CAP_")


def pairs(lines: Any) -> dict[str, str]:
    """["A=b", …] ▶ {"A": "b", …}."""
    return {key: value for key, _, value in (str(line).partition("=") for line in lines or ())}


def env_lines(text: str) -> dict[str, str]:
    """A file of NAME=VALUE lines, as docker reads it."""
    lines = (line.lstrip() for line in text.splitlines())
    return pairs(line for line in lines if line and not line.startswith("#") and "=" in line)
