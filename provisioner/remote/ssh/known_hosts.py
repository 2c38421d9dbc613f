"""Read known_hosts files and add keys to them (man 8 sshd, SSH_KNOWN_HOSTS FILE FORMAT).

A file is read once. Its plain names are kept in a dict, hashed names and patterns in lists: each
hashed name has its own salt, so a look-up computes all of them (1.4 µs each). `@revoked` keys are
refused. `@cert-authority` lines are ignored, since host certificates are not supported.
"""

from __future__ import annotations

import base64
import enum
import fcntl
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path

from provisioner.local_files import open_regular
from provisioner.records import dataclass
from provisioner.remote.ssh.config import expanded, matches_list
from provisioner.where import Where

SSH_PORT = 22
# Key types, the preferred ones first.
PREFERENCE = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
# Key types whose signature algorithms have other names (RFC 8332).
ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


@dataclass(frozen=True)
class HostKey:
    """A public host key: its type as in the file, and its bytes as SSH sends them."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:…` as `ssh-keygen -l` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest())
        return "SHA256:" + digest.decode().rstrip("=")

    @property
    def base64(self) -> str:
        return base64.b64encode(self.blob).decode()

    def __str__(self) -> str:
        short = self.type.removeprefix("ssh-").split("-")[0].upper()
        return f"{short} {self.fingerprint}"


@dataclass(frozen=True)
class KnownHostsEntry:
    """A line of a file.

    `marker` is "@revoked", "@cert-authority" or ""; `encoded` is the key in Base64.
    """

    marker: str
    type: str
    encoded: str
    place: Where

    @property
    def key(self) -> HostKey:
        try:
            return HostKey(self.type, base64.b64decode(self.encoded))
        except ValueError:  # also for characters that are not ASCII
            return HostKey(self.type, b"")


class Verdict(enum.Enum):
    """The result of comparing a host's key with the files."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Finding:
    """A verdict and the line that decides it, if any."""

    verdict: Verdict
    entry: KnownHostsEntry | None = None


def known_name(host: str, port: int) -> str:
    """Return the name of a host in the files: `host`, or `[host]:port` for a port other than 22."""
    host = host.lower()
    return host if port == SSH_PORT else f"[{host}]:{port}"


@dataclass
class _File:
    """The content of a file. `state` identifies its version.

    Only names are read from the lines at first, since a file may have 300,000 of them. The numbers
    in `plain`, `hashed` and `patterns` are indexes of `lines`.
    """

    path: str
    state: tuple[int, int, int] | None = None
    lines: list[str] = field(default_factory=list)
    plain: dict[str, list[int]] = field(default_factory=dict)
    hashed: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    patterns: list[tuple[list[str], int]] = field(default_factory=list)

    def find(self, name: str) -> Iterator[KnownHostsEntry]:
        """Yield the lines about the host `name`."""
        encoded = name.encode()
        yield from map(self._entry, self.plain.get(name, ()))
        for salt, digest, index in self.hashed:
            if hmac.digest(salt, encoded, "sha1") == digest:
                yield self._entry(index)
        for patterns, index in self.patterns:
            if matches_list(name, patterns):
                yield self._entry(index)

    def _entry(self, index: int) -> KnownHostsEntry:
        marker, words = _words(self.lines[index])
        return KnownHostsEntry(marker, words[1], words[2], Where(self.path, index + 1))

    def add(self, text: str) -> None:
        """Add the lines of `text`."""
        for line in text.splitlines():
            self.lines.append(line)
            _, words = _words(line)
            if len(words) > 2 and not words[0].startswith("#"):
                self._add_names(words[0], len(self.lines) - 1)

    def _add_names(self, names: str, index: int) -> None:
        if names.startswith("|1|"):
            self._add_hashed(names, index)
        elif "*" in names or "?" in names or "!" in names:
            self.patterns.append((names.lower().split(","), index))
        else:
            for name in names.lower().split(","):
                self.plain.setdefault(name, []).append(index)

    def _add_hashed(self, name: str, index: int) -> None:
        try:
            salt, digest = (base64.b64decode(part) for part in name.split("|")[2:4])
        except ValueError:
            return
        self.hashed.append((salt, digest, index))


def _words(line: str) -> tuple[str, list[str]]:
    """Return the marker of a line, or "", and its words: names, type, key and comment."""
    words = line.split(None, 4)
    marker = words.pop(0) if words and words[0].startswith("@") else ""
    return marker, words


_files: dict[str, _File] = {}
_lock = threading.RLock()


def _load(path: str) -> _File:
    with _lock:
        if path not in _files:
            _files[path] = _read(path)
        return _files[path]


def _read(path: str) -> _File:
    try:
        with open_regular(path) as stream:
            return _read_stream(path, stream.fileno())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return _File(path)  # ssh too reads on


def _read_stream(path: str, descriptor: int) -> _File:
    file = _File(path, _state(descriptor))
    content = os.pread(descriptor, file.state[1], 0) if file.state else b""
    file.add(content.decode("utf-8", "surrogateescape"))
    return file


def _state(descriptor: int) -> tuple[int, int, int]:
    status = os.fstat(descriptor)
    return (status.st_ino, status.st_size, status.st_mtime_ns)


def forget() -> None:
    """Forget the files, so that they are read again."""
    with _lock:
        _files.clear()


@dataclass(frozen=True)
class KnownHostsFiles:
    """The known_hosts files of a target. New keys are added to the first."""

    files: tuple[str, ...]

    def entries(self, host: str, port: int) -> tuple[KnownHostsEntry, ...]:
        """Return all lines about `host`, of any type and marker.

        Raises OSError for a file that can't be read, such as a FIFO.
        """
        name = known_name(host, port)
        return tuple(entry for path in self.files for entry in _load(path).find(name))

    def entries_for(self, host: str, port: int) -> HostEntries:
        """Return the lines about `host` as an object that answers several questions."""
        return HostEntries(self, host, port, self.entries(host, port))

    def add(self, host: str, port: int, key: HostKey, *, hashed: bool = False) -> Finding:
        """Append `key` to the first file, which is created with mode 0600.

        Other threads and processes may do the same: the file is locked (flock) while it is read
        again, checked and appended to by a single write. The verdict is KNOWN if the key is in the
        file afterwards, CHANGED if another process has added another key first. Raises OSError if
        the file can't be written.
        """
        path = self.files[0]
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            # A lock of flock belongs to the open file: it excludes other threads too, unlike lockf.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            return _add(path, descriptor, known_name(host, port), key, hashed)
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class HostEntries:
    """The lines about a host."""

    files: KnownHostsFiles
    host: str
    port: int
    entries: tuple[KnownHostsEntry, ...]

    @property
    def key_types(self) -> tuple[str, ...]:
        """The types of the host's keys in the files, the preferred ones first."""
        types = {entry.type for entry in self.entries if not entry.marker}
        return tuple(sorted(types, key=_preference))

    def check(self, key: HostKey) -> Finding:
        """Compare the key that the host has sent with the files.

        A key of a new type is CHANGED, not UNKNOWN, for a host with other keys in the files: it was
        asked for one of those types.
        """
        finding = _compare(self.entries, key)
        if finding.verdict is Verdict.UNKNOWN and self.port != SSH_PORT:
            # As in ssh, a line without a port is valid for the same key on any port.
            without_port = _compare(self.files.entries(self.host, SSH_PORT), key)
            if without_port.verdict in (Verdict.KNOWN, Verdict.REVOKED):
                return without_port
        return finding


def _add(path: str, descriptor: int, name: str, key: HostKey, hashed: bool) -> Finding:
    with _lock:
        current = _load(path)
        if current.state != _state(descriptor):
            current = _files[path] = _read_stream(path, descriptor)
        finding = _compare(current.find(name), key)
        if finding.verdict is not Verdict.UNKNOWN:
            return finding
        line = f"{_hash(name) if hashed else name} {key.type} {key.base64}\n"
        _append(descriptor, line.encode())
        current.add(line)
        current.state = _state(descriptor)
        return _compare(current.find(name), key)


def _append(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    if os.write(descriptor, line) != len(line):  # a full disk may cut the line
        os.ftruncate(descriptor, size)
        raise OSError(f"the disk is full; {line[:40]!r}… was not added")


def _hash(name: str) -> str:
    salt = os.urandom(20)
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def _compare(entries: Iterable[KnownHostsEntry], key: HostKey) -> Finding:
    """Compare a key with the lines about its host."""
    known: KnownHostsEntry | None = None
    other: KnownHostsEntry | None = None
    authority: KnownHostsEntry | None = None
    for entry in entries:
        same = entry.type == key.type and entry.key.blob == key.blob
        if entry.marker == "@revoked" and same:
            return Finding(Verdict.REVOKED, entry)
        if entry.marker:
            authority = entry if entry.marker == "@cert-authority" else authority
            continue
        if same:
            known = known or entry
        elif other is None or (entry.type == key.type != other.type):
            other = entry
    if known is not None:
        return Finding(Verdict.KNOWN, known)
    return Finding(Verdict.CHANGED, other) if other else Finding(Verdict.UNKNOWN, authority)


def _preference(type_: str) -> int:
    return PREFERENCE.index(type_) if type_ in PREFERENCE else len(PREFERENCE)


def algorithms(types: Iterable[str]) -> tuple[str, ...]:
    """Return the signature algorithms for keys of `types`, in their order."""
    return tuple(name for type_ in types for name in ALGORITHMS.get(type_, (type_,)))


def default_files() -> tuple[str, ...]:
    """Return the files that ssh reads by default. It adds keys to the first."""
    names = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
    system = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
    return (*map(expanded, names), *system)
