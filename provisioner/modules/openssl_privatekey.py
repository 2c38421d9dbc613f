"""openssl_privatekey: create a private key with the host's openssl command."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.openssl_text import fingerprints
from provisioner.remote.shell import Program, Report

_CURVES = {"secp256r1": "prime256v1", "secp192r1": "prime192v1"}
"""Ansible's name of a curve -> openssl's name."""

Kind = Literal["RSA", "DSA", "ECC", "Ed25519", "Ed448", "X25519", "X448"]


class OpensslPrivatekey(FileAttributes, Module):
    """Create a private key with the host's openssl command."""

    body: ClassVar[str] = load_body("shared/openssl.sh", "openssl_privatekey.sh")

    path: str
    """The file of the key. A new one can only be read by its owner."""
    type: Kind = "RSA"
    """The type of key. The openssl of CentOS 7 has RSA, DSA and ECC."""
    size: int = 4096
    """The size of an RSA or DSA key in bits."""
    curve: str | None = None
    """The curve of an ECC key, such as secp256r1 or secp384r1."""
    passphrase: str | None = None
    """The passphrase of the key. The default is no encryption."""
    cipher: str = "auto"
    """The cipher for `passphrase`, by its name in openssl. `auto` is aes256."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the key, `absent` removes the file."""
    force: bool = False
    """Create a new key in every run."""
    regenerate: Literal["never", "fail", "partial_idempotence", "full_idempotence", "always"] = (
        "full_idempotence"
    )
    """When to replace an existing key. never: keep it. fail: fail if it does not fit.
    partial_idempotence: replace it if it does not fit, fail if it can't be read. full_idempotence:
    replace it in both cases. always: in every run."""
    format: Literal["pkcs1", "pkcs8", "auto", "auto_ignore"] = "auto_ignore"
    """The format of the file. `auto` and `auto_ignore` write new keys as pkcs1 and keep the format
    of existing ones."""
    format_mismatch: Literal["regenerate", "convert"] = "regenerate"
    """Whether a key that fits but has another `format` is replaced or converted."""
    backup: bool = False
    """Keep a copy of the old file."""
    return_content: bool = False
    """Return the key as `privatekey`."""
    select_crypto_backend: Literal["auto", "cryptography", "pyopenssl"] = "auto"
    """Accepted and ignored: the openssl command is used."""

    def validate(self) -> None:
        if self.type == "ECC" and self.curve is None:
            raise ValueError("curve is missing: type: ECC needs it")
        if "\n" in (self.passphrase or ""):
            raise ValueError("passphrase: it must not contain a newline")
        if not self.cipher.replace("-", "").isalnum():
            raise ValueError("cipher: it must be the name of a cipher, such as aes256")

    def program(self, context: TaskContext) -> Program:
        names = ("path", "type", "state", "force", "regenerate", "format", "format_mismatch")
        variables = {
            **{name: getattr(self, name) for name in (*names, "backup", "return_content")},
            **self.attribute_variables(),
            "mode": self.mode or "0600",
            "size": str(self.size),
            "curve": self.curve or "",
            "openssl_curve": _CURVES.get(self.curve or "", self.curve or ""),
            "passphrase": self.passphrase or "",
            "cipher": "aes256" if self.cipher == "auto" else self.cipher,
        }
        return Program("openssl_privatekey", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"filename": report.get("filename")}
        if "backup_file" in report.records:
            values["backup_file"] = report.get("backup_file")
        if "privatekey" in report.records:
            values["privatekey"] = report.get("privatekey") + "\n"
        if "key" in report.records:
            bits, kind, curve = report.get("key").split(" ", 2)
            values |= {"type": kind, "fingerprint": fingerprints(report.get("public"))}
            if kind in ("RSA", "DSA"):
                values["size"] = int(bits)
            if curve:
                values["curve"] = {v: k for k, v in _CURVES.items()}.get(curve, curve)
        return values
