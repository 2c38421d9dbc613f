"""Encrypt and decrypt Ansible's vault format, for whole files and values under `!vault`.

Formats: 1.1, and 1.2 with a vault id (label) in the first line, as in ansible-vault 2.16.
PBKDF2-HMAC-SHA256 with 10,000 rounds gives two keys and a counter. AES-256-CTR encrypts. The
HMAC-SHA256 of the ciphertext is checked before decryption. The plaintext keeps its line ends and
white space exactly (ansible/ansible#73875).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from binascii import Error as NotHex
from binascii import hexlify, unhexlify
from collections.abc import Callable
from dataclasses import field

from provisioner.errors import LoadError, Problem
from provisioner.records import dataclass
from provisioner.where import Where, nearest

HEADER = b"$ANSIBLE_VAULT;"
DEFAULT = "default"
"""The label of a password without a vault id."""

OPTIONS = "give the password: --ask-vault-pass, --vault-password-file FILE or --vault-id LABEL@FILE"
_ROUNDS = 10_000
_LINE = 80


@dataclass(frozen=True)
class Secret:
    """A vault password and its label (vault id)."""

    label: str
    password: bytes = field(repr=False)


class PasswordError(LoadError):
    """No password decrypts the text. `label` is the vault id that the text names."""

    def __init__(self, reason: str, where: Where | None, hint: str, label: str) -> None:
        super().__init__(reason, where, hint)
        self.label = label


def _ignore(_value: object) -> None:
    pass


@dataclass(frozen=True)
class Vault:
    """The vault passwords of a run.

    `learned` is called with each decrypted value, so that it is redacted in output. `closed` is
    called with the problem of each value that no password decrypts. With `sealed`, values under
    `!vault` are not decrypted (`Sealed`): for commands that only list an inventory.
    """

    secrets: tuple[Secret, ...] = ()
    learned: Callable[[object], None] = field(default=_ignore, repr=False, compare=False)
    closed: Callable[[Problem], None] = field(default=_ignore, repr=False, compare=False)
    sealed: bool = False

    def open(self, data: bytes, where: Where | None = None) -> bytes:
        """Return the plaintext. Raises PasswordError or LoadError."""
        return self.opened(data, where)[0]

    def opened(self, data: bytes, where: Where | None = None) -> tuple[bytes, Secret]:
        """Return the plaintext and the password that decrypts it, with the label of the text."""
        envelope = _Envelope.read(data, where)
        for secret in sorted(self.secrets, key=lambda secret: secret.label != envelope.label):
            if (plain := envelope.open(secret.password, where)) is not None:
                return plain, Secret(envelope.label, secret.password)
        raise self._closed(envelope.label, where)

    def secret(self, label: str | None) -> Secret:
        """Return the password to encrypt with: that of `label`, or the only one.

        Raises LoadError if there is none or if a label is needed.
        """
        labels = [secret.label for secret in self.secrets]
        if label is None and len(set(labels)) > 1:
            names = ", ".join(labels)
            reason = f"there are several vault ids: {names}"
            raise LoadError(reason, None, "choose one with --encrypt-vault-id LABEL")
        for secret in self.secrets:
            if label in (None, secret.label):
                return secret
        if not labels:
            raise LoadError("a vault password is needed", None, OPTIONS)
        hint = nearest(label or "", labels) or f"there are: {', '.join(labels)}"
        raise LoadError(f'there is no password for the vault id "{label}"', None, hint)

    def _closed(self, label: str, where: Where | None) -> PasswordError:
        named = "" if label == DEFAULT else f' (vault id "{label}")'
        if not self.secrets:
            return PasswordError(f"this is encrypted{named}", where, OPTIONS, label)
        tried = ", ".join(dict.fromkeys(secret.label for secret in self.secrets))
        reason = f"this is encrypted{named}, and no password opens it; tried: {tried}"
        return PasswordError(reason, where, OPTIONS, label)


NO_VAULT = Vault()


class Sealed(str):
    """The ciphertext of a `!vault` value that is not decrypted."""

    __slots__ = ()


def is_encrypted(data: bytes) -> bool:
    """Whether the data begin with the header of the vault format."""
    return data.startswith(HEADER)


def encrypt(plain: bytes, secret: Secret, salt: bytes | None = None) -> bytes:
    """Return the vault text of `plain`: format 1.2 with the label, or 1.1 for the default label."""
    salt = os.urandom(32) if salt is None else salt
    keys = _keys(secret.password, salt)
    pad = 16 - len(plain) % 16
    ciphertext = _cipher(keys, plain + bytes([pad]) * pad)
    parts = (salt, _digest(keys, ciphertext), ciphertext)
    body = hexlify(b"\n".join(hexlify(part) for part in parts))
    label = b"" if secret.label == DEFAULT else b";" + secret.label.encode()
    lines = [HEADER + (b"1.2" if label else b"1.1") + b";AES256" + label]
    lines += [body[start : start + _LINE] for start in range(0, len(body), _LINE)]
    return b"\n".join(lines) + b"\n"


@dataclass(frozen=True)
class _Envelope:
    """The parts of a vault text."""

    label: str
    salt: bytes
    mac: bytes
    ciphertext: bytes

    @classmethod
    def read(cls, data: bytes, where: Where | None) -> _Envelope:
        first, *rest = [line.strip() for line in data.strip().splitlines()] or [b""]
        head = first.split(b";")
        if head[0] + b";" != HEADER or len(head) not in (3, 4):
            raise LoadError(
                "this is not a vault text", where, "it must begin with $ANSIBLE_VAULT;1.1;AES256"
            )
        version, cipher = head[1].decode("ascii", "replace"), head[2].decode("ascii", "replace")
        if version not in ("1.1", "1.2") or cipher != "AES256":
            reason = f"the vault format {version} {cipher} is not supported"
            raise LoadError(reason, where, "`ansible-vault rekey` writes 1.1 AES256")
        label = head[3].decode("utf-8", "replace") if len(head) == 4 else DEFAULT
        try:
            salt, mac, ciphertext = map(unhexlify, unhexlify(b"".join(rest)).split(b"\n"))
        except (NotHex, ValueError):
            raise LoadError(
                "the vault text is damaged: it is not valid hexadecimal", where
            ) from None
        return cls(label, salt, mac, ciphertext)

    def open(self, password: bytes, where: Where | None) -> bytes | None:
        """Return the plaintext; None if the password is wrong."""
        keys = _keys(password, self.salt)
        if not hmac.compare_digest(_digest(keys, self.ciphertext), self.mac):
            return None
        padded = _cipher(keys, self.ciphertext)
        pad = padded[-1] if padded else 0
        if not 1 <= pad <= 16 or padded[-pad:] != bytes([pad]) * pad:
            raise LoadError("the vault text is damaged: its padding is wrong", where)
        return padded[:-pad]


def _keys(password: bytes, salt: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the cipher key, the HMAC key, and the first counter."""
    derived = hashlib.pbkdf2_hmac("sha256", password, salt, _ROUNDS, 80)
    return derived[:32], derived[32:64], derived[64:]


def _digest(keys: tuple[bytes, bytes, bytes], ciphertext: bytes) -> bytes:
    return hmac.digest(keys[1], ciphertext, "sha256")


def _cipher(keys: tuple[bytes, bytes, bytes], data: bytes) -> bytes:
    """Encrypt or decrypt: in counter mode both are the same operation."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(keys[0]), modes.CTR(keys[2])).encryptor()
    return encryptor.update(data) + encryptor.finalize()
