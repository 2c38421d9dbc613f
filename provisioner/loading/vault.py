"""Ansible's vault: text that only a password opens, in whole files and under `!vault`.

The format (1.1, and 1.2 with the password's label in its first line) is that of ansible-vault
2.16: PBKDF2-HMAC-SHA256 with 10,000 rounds gives two keys and a counter; AES-256-CTR encrypts, an
HMAC-SHA256 of the ciphertext is compared before anything is decrypted. Bytes stay exactly as they
are, line ends and white space too (ansible/ansible#73875).
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
"""The label of a password that has none."""

OPTIONS = "give the password: --ask-vault-pass, --vault-password-file FILE or --vault-id LABEL@FILE"
_ROUNDS = 10_000
_LINE = 80


@dataclass(frozen=True)
class Secret:
    """A password and its label."""

    label: str
    password: bytes = field(repr=False)


class PasswordError(LoadError):
    """None of the passwords opens it. `label` is the one that it asks for."""

    def __init__(self, reason: str, where: Where | None, hint: str, label: str) -> None:
        super().__init__(reason, where, hint)
        self.label = label


def _nobody(_value: object) -> None:
    pass


@dataclass(frozen=True)
class Vault:
    """The passwords of a run. `learned` is told whatever they open: it is to be redacted. `closed`
    is told what is wrong with values that none of them opens.

    With `sealed` values under `!vault` stay as they are (`Sealed`), for those who only list them.
    """

    secrets: tuple[Secret, ...] = ()
    learned: Callable[[object], None] = field(default=_nobody, repr=False, compare=False)
    closed: Callable[[Problem], None] = field(default=_nobody, repr=False, compare=False)
    sealed: bool = False

    def open(self, data: bytes, where: Where | None = None) -> bytes:
        """The plaintext of an encrypted text; `LoadError` says why there is none."""
        return self.opened(data, where)[0]

    def opened(self, data: bytes, where: Where | None = None) -> tuple[bytes, Secret]:
        """The plaintext, and the password that opened it under the label that the text has."""
        sealed = _Envelope.read(data, where)
        for secret in sorted(self.secrets, key=lambda secret: secret.label != sealed.label):
            if (plain := sealed.open(secret.password, where)) is not None:
                return plain, Secret(sealed.label, secret.password)
        raise self._closed(sealed.label, where)

    def secret(self, label: str | None) -> Secret:
        """The password to encrypt with: the one of that label, or the only one."""
        known = [secret.label for secret in self.secrets]
        if label is None and len(set(known)) > 1:
            names = ", ".join(known)
            raise LoadError(f"which of the vault ids {names}?", None, "--encrypt-vault-id LABEL")
        for secret in self.secrets:
            if label in (None, secret.label):
                return secret
        if not known:
            raise LoadError("a vault password is needed", None, OPTIONS)
        hint = nearest(label or "", known) or f"there are: {', '.join(known)}"
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
    """The ciphertext of a `!vault` value that was not opened."""

    __slots__ = ()


def is_encrypted(data: bytes) -> bool:
    """Whether it is a vault's text."""
    return data.startswith(HEADER)


def encrypt(plain: bytes, secret: Secret, salt: bytes | None = None) -> bytes:
    """`plain` as a vault's text: format 1.2 with the secret's label, 1.1 if it has none."""
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
                "this is no vault's text", where, "it begins with $ANSIBLE_VAULT;1.1;AES256"
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
                "the vault's text is damaged: it is not what was written", where
            ) from None
        return cls(label, salt, mac, ciphertext)

    def open(self, password: bytes, where: Where | None) -> bytes | None:
        """The plaintext; None if it is not this password's."""
        keys = _keys(password, self.salt)
        if not hmac.compare_digest(_digest(keys, self.ciphertext), self.mac):
            return None
        padded = _cipher(keys, self.ciphertext)
        pad = padded[-1] if padded else 0
        if not 1 <= pad <= 16 or padded[-pad:] != bytes([pad]) * pad:
            raise LoadError("the vault's text is damaged: its padding is wrong", where)
        return padded[:-pad]


def _keys(password: bytes, salt: bytes) -> tuple[bytes, bytes, bytes]:
    """The key of the cipher, that of the HMAC, and the first counter."""
    derived = hashlib.pbkdf2_hmac("sha256", password, salt, _ROUNDS, 80)
    return derived[:32], derived[32:64], derived[64:]


def _digest(keys: tuple[bytes, bytes, bytes], ciphertext: bytes) -> bytes:
    return hmac.digest(keys[1], ciphertext, "sha256")


def _cipher(keys: tuple[bytes, bytes, bytes], data: bytes) -> bytes:
    """Encrypts and decrypts: in counter mode that is the same."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(keys[0]), modes.CTR(keys[2])).encryptor()
    return encryptor.update(data) + encryptor.finalize()
