"""openssh_keypair: create a pair of SSH keys with the host's ssh-keygen."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.content import file_values
from provisioner.remote.shell import Program, Report


class OpensshKeypair(FileAttributes, Module):
    """Create a pair of SSH keys, `path` and `path.pub`, without a passphrase."""

    body: ClassVar[str] = load_body("openssh_keypair.sh")

    path: str
    """The file of the private key. The public key is in the same file name with `.pub`."""
    type: Literal["rsa", "dsa", "ecdsa", "ed25519"] = "rsa"
    """The kind of key."""
    size: int | None = None
    """The size in bits. The default is 4096 for rsa, 1024 for dsa and 256 for ecdsa."""
    comment: str | None = None
    """The comment of the public key. The default is user@host."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the keys, `absent` removes both files."""
    force: bool = False
    """Create new keys in every run."""
    regenerate: Literal["never", "fail", "partial_idempotence", "full_idempotence", "always"] = (
        "partial_idempotence"
    )
    """When to replace an existing key. never: keep it. fail: fail if it does not fit.
    partial_idempotence: replace it if it does not fit, fail if it can't be read. full_idempotence:
    replace it in both cases. always: in every run."""
    private_key_format: Literal["auto", "ssh", "pkcs1", "pkcs8"] = "auto"
    """Accepted and ignored: ssh-keygen chooses the format."""
    backend: Literal["auto", "cryptography", "opensshbin"] = "auto"
    """Accepted and ignored: ssh-keygen is used."""

    def validate(self) -> None:
        if self.type == "ecdsa" and self.size not in (None, 256, 384, 521):
            raise ValueError("size of an ecdsa key must be 256, 384 or 521")

    def program(self, context: TaskContext) -> Program:
        default_size = {"rsa": 4096, "dsa": 1024, "ecdsa": 256}.get(self.type)
        variables = {
            **self.attribute_variables(),
            "path": self.path,
            "type": self.type,
            "size": str(self.size or default_size or ""),
            "comment": self.comment or "",
            "has_comment": "" if self.comment is None else "yes",
            "state": self.state,
            "force": self.force,
            "regenerate": self.regenerate,
        }
        return Program("openssh_keypair", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"filename": report.get("filename")}
        if "key" not in report.records:
            return values
        bits, kind, fingerprint = report.get("key").split(" ", 2)
        words = report.get("public").split(" ", 2)
        values |= {"size": int(bits), "type": kind, "fingerprint": fingerprint}
        values |= {"public_key": " ".join(words[:2]), "comment": " ".join(words[2:])}
        return values | file_values(report) | {"size": int(bits)}
