"""Filters that hash: digests, UUIDs and password hashes in the formats of crypt(3).

The crypt functions are implemented here because Python 3.13 removed the module `crypt`, and passlib
has had no release since 2020. Sources: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512"
(2008), and FreeBSD's MD5 crypt (1994).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import describe
from provisioner.language.filters.text import to_text

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The 64 digits of crypt(3), in ascending order."""

BCRYPT_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
"""The 64 digits of bcrypt, in ascending order."""

NAMESPACE = "361E6D51-FAEC-444A-9079-341386DA8E2E"
"""The default namespace of to_uuid, which is Ansible's."""


def hashed(value: Any, hashtype: str = "sha1") -> str:
    """Return the digest of the text in hexadecimal.

    `hashtype` is sha1, md5, sha256, sha512 or another name of Python's hashlib.
    """
    data = value if isinstance(value, bytes) else to_text(value).encode("utf-8", "surrogateescape")
    try:
        return hashlib.new(hashtype, data, usedforsecurity=False).hexdigest()
    except (ValueError, TypeError):
        raise FilterArgumentError(f'there is no hash function "{hashtype}"') from None


def sha1(value: Any) -> str:
    """Return the SHA-1 digest of the text in hexadecimal."""
    return hashed(value, "sha1")


def md5(value: Any) -> str:
    """Return the MD5 digest of the text in hexadecimal."""
    return hashed(value, "md5")


def crc32(value: Any) -> str:
    """Return the CRC-32 checksum of the text in hexadecimal."""
    import zlib

    return f"{zlib.crc32(to_text(value).encode()):x}"


def to_uuid(value: Any, namespace: str = NAMESPACE) -> str:
    """Return the UUID of version 5 of the text: the same text always gives the same UUID.

    `namespace` is Ansible's own by default.
    """
    import uuid

    try:
        return str(uuid.uuid5(uuid.UUID(namespace), to_text(value)))
    except (ValueError, AttributeError):
        raise FilterArgumentError(f'the namespace "{namespace}" is not a UUID') from None


def password_hash(
    value: Any,
    hashtype: str = "sha512",
    salt: str | None = None,
    salt_size: int | None = None,
    rounds: int | None = None,
    ident: str | None = None,
) -> str:
    """Return the hash of a password, in the format of /etc/shadow.

    `hashtype` is sha512, sha256, md5, bcrypt or blowfish. With the same salt and rounds the result
    is the same, so that a task with it stays unchanged. The parameters are those of
    ansible.builtin.password_hash.
    """
    if not isinstance(value, str | bytes):
        raise FilterArgumentError(f"a password must be text, not {describe(value)}")
    scheme = hashtype.removesuffix("_crypt")
    if scheme not in SCHEMES:
        raise FilterArgumentError(f'there is no password hash "{hashtype}": {", ".join(SCHEMES)}')
    password = value if isinstance(value, bytes) else value.encode()
    if b"\0" in password:
        raise FilterArgumentError("a password can't have a NUL byte")
    return SCHEMES[scheme](password, salt, salt_size, rounds, ident)


def _salt(salt: str | None, size: int | None, longest: int) -> str:
    """Return the given salt, or a random one of `size` or `longest` characters."""
    if not salt:
        return "".join(secrets.choice(ALPHABET) for _ in range(longest if size is None else size))
    if len(salt) > longest or set(salt) - set(ALPHABET):
        raise FilterArgumentError(f"a salt is at most {longest} of the characters a-zA-Z0-9./")
    return salt


def _digits(value: int, count: int) -> str:
    """Return a number in crypt's base 64, least significant digit first."""
    return "".join(ALPHABET[value >> 6 * place & 63] for place in range(count))


def _sha2_crypt(
    bits: int, password: bytes, salt: str | None, size: int | None, rounds: int | None
) -> str:
    """Return the hash $5$ (SHA-256) or $6$ (SHA-512), with 5000 rounds by default."""
    count = 5000 if rounds is None else int(rounds)
    if not 1000 <= count <= 999_999_999:
        raise FilterArgumentError("rounds must be between 1000 and 999999999")
    digest: Any = hashlib.sha512 if bits == 512 else hashlib.sha256
    chosen = _salt(salt, size, 16)
    mixed = _sha2_rounds(digest, password, chosen.encode(), count)
    rounds_part = "" if count == 5000 else f"rounds={count}$"
    return f"${6 if bits == 512 else 5}${rounds_part}{chosen}${_sha2_digits(mixed)}"


def _sha2_rounds(digest: Any, password: bytes, salt: bytes, rounds: int) -> bytes:
    """Return the final digest, by steps 1 to 21 of Drepper's specification."""
    length = len(password)
    other: bytes = digest(password + salt + password).digest()
    start = digest(password + salt + _repeated(other, length))
    bit = length
    while bit:
        start.update(other if bit & 1 else password)
        bit >>= 1
    mixed: bytes = start.digest()
    word = _repeated(digest(password * length).digest(), length)
    grain = _repeated(digest(salt * (16 + mixed[0])).digest(), len(salt))
    for turn in range(rounds):
        odd = turn & 1
        mixed = digest(
            (word if odd else mixed)
            + (grain if turn % 3 else b"")
            + (word if turn % 7 else b"")
            + (mixed if odd else word)
        ).digest()
    return mixed


def _repeated(data: bytes, length: int) -> bytes:
    """Return the data repeated and cut to a length."""
    return (data * (length // len(data) + 1))[:length]


def _sha2_digits(mixed: bytes) -> str:
    """Return the digest in base 64, in the order of step 22 of Drepper's specification.

    A group has three bytes, each one third of the digest after the one before.
    """
    third = len(mixed) // 3
    # How far the first of the three bytes moves with each group.
    step = 1 if len(mixed) == 64 else 2
    groups = []
    for turn in range(third):
        places = [turn + third * ((turn * step + part) % 3) for part in range(3)]
        high, middle, low = (mixed[place] for place in places)
        groups.append(_digits(high << 16 | middle << 8 | low, 4))
    if len(mixed) == 64:
        return "".join(groups) + _digits(mixed[63], 2)
    return "".join(groups) + _digits(mixed[31] << 8 | mixed[30], 3)


def _sha512(
    password: bytes, salt: str | None, size: int | None, rounds: int | None, ident: str | None
) -> str:
    return _sha2_crypt(512, password, salt, size, rounds)


def _sha256(
    password: bytes, salt: str | None, size: int | None, rounds: int | None, ident: str | None
) -> str:
    return _sha2_crypt(256, password, salt, size, rounds)


def _md5(
    password: bytes, salt: str | None, size: int | None, rounds: int | None, ident: str | None
) -> str:
    """Return the hash $1$ (FreeBSD's MD5 crypt), or Apache's with `ident` apr1."""
    chosen = _salt(salt, size, 8)
    grain, mark = chosen.encode(), f"${ident or '1'}$"

    def digest(data: bytes) -> bytes:
        return hashlib.md5(data, usedforsecurity=False).digest()

    length = len(password)
    data = password + mark.encode() + grain + _repeated(digest(password + grain + password), length)
    bit = length
    while bit:
        data += b"\0" if bit & 1 else password[:1]
        bit >>= 1
    mixed = digest(data)
    for turn in range(1000):
        odd = turn & 1
        mixed = digest(
            (password if odd else mixed)
            + (grain if turn % 3 else b"")
            + (password if turn % 7 else b"")
            + (mixed if odd else password)
        )
    order = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
    groups = [_digits(mixed[a] << 16 | mixed[b] << 8 | mixed[c], 4) for a, b, c in order]
    return f"{mark}{chosen}${''.join(groups)}{_digits(mixed[11], 2)}"


def _bcrypt(
    password: bytes, salt: str | None, size: int | None, rounds: int | None, ident: str | None
) -> str:
    """Return the hash $2b$ (bcrypt). The crypt(3) of EL7 does not know it."""
    import bcrypt

    cost = 12 if rounds is None else int(rounds)
    if not salt:
        made = bcrypt.gensalt(cost, b"2b")
    elif len(salt) == 22 and not set(salt) - set(ALPHABET):
        last = BCRYPT_ALPHABET[BCRYPT_ALPHABET.index(salt[-1]) & 0b110000]  # a salt has 128 bits
        made = f"$2b${cost:02}${salt[:-1]}{last}".encode()
    else:
        raise FilterArgumentError("a bcrypt salt is 22 of the characters a-zA-Z0-9./")
    try:
        result = bcrypt.hashpw(password[:72], made).decode()
    except ValueError as error:
        raise FilterArgumentError(f"bcrypt: {error}") from None
    return f"${ident or '2b'}${result[4:]}"


SCHEMES: dict[str, Callable[[bytes, str | None, int | None, int | None, str | None], str]] = {
    "sha512": _sha512,
    "sha256": _sha256,
    "md5": _md5,
    "bcrypt": _bcrypt,
    "blowfish": _bcrypt,
}
"""The functions behind password_hash, by hashtype."""
