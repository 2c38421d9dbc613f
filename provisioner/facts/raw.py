"""The raw texts that setup's program reports, and the small readings that all facts share."""

from __future__ import annotations

import configparser
import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from provisioner.records import dataclass


@dataclass(frozen=True)
class Raw:
    """What a host said about itself: texts only, nothing read into them yet."""

    files: Mapping[str, str] = field(default_factory=dict)
    """Path ▶ text, of those that exist and could be read."""
    present: frozenset[str] = frozenset()
    """Paths that exist, of those whose existence alone means something."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic link ▶ what it points to."""
    environment: Mapping[str, str] = field(default_factory=dict)
    uname: str = ""
    """`uname -snrvm`: the one field with spaces is the last but one."""
    python: str = ""
    """The path of the host's own Python and what its -V says."""
    passwd: str = ""
    """The user's passwd line."""
    fqdn: str = ""
    """`hostname -f`; empty where the node name says it already."""
    date: str = ""
    """Two lines of `date '+%s %N %z %Z'`: now and in half a year."""
    addresses: str = ""
    """`ip addr`, then `ip route get` of an IPv4 and an IPv6 address."""
    sizes: str = ""
    """`stat -f` of the mounted file systems: seven numbers and the mount point a line."""
    local: tuple[str, ...] = ()
    """Local facts: path, exit status and text, each behind a newline."""

    def text(self, *paths: str) -> str:
        """The first of `paths` that has text, without the blank ends; else empty."""
        return next((self.files[path].strip() for path in paths if self.files.get(path)), "")

    def below(self, folder: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """The files below `folder`: the parts of the path behind it, and the text."""
        for path, text in self.files.items():
            if path.startswith(folder + "/"):
                yield tuple(path.removeprefix(folder + "/").split("/")), text.strip()


def files(lines: str) -> dict[str, str]:
    """The output of `grep -H ''` as path ▶ text. No path that setup asks for holds a colon."""
    texts: dict[str, list[str]] = {}
    for line in lines.split("\n"):
        path, colon, text = line.partition(":")
        if colon and path.startswith("/"):
            texts.setdefault(path, []).append(text)
    return {path: "\n".join(found) for path, found in texts.items()}


def settings(text: str) -> dict[str, str]:
    """`NAME=value` lines as os-release(5) has them: quotes go, comments and other lines too."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def labelled(text: str) -> dict[str, str]:
    """`Name: value` lines as /proc has them."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def local(raw: Raw) -> dict[str, Any]:
    """Local facts by their file's name: JSON, or INI with sections of strings."""
    found: dict[str, Any] = {}
    for entry in raw.local:
        path, _, rest = entry.partition("\n")
        status, _, text = rest.partition("\n")
        name = path.rpartition("/")[2].removesuffix(".fact")
        found[name] = _local(path, status, text)
    return found


def _local(path: str, status: str, text: str) -> Any:
    if status == "missing":
        return f"Could not stat fact ({path}): a link that leads nowhere"
    if status != "0":
        return f"Failure executing fact script ({path}), rc: {status}, err: {text.strip()}"
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return f"error loading facts as JSON or ini - please check content: {path}"
    return {section: dict(parser.items(section)) for section in parser.sections()}
