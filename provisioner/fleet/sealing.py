"""Messages between the controller and a worker that nobody between them can read or change.

Dask hands bytes from one to the other, through its scheduler; plays and variables hold secrets.
Each side makes a key pair (X25519) for the run and tells the other the public half; what they have
in common gives a key for each direction (HKDF), and ChaCha20-Poly1305 seals. The number of the
message is its nonce, so none can be left out, repeated or changed in order. That the other side is
who it says is for TLS to know.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provisioner.errors import ProvisionError


class NotSealed(ProvisionError):
    """A message is not the next one that the other side has sealed."""


class Pair:
    """One side's keys, before it knows the other's."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()

    @property
    def public(self) -> bytes:
        return self._private.public_key().public_bytes_raw()

    def with_(self, public: bytes, *, leads: bool) -> Sealing:
        """The sealing between this side and that of `public`; one of both `leads`."""
        common = self._private.exchange(X25519PublicKey.from_public_bytes(public))
        first, second = (self.public, public) if leads else (public, self.public)
        keys = HKDF(SHA256(), 64, salt=None, info=b"provision" + first + second).derive(common)
        own, other = (keys[:32], keys[32:]) if leads else (keys[32:], keys[:32])
        return Sealing(own, other)


class Sealing:
    """Seals messages to the other side, and opens its messages in their order. Each direction is
    for one thread."""

    def __init__(self, own: bytes, other: bytes) -> None:
        self._own, self._other = ChaCha20Poly1305(own), ChaCha20Poly1305(other)
        self._sealed = self._opened = 0

    def seal(self, message: bytes) -> bytes:
        nonce = self._sealed.to_bytes(12)
        self._sealed += 1
        return self._own.encrypt(nonce, message, None)

    def open(self, sealed: bytes) -> bytes:
        try:
            message = self._other.decrypt(self._opened.to_bytes(12), sealed, None)
        except InvalidTag:
            raise NotSealed("a message between controller and worker was changed") from None
        self._opened += 1
        return message
