"""Read texts of the host's openssl command."""

from __future__ import annotations

import base64
import hashlib

_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def der(pem: str) -> bytes:
    """Return the decoded content of the first PEM block."""
    lines = pem.partition("-----BEGIN")[2].partition("-----END")[0].splitlines()[1:]
    return base64.b64decode("".join(lines))


def fingerprints(pem: str) -> dict[str, str]:
    """Return the fingerprints of a public key by name of the hash, as hex bytes with colons."""
    data = der(pem)
    return {
        name: hashlib.new(name, data, usedforsecurity=False).digest().hex(":") for name in _DIGESTS
    }
