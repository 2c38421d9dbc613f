"""openssh_keypair: create a pair of SSH keys with the host's ssh-keygen."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.content import file_values
from provisioner.remote.shell import Program, Report


class OpensshKeypair(FileAttributes, Module):
    """Keep a pair of keys for ssh: `path` and `path.pub`, without a passphrase."""

    body: ClassVar[str] = load_body("openssh_keypair.sh")

    path: str
    """The private key; the public one has `.pub` behind its name."""
    type: Literal["rsa", "dsa", "ecdsa", "ed25519"] = "rsa"
    """The kind of key."""
    size: int | None = None
    """Its bits; unset is 4096 for rsa, 256 for ecdsa."""
    comment: str | None = None
    """The comment of the public key; unset is user@host."""
    state: Literal["present", "absent"] = "present"
    """`absent` removes both files."""
    force: bool = False
    """Make new keys whenever the task runs."""
    regenerate: Literal["never", "fail", "partial_idempotence", "full_idempotence", "always"] = (
        "partial_idempotence"
    )
    """When a key that is there gives way: never; `fail` where it does not fit;
    `partial_idempotence` where it does not fit, and failure where it can't be read;
    `full_idempotence` in both cases; always."""
    private_key_format: Literal["auto", "ssh", "pkcs1", "pkcs8"] = "auto"
    """Accepted: the key is in ssh-keygen's own format."""
    backend: Literal["auto", "cryptography", "opensshbin"] = "auto"
    """Accepted: it is ssh-keygen in any case."""

    def validate(self) -> None:
        if self.type == "ecdsa" and self.size not in (None, 256, 384, 521):
            raise ValueError("size of an ecdsa key is 256, 384 or 521")

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
