"""The texts that a host reports about itself, from which all facts are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from provisioner.records import dataclass


@dataclass(frozen=True)
class RawFacts:
    """The texts that the module setup got from a host, before any of them is read."""

    files: Mapping[str, str] = field(default_factory=dict)
    """The text of files by path."""
    present: frozenset[str] = frozenset()
    """The existing paths among the paths that are only checked for existence."""
    links: Mapping[str, str] = field(default_factory=dict)
    """The targets of symbolic links by path."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The session's environment variables."""
    uname: str = ""
    """The output of `uname -snrvm`. Only the last field but one contains spaces."""
    python: str = ""
    """The path of the host's Python and the output of its option -V."""
    passwd: str = ""
    """The user's line of passwd(5)."""
    fqdn: str = ""
    """The output of `hostname -f`; "" if the node name already has a dot."""
    date: str = ""
    """Two lines of `date '+%s %N %z %Z'`: now and half a year later."""
    addresses: str = ""
    """The output of `ip addr`, and of `ip route get` for an IPv4 and an IPv6 address."""
    sizes: str = ""
    """The output of `stat -f` for the mounted file systems: seven numbers and the mount point."""
    local: tuple[str, ...] = ()
    """Local facts: the file's path, its exit code and its text, separated by newlines."""

    def text(self, *paths: str) -> str:
        """Return the first text of `paths` that is not empty, without white space at the ends."""
        return next((self.files[path].strip() for path in paths if self.files.get(path)), "")

    def below(self, folder: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the files below `folder`: the components of the path in it, and the text."""
        for path, text in self.files.items():
            if path.startswith(folder + "/"):
                yield tuple(path.removeprefix(folder + "/").split("/")), text.strip()
