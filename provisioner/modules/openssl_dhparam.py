"""openssl_dhparam: create Diffie-Hellman parameters with the host's openssl command."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, Report


class OpensslDhparam(FileAttributes, Module):
    """Create Diffie-Hellman parameters with the host's openssl command."""

    body: ClassVar[str] = load_body("shared/openssl.sh", "openssl_dhparam.sh")

    path: str
    """The file of the parameters."""
    size: int = 4096
    """The size in bits. Large parameters take minutes."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the parameters, `absent` removes the file."""
    force: bool = False
    """Create new parameters in every run."""
    backup: bool = False
    """Keep a copy of the old file."""
    return_content: bool = False
    """Return the parameters as `dhparams`."""
    select_crypto_backend: Literal["auto", "cryptography", "openssl"] = "auto"
    """Accepted and ignored: the openssl command is used."""

    def program(self, context: TaskContext) -> Program:
        names = ("path", "state", "force", "backup", "return_content")
        variables = {
            **{name: getattr(self, name) for name in names},
            **self.attribute_variables(),
            "size": str(self.size),
        }
        return Program("openssl_dhparam", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"filename": report.get("filename"), "size": self.size}
        if "backup_file" in report.records:
            values["backup_file"] = report.get("backup_file")
        if "dhparams" in report.records:
            values["dhparams"] = report.get("dhparams") + "\n"
        return values
