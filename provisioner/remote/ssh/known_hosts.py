"""known_hosts files (man 8 sshd, SSH_KNOWN_HOSTS FILE FORMAT): fast to look up, safe to add to.

A file is read once a process and kept as a dict of plain names, a list of hashed ones (each has
its own salt, so a look-up tries them all: 1.4 microseconds an entry) and a list of patterns.
`@revoked` keys are refused. `@cert-authority` lines are ignored: host certificates are never asked
for, so a host known by its authority alone counts as unknown, and the message says so.
"""

from __future__ import annotations

import base64
import binascii
import enum
import fcntl
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path

from provisioner.records import dataclass
from provisioner.remote.ssh.config import Place, expanded, matches_list

SSH_PORT = 22
PREFERENCE = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
# An RSA key is one type of key with several signature algorithms (RFC 8332).
ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


@dataclass(frozen=True)
class HostKey:
    """A public host key: its type as in the file, and the key as SSH sends it."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, as ssh-keygen -l prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest())
        return "SHA256:" + digest.decode().rstrip("=")

    @property
    def base64(self) -> str:
        return base64.b64encode(self.blob).decode()

    def __str__(self) -> str:
        short = self.type.removeprefix("ssh-").split("-")[0].upper()
        return f"{short} {self.fingerprint}"


@dataclass(frozen=True)
class Entry:
    """One usable line of a file."""

    marker: str
    type: str
    encoded: str
    place: Place

    @property
    def key(self) -> HostKey:
        try:
            return HostKey(self.type, base64.b64decode(self.encoded))
        except binascii.Error:
            return HostKey(self.type, b"")


class Verdict(enum.Enum):
    """What the files say of the key that a host has shown."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Finding:
    """A verdict with the line that it rests on, where there is one."""

    verdict: Verdict
    entry: Entry | None = None


def known_name(host: str, port: int) -> str:
    """How a host is written in the files: `host`, or `[host]:port` when the port isn't 22."""
    host = host.lower()
    return host if port == SSH_PORT else f"[{host}]:{port}"


@dataclass
class _File:
    """One file in memory."""

    path: str
    state: tuple[int, int, int] | None = None
    lines: int = 0
    plain: dict[str, list[Entry]] = field(default_factory=dict)
    hashed: list[tuple[bytes, bytes, Entry]] = field(default_factory=list)
    patterns: list[tuple[list[str], Entry]] = field(default_factory=list)

    def find(self, name: str) -> Iterator[Entry]:
        yield from self.plain.get(name, ())
        encoded = name.encode()
        for salt, digest, entry in self.hashed:
            if hmac.digest(salt, encoded, "sha1") == digest:
                yield entry
        for patterns, entry in self.patterns:
            if matches_list(name, patterns):
                yield entry

    def take(self, text: str) -> None:
        for line in text.splitlines():
            self.lines += 1
            self._take_line(line)

    def _take_line(self, line: str) -> None:
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) < 3 or words[0].startswith("#"):
            return
        entry = Entry(marker, words[1], words[2], Place(self.path, self.lines))
        if words[0].startswith("|1|"):
            self._take_hashed(words[0], entry)
            return
        names = words[0].lower().split(",")
        if any(letter in words[0] for letter in "*?!"):
            self.patterns.append((names, entry))
            return
        for name in names:
            self.plain.setdefault(name, []).append(entry)

    def _take_hashed(self, name: str, entry: Entry) -> None:
        try:
            salt, digest = (base64.b64decode(part) for part in name.split("|")[2:4])
        except ValueError:
            return
        self.hashed.append((salt, digest, entry))


_files: dict[str, _File] = {}
_lock = threading.RLock()


def _load(path: str) -> _File:
    with _lock:
        if path not in _files:
            _files[path] = _read(path)
        return _files[path]


def _read(path: str) -> _File:
    try:
        with Path(path).open("rb") as stream:
            return _read_stream(path, stream.fileno())
    except OSError:
        return _File(path)


def _read_stream(path: str, descriptor: int) -> _File:
    read = _File(path, _state(descriptor))
    content = os.pread(descriptor, read.state[1], 0) if read.state else b""
    read.take(content.decode("utf-8", "surrogateescape"))
    return read


def _state(descriptor: int) -> tuple[int, int, int]:
    status = os.fstat(descriptor)
    return (status.st_ino, status.st_size, status.st_mtime_ns)


def forget() -> None:
    """Drop what was read, so that the next look-up reads the files again."""
    with _lock:
        _files.clear()


@dataclass(frozen=True)
class KnownHosts:
    """The known_hosts files of one target; new keys go into the first."""

    files: tuple[str, ...]

    def entries(self, host: str, port: int) -> tuple[Entry, ...]:
        """Every line about `host`, whatever its type or marker."""
        name = known_name(host, port)
        return tuple(entry for path in self.files for entry in _load(path).find(name))

    def record(self, host: str, port: int) -> Record:
        """What the files know of `host`; one look-up, for several questions."""
        return Record(self, host, port, self.entries(host, port))

    def add(self, host: str, port: int, key: HostKey, *, hashed: bool = False) -> Finding:
        """Append `key` to the first file, creating it with mode 0600.

        Safe against other threads and processes: the file is locked (flock) while it is read
        anew, judged and appended to with one write. The finding is KNOWN when the key is in the
        file now, whoever put it there; CHANGED when someone else has added another key first.
        Raises OSError when the file can't be written.
        """
        path = self.files[0]
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            # flock belongs to the open file, so it keeps threads apart too, unlike lockf.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            return _add(path, descriptor, known_name(host, port), key, hashed)
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class Record:
    """The lines about one host."""

    files: KnownHosts
    host: str
    port: int
    entries: tuple[Entry, ...]

    @property
    def key_types(self) -> tuple[str, ...]:
        """The types of key known, the fastest first; none when the host is unknown."""
        found = {entry.type for entry in self.entries if not entry.marker}
        return tuple(sorted(found, key=_preference))

    def judge(self, key: HostKey) -> Finding:
        """Compare the key that the host has shown with what the files say.

        A key of a type not listed for a host that has other keys is CHANGED, not UNKNOWN: a
        known host is asked for a known type, so an honest one never shows another.
        """
        finding = _judge(self.entries, key)
        if finding.verdict is Verdict.UNKNOWN and self.port != SSH_PORT:
            # Like ssh: a key listed without its port is good on any port, if it is the same.
            bare = _judge(self.files.entries(self.host, SSH_PORT), key)
            if bare.verdict in (Verdict.KNOWN, Verdict.REVOKED):
                return bare
        return finding


def _add(path: str, descriptor: int, name: str, key: HostKey, hashed: bool) -> Finding:
    with _lock:
        current = _load(path)
        if current.state != _state(descriptor):
            current = _files[path] = _read_stream(path, descriptor)
        finding = _judge(current.find(name), key)
        if finding.verdict is not Verdict.UNKNOWN:
            return finding
        line = f"{_hash(name) if hashed else name} {key.type} {key.base64}\n"
        _append(descriptor, line.encode())
        current.take(line)
        current.state = _state(descriptor)
        return _judge(current.find(name), key)


def _append(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    if os.write(descriptor, line) != len(line):  # a full disk may cut the line
        os.ftruncate(descriptor, size)
        raise OSError(f"the disk is full, {line[:40]!r}... was not added")


def _hash(name: str) -> str:
    salt = os.urandom(20)
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def _judge(entries: Iterable[Entry], key: HostKey) -> Finding:
    known: Entry | None = None
    other: Entry | None = None
    authority: Entry | None = None
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
    """The signature algorithms to offer for keys of `types`, in their order."""
    return tuple(name for type_ in types for name in ALGORITHMS.get(type_, (type_,)))


def default_files() -> tuple[str, ...]:
    """What ssh reads when nothing else is set; the first is the one it adds to."""
    names = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
    system = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
    return (*map(expanded, names), *system)
