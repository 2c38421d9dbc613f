"""rpm_key: import a package signing key into the rpm database, or remove it."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import After
from provisioner.remote.shell import Program


def _hex(value: str) -> str:
    return re.sub(r"\s", "", value).upper()


def _fingerprints(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not re.fullmatch(r"[0-9A-F]{40}", _hex(value)):
            raise ValueError(f"{value!r} is not a fingerprint of 40 hexadecimal digits")
    return tuple(map(_hex, values))


Fingerprints = Annotated[Words, After(_fingerprints)]

_ID = regex.compile(r"(0x)?([0-9a-fA-F]{8}|[0-9a-fA-F]{16}|[0-9a-fA-F]{40})")


class RpmKey(Module):
    """Import a package signing key into the rpm database, or remove it."""

    body: ClassVar[str] = load_body("rpm_key.sh")

    key: str
    """The key: a URL, a path on the host, the text of the key, or its id (8, 16 or 40 hexadecimal
    digits)."""
    state: Literal["present", "absent"] = "present"
    """`present` imports the key, `absent` removes it."""
    fingerprint: Fingerprints = ()
    """The fingerprints that the keys must have. They are checked before the import. With them, an
    imported key is not downloaded again."""
    validate_certs: bool = True
    """Verify the certificate of the server."""

    def validate(self) -> None:
        if self.source == "unknown":
            raise ValueError(f"{self.key!r} is not a URL, path, id or text of a key")

    @property
    def source(self) -> str:
        """The kind of `key`: text, url, file, id or unknown."""
        if "-----BEGIN PGP PUBLIC KEY BLOCK-----" in self.key:
            return "text"
        if "://" in self.key:
            return "url"
        if _ID.fullmatch(re.sub(r"\s", "", self.key)):
            return "id"
        return (
            "file" if "/" in self.key or self.key.endswith((".asc", ".gpg", ".key")) else "unknown"
        )

    def program(self, context: TaskContext) -> Program:
        full = [re.sub(r"\s|^0x", "", self.key)] if self.source == "id" else self.fingerprint
        variables: dict[str, Any] = {
            "key": self.key,
            "source": self.source,
            "state": self.state,
            "ids": [name[-8:].lower() for name in full],
            "fingerprints": self.fingerprint,
            "validate_certs": self.validate_certs,
        }
        return Program("rpm_key", self.body, variables)
