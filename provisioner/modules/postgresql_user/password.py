"""Hashes of passwords in PostgreSQL: MD5 (in CentOS 7's 9.2) and SCRAM-SHA-256 (RFC 5802)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata

MD5 = re.compile(r"md5[0-9a-f]{32}")
SCRAM = re.compile(
    r"SCRAM-SHA-256\$(?P<rounds>\d+):(?P<salt>[A-Za-z0-9+/=]+)\$"
    r"(?P<stored>[A-Za-z0-9+/=]+):(?P<server>[A-Za-z0-9+/=]+)"
)


def is_hash(password: str) -> bool:
    """Whether the text is a hash as PostgreSQL stores it."""
    return bool(MD5.fullmatch(password) or SCRAM.fullmatch(password))


def hashed(password: str, user: str, by_scram: bool) -> str:
    """Return the hash that the server stores; a text that is a hash already stays as it is."""
    if is_hash(password):
        return password
    return _scram(password, secrets.token_bytes(16), 4096) if by_scram else _md5(password, user)


def same(password: str, user: str, stored: str) -> bool:
    """Whether `stored`, the server's text, is the hash of `password` or the same hash."""
    if is_hash(password) or not is_hash(stored):
        return password == stored
    if match := SCRAM.fullmatch(stored):
        computed = _scram(password, base64.b64decode(match["salt"]), int(match["rounds"]))
    else:
        computed = _md5(password, user)
    return hmac.compare_digest(computed, stored)


def _md5(password: str, user: str) -> str:
    text = f"{password}{user}".encode()
    return "md5" + hashlib.md5(text, usedforsecurity=False).hexdigest()


def _scram(password: str, salt: bytes, rounds: int) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password).encode(), salt, rounds)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(p).decode() for p in (salt, stored, server))
    return f"SCRAM-SHA-256${rounds}:{salt64}${stored64}:{server64}"


_FORBIDDEN = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _prepared(password: str) -> str:
    """Return the password prepared by SASLprep (RFC 4013), as PostgreSQL does.

    A password with a character that SASLprep forbids is used unchanged.
    """
    if password.isascii():
        return password
    spaced = (" " if stringprep.in_table_c12(one) else one for one in password)
    mapped = "".join(one for one in spaced if not stringprep.in_table_b1(one))
    normal = unicodedata.normalize("NFKC", mapped)
    if not normal or any(of(one) for one in normal for of in _FORBIDDEN):
        return password
    if any(map(stringprep.in_table_d1, normal)):
        ends = stringprep.in_table_d1(normal[0]) and stringprep.in_table_d1(normal[-1])
        if not ends or any(map(stringprep.in_table_d2, normal)):
            return password
    return normal
