"""End-to-end encryption of the messages between the controller and a worker.

Dask's scheduler forwards the messages, and plays and variables contain secrets. For each run, both
sides make an X25519 key pair and exchange the public keys. HKDF derives one key per direction, and
ChaCha20-Poly1305 encrypts. The nonce is the message's number, so messages cannot be removed,
repeated or reordered. The public keys pass through the scheduler, which TLS authenticates and which
is trusted (docs/workers.md): the encryption keeps a run out of its logs, dashboard and core dumps.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provisioner.errors import ProvisionError


class DecryptionError(ProvisionError):
    """A message is not the next one that the other side has encrypted."""


class KeyPair:
    """The key pair of one side."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()

    @property
    def public(self) -> bytes:
        """The public key, for the other side."""
        return self._private.public_key().public_bytes_raw()

    def cipher(self, other_public: bytes, *, is_controller: bool) -> MessageCipher:
        """Return the cipher for messages with the side that has this public key."""
        shared = self._private.exchange(X25519PublicKey.from_public_bytes(other_public))
        own, other = self.public, other_public
        controller, worker = (own, other) if is_controller else (other, own)
        info = b"provision" + controller + worker
        keys = HKDF(SHA256(), 64, salt=None, info=info).derive(shared)
        to_worker, to_controller = keys[:32], keys[32:]
        if is_controller:
            return MessageCipher(to_worker, to_controller)
        return MessageCipher(to_controller, to_worker)


class MessageCipher:
    """Encrypts messages to the other side, and decrypts its messages in their order.

    Each of the two methods may be used by one thread.
    """

    def __init__(self, sending_key: bytes, receiving_key: bytes) -> None:
        self._sending, self._receiving = (
            ChaCha20Poly1305(sending_key),
            ChaCha20Poly1305(receiving_key),
        )
        self._encrypted = self._decrypted = 0

    def encrypt(self, message: bytes) -> bytes:
        """Return the encrypted message."""
        nonce = self._encrypted.to_bytes(12)
        self._encrypted += 1
        return self._sending.encrypt(nonce, message, None)

    def decrypt(self, data: bytes) -> bytes:
        """Return the next message of the other side. Raises DecryptionError for any other data."""
        try:
            message = self._receiving.decrypt(self._decrypted.to_bytes(12), data, None)
        except InvalidTag:
            raise DecryptionError("a message between controller and worker was changed") from None
        self._decrypted += 1
        return message
