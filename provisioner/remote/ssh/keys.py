"""Private keys and the keys of the ssh-agent: each is read once, each passphrase is asked once."""

from __future__ import annotations

import base64
import binascii
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Protocol

from provisioner.local_files import read_regular
from provisioner.records import dataclass
from provisioner.remote.ssh.paramiko.agent import Agent
from provisioner.remote.ssh.paramiko.names import AgentKey, Message, PKey
from provisioner.remote.target import Passphrase, Target

OPENSSH_HEADER = "-----BEGIN OPENSSH PRIVATE KEY-----"
OPENSSH_MAGIC = b"openssh-key-v1\0"  # PROTOCOL.key of OpenSSH

MAX_KEY_BYTES = 1 << 20
"""Bytes of a key file, as in OpenSSH."""

TRIES = 3
"""How often a passphrase is asked for, as by ssh."""


class IdentityError(Exception):
    """A key or the agent can't be used. The text names it and the reason."""


class Identity(Protocol):
    """A key to log in with, from a file or from the agent."""

    @property
    def label(self) -> str:
        """The name of the key in messages."""

    @property
    def blob(self) -> bytes | None:
        """The public key, if it is known without loading the private key."""

    @property
    def needs_passphrase(self) -> bool:
        """Whether a passphrase must be entered before it can sign."""

    def key(self, passphrase: Passphrase | None) -> PKey:
        """Return the key that signs. Raises IdentityError."""


@dataclass
class KeyFile:
    """A private key file, shared by all hosts that use it.

    `problem` says why it can't be used. `missing` means that the file does not exist.
    """

    label: str
    blob: bytes | None = None
    needs_passphrase: bool = False
    problem: str | None = None
    missing: bool = False
    _key: PKey | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, passphrase: Passphrase | None) -> PKey:
        with self._lock:
            if self._key is None and self.problem is None:
                self.problem = self._load(passphrase)  # other threads read it without the lock
            if self._key is None:
                raise IdentityError(self.problem)
            return self._key

    def _load(self, passphrase: Passphrase | None) -> str | None:
        """Load the key. Return the problem, or None."""
        if not self.needs_passphrase:
            return self._open(None)
        problem: str | None = f"{self.label} is encrypted and no passphrase was given"
        for failed_attempts in range(TRIES):
            entered = passphrase(self.label, failed_attempts) if passphrase else None
            if not entered:
                break
            problem = self._open(entered)
            if problem is None:
                break
        return problem

    def _open(self, passphrase: str | None) -> str | None:
        """Read the file into `_key`. Return the problem, or None."""
        try:
            secret = passphrase.encode("utf-8", "surrogateescape") if passphrase else None
            self._key = PKey.from_path(self.label, secret)  # type: ignore[arg-type]
        except OSError as error:
            return f"{self.label} can't be read: {error.strerror}"
        except Exception as error:  # paramiko and cryptography raise a dozen types
            if passphrase:
                return f"{self.label} can't be used: the passphrase is wrong"
            reason = "it is damaged, or not a private key of a known type"
            return f"{self.label} can't be used: {reason} ({error})"
        return None


_key_files: dict[str, KeyFile] = {}
_key_files_lock = threading.Lock()


def key_file(path: str) -> KeyFile:
    """Return the key file at `path`, inspected but not yet loaded. Its `problem` is not raised.

    Each path has one object, also when two threads ask at the same time. With lru_cache both could
    make one, and each would ask for the passphrase.
    """
    with _key_files_lock:
        if path not in _key_files:
            _key_files[path] = _inspect(path)
        return _key_files[path]


def _inspect(path: str) -> KeyFile:
    key_file = KeyFile(path)
    try:
        status = Path(path).stat()
        text = read_regular(path, MAX_KEY_BYTES).decode("utf-8", "replace")
    except OSError as error:
        key_file.problem = f"{path} can't be read: {error.strerror}"
        key_file.missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        return key_file
    # ssh too checks the mode of the user's own files only.
    if status.st_uid == os.getuid() and status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        key_file.problem = f"permissions {mode:04o} for {path} are too open, so the key is ignored"
    key_file.needs_passphrase = _is_encrypted(text)
    key_file.blob = _public_key(path, text)
    return key_file


def _is_encrypted(text: str) -> bool:
    if OPENSSH_HEADER in text:
        binary = _decoded(text)
        unencrypted = OPENSSH_MAGIC + b"\0\0\0\4none"
        return binary.startswith(OPENSSH_MAGIC) and not binary.startswith(unencrypted)
    return "ENCRYPTED" in text


def _decoded(text: str) -> bytes:
    """Return the Base64 content of a PEM file; b"" where it is invalid."""
    lines = [line.strip() for line in text.splitlines()]
    try:
        return base64.b64decode("".join(line for line in lines if not line.startswith("-")))
    except binascii.Error:
        return b""


def _public_key(path: str, text: str) -> bytes | None:
    """Return the public key that belongs to the key file, if a file contains it."""
    if OPENSSH_HEADER in text:
        message = Message(_decoded(text)[len(OPENSSH_MAGIC) :])
        for _ in range(3):  # the cipher, the key derivation function and its options
            message.get_binary()
        message.get_int()  # the number of keys
        return message.get_binary() or None
    words = text.split()
    try:
        if "-----BEGIN" not in text:  # IdentityFile may name the public key of a key in the agent
            return base64.b64decode(words[1])
        return base64.b64decode(read_regular(path + ".pub", MAX_KEY_BYTES).split()[1])
    except (OSError, IndexError, ValueError):
        return None


@dataclass(frozen=True)
class AgentIdentity:
    """A key in the ssh-agent."""

    label: str
    agent_key: AgentKey

    @property
    def blob(self) -> bytes | None:
        return self.agent_key.blob

    @property
    def needs_passphrase(self) -> bool:
        return False

    def key(self, passphrase: Passphrase | None) -> PKey:
        return self.agent_key


@dataclass(frozen=True)
class AgentAnswer:
    """The keys in an agent, or the problem in asking for them."""

    identities: tuple[AgentIdentity, ...] = ()
    problem: str | None = None


_agents: dict[str, AgentAnswer] = {}
_agents_lock = threading.Lock()


def ask_agent(path: str | None) -> AgentAnswer:
    """Return the keys of the agent that listens at `path`. The process asks each agent once."""
    if path is None:
        return AgentAnswer()
    with _agents_lock:
        if path not in _agents:
            _agents[path] = _read_agent(path)
        return _agents[path]


def _read_agent(path: str) -> AgentAnswer:
    try:
        keys = Agent(path).get_keys()
    except Exception as error:  # an agent may send an invalid answer
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return AgentAnswer(problem=f"the ssh-agent at {path} doesn't answer: {reason}")
    identities = (AgentIdentity(f"agent key {key.comment or key.get_name()}", key) for key in keys)
    return AgentAnswer(tuple(identities))


@dataclass(frozen=True)
class Candidates:
    """The identities to try for one host, in order, and the problems of unusable ones."""

    identities: tuple[Identity, ...]
    problems: tuple[str, ...]


def candidates(target: Target) -> Candidates:
    """Return the keys to try: the configured keys, the agent's, and ssh's default keys.

    Each public key is tried once. A file whose key is in the agent is replaced by the agent's key,
    which needs no passphrase.
    """
    agent = ask_agent(target.agent)
    in_agent = {identity.blob: identity for identity in agent.identities}
    problems = [agent.problem] if agent.problem else []
    usable: dict[bytes | str, Identity] = {}
    for identity in _in_order(target, agent):
        if isinstance(identity, KeyFile) and identity.blob in in_agent:
            identity = in_agent[identity.blob]
        if isinstance(identity, KeyFile) and identity.problem:
            problems.append(identity.problem)
        else:
            usable.setdefault(identity.blob or identity.label, identity)
    return Candidates(tuple(usable.values()), tuple(problems))


def _in_order(target: Target, agent: AgentAnswer) -> Iterator[KeyFile | AgentIdentity]:
    yield from (key_file(path) for path in target.key_files)
    if not target.identities_only:
        yield from agent.identities
    defaults = (key_file(path) for path in target.default_keys)
    yield from (default for default in defaults if not default.missing)


def forget() -> None:
    """Forget the keys and agents, so that they are read again."""
    with _key_files_lock, _agents_lock:
        _key_files.clear()
        _agents.clear()
