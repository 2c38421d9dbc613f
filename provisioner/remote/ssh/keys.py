"""Private keys and the ssh-agent: each read once a process, each passphrase asked for once."""

from __future__ import annotations

import base64
import binascii
import os
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Protocol

from provisioner.records import dataclass
from provisioner.remote.ssh.paramiko.names import AgentKey, AgentSSH, Message, PKey
from provisioner.remote.target import Passphrase, Target

AGENT_TIMEOUT = 10.0  # seconds; an agent may ask its user to confirm, but not for ever
OPENSSH = "-----BEGIN OPENSSH PRIVATE KEY-----"
MAGIC = b"openssh-key-v1\0"

TRIES = 3
"""How often a passphrase is asked for, as in ssh."""


class IdentityError(Exception):
    """A key or the agent can't be used; the text names it and says why."""


class Identity(Protocol):
    """Something that may prove who we are."""

    @property
    def label(self) -> str:
        """What to call it in messages."""

    @property
    def blob(self) -> bytes | None:
        """The public key, where it's known without the private one."""

    @property
    def guarded(self) -> bool:
        """Whether a person has to be asked before it can sign."""

    def key(self, passphrase: Passphrase | None) -> PKey:
        """The key that signs. Raises IdentityError."""


@dataclass
class KeyFile:
    """One private key file, shared by all hosts that use it."""

    label: str
    blob: bytes | None = None
    guarded: bool = False
    problem: str | None = None
    missing: bool = False
    _key: PKey | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, passphrase: Passphrase | None) -> PKey:
        with self._lock:
            if self._key is None and self.problem is None:
                self.problem = self._load(passphrase)  # others look at it without the lock
            if self._key is None:
                raise IdentityError(self.problem)
            return self._key

    def _load(self, passphrase: Passphrase | None) -> str | None:
        """Load the key; what is wrong where it can't be."""
        if not self.guarded:
            return self._open(None)
        problem: str | None = f"{self.label} is encrypted and no passphrase was given"
        for wrong in range(TRIES):
            word = passphrase(self.label, wrong) if passphrase else None
            if not word:
                break
            problem = self._open(word)
            if problem is None:
                break
        return problem

    def _open(self, word: str | None) -> str | None:
        try:
            secret = word.encode("utf-8", "surrogateescape") if word else None
            self._key = PKey.from_path(self.label, secret)  # type: ignore[arg-type]
        except OSError as error:
            return f"{self.label} can't be read: {error.strerror}"
        except Exception as error:  # the libraries below raise a dozen kinds
            guess = "the passphrase is wrong" if word else f"it's no key that we can read ({error})"
            return f"{self.label} can't be used: {guess}"
        return None


_key_files: dict[str, KeyFile] = {}
_key_files_lock = threading.Lock()


def key_file(path: str) -> KeyFile:
    """The key file at `path`, looked at but not yet loaded; its problem is kept, not raised.

    One object per path, whichever thread comes first (lru_cache would let two make one each,
    and each would ask for the passphrase).
    """
    with _key_files_lock:
        if path not in _key_files:
            _key_files[path] = _inspect(path)
        return _key_files[path]


def _inspect(path: str) -> KeyFile:
    found = KeyFile(path)
    try:
        status = Path(path).stat()
        text = Path(path).read_text(errors="replace")
    except OSError as error:
        found.problem = f"{path} can't be read: {error.strerror}"
        found.missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        return found
    # As in ssh, which looks at the mode of the user's own files only.
    if status.st_uid == os.getuid() and status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        found.problem = f"permissions {mode:04o} for {path} are too open, so it is ignored"
    found.guarded = _is_encrypted(text)
    found.blob = _public_part(path, text)
    return found


def _is_encrypted(text: str) -> bool:
    if OPENSSH in text:
        binary = _binary(text)
        return not binary.startswith(MAGIC + b"\0\0\0\4none")
    return "ENCRYPTED" in text


def _binary(text: str) -> bytes:
    lines = [line.strip() for line in text.splitlines()]
    try:
        return base64.b64decode("".join(line for line in lines if not line.startswith("-")))
    except binascii.Error:
        return b""


def _public_part(path: str, text: str) -> bytes | None:
    if OPENSSH in text:
        message = Message(_binary(text)[len(MAGIC) :])
        for _ in range(3):  # cipher, key derivation, its options
            message.get_binary()
        message.get_int()
        return message.get_binary() or None
    words = text.split()
    try:
        if "-----BEGIN" not in text:  # IdentityFile may name a public key that the agent holds
            return base64.b64decode(words[1])
        return base64.b64decode(Path(path + ".pub").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None


class Agent(AgentSSH):
    """An ssh-agent, asked by one thread at a time."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._turn = threading.Lock()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(AGENT_TIMEOUT)
        connection.connect(path)
        self._connect(connection)  # type: ignore[attr-defined]

    def _send_message(self, message: object) -> object:
        with self._turn:
            return super()._send_message(message)  # type: ignore[misc]


@dataclass(frozen=True)
class AgentIdentity:
    """One key that an agent holds."""

    label: str
    agent_key: AgentKey

    @property
    def blob(self) -> bytes | None:
        return self.agent_key.blob

    @property
    def guarded(self) -> bool:
        return False

    def key(self, passphrase: Passphrase | None) -> PKey:
        return self.agent_key


@dataclass(frozen=True)
class AgentAnswer:
    """What an agent holds, or why it doesn't say."""

    identities: tuple[AgentIdentity, ...] = ()
    problem: str | None = None


_agents: dict[str, AgentAnswer] = {}
_agents_lock = threading.Lock()


def ask_agent(path: str | None) -> AgentAnswer:
    """The keys of the agent listening at `path`; asked once a process."""
    if path is None:
        return AgentAnswer()
    with _agents_lock:
        if path not in _agents:
            _agents[path] = _ask(path)
        return _agents[path]


def _ask(path: str) -> AgentAnswer:
    try:
        keys = Agent(path).get_keys()
    except Exception as error:  # a broken agent may answer anything
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return AgentAnswer(problem=f"the ssh-agent at {path} doesn't answer: {reason}")
    found = (AgentIdentity(f"agent key {key.comment or key.get_name()}", key) for key in keys)
    return AgentAnswer(tuple(found))


@dataclass(frozen=True)
class Candidates:
    """The identities to try for one host, in order, and why others can't be."""

    identities: tuple[Identity, ...]
    problems: tuple[str, ...]


def candidates(target: Target) -> Candidates:
    """Named keys, the agent's, then ssh's default keys; each public key once.

    A named file whose key the agent holds is signed for by the agent, so needs no passphrase.
    """
    agent = ask_agent(target.agent)
    held = {identity.blob: identity for identity in agent.identities}
    problems = [agent.problem] if agent.problem else []
    found: dict[bytes | str, Identity] = {}
    for identity in _in_order(target, agent):
        if isinstance(identity, KeyFile) and identity.blob in held:
            identity = held[identity.blob]
        if isinstance(identity, KeyFile) and identity.problem:
            problems.append(identity.problem)
        else:
            found.setdefault(identity.blob or identity.label, identity)
    return Candidates(tuple(found.values()), tuple(problems))


def _in_order(target: Target, agent: AgentAnswer) -> Iterator[KeyFile | AgentIdentity]:
    yield from (key_file(path) for path in target.key_files)
    if not target.identities_only:
        yield from agent.identities
    defaults = (key_file(path) for path in target.default_keys)
    yield from (found for found in defaults if not found.missing)


def forget() -> None:
    """Drop keys and agents, so that the next look reads them again."""
    with _key_files_lock, _agents_lock:
        _key_files.clear()
        _agents.clear()
