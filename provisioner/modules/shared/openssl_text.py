"""What the modules around the host's openssl command share. It may be of 1.0.2, as on CentOS 7."""

from __future__ import annotations

import base64
import hashlib

_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def der(pem: str) -> bytes:
    """What stands between the first lines BEGIN and END."""
    lines = pem.partition("-----BEGIN")[2].partition("-----END")[0].splitlines()[1:]
    return base64.b64decode("".join(lines))


def fingerprints(pem: str) -> dict[str, str]:
    """The hashes of a public key, bytes with colons between them, by the hashes' names."""
    data = der(pem)
    return {
        name: hashlib.new(name, data, usedforsecurity=False).digest().hex(":") for name in _DIGESTS
    }
