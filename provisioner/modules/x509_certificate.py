"""x509_certificate: create a certificate with the host's openssl command."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, Report, Value

_SPAN = re.compile(r"\+(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_DAY = 86400


class X509Certificate(FileAttributes, Module):
    """Create a certificate: signed by its own key, or by the key of a CA on the host."""

    body: ClassVar[str] = load_body("shared/openssl.sh", "x509_certificate.sh")

    path: str
    """The file of the certificate."""
    provider: Literal["selfsigned", "ownca"] | None = None
    """`selfsigned`, or `ownca` for a CA whose key is on the host. acme and entrust are not
    supported."""
    csr_path: str | None = None
    """The file of the request. Not needed for a self-signed certificate."""
    csr_content: str | None = None
    """The text of the request."""
    privatekey_path: str | None = None
    """The file of the private key."""
    privatekey_passphrase: str | None = None
    """The passphrase of the private key."""
    selfsigned_not_before: str = "+0s"
    """The beginning of the validity. Only +0s (now) is supported."""
    selfsigned_not_after: str = "+3650d"
    """The validity in whole days, such as `+365d` or `+52w`."""
    selfsigned_digest: str = "sha256"
    """The digest of the signature."""
    selfsigned_version: Literal[3] = 3
    """The version of the certificate. There is only 3."""
    selfsigned_create_subject_key_identifier: Literal[
        "create_if_not_provided", "always_create", "never_create"
    ] = "create_if_not_provided"
    """When to add an identifier of the key. OpenSSL 3 always adds it."""
    ownca_path: str | None = None
    """The file of the CA's certificate."""
    ownca_privatekey_path: str | None = None
    """The file of the CA's private key."""
    ownca_privatekey_passphrase: str | None = None
    """The passphrase of the CA's private key."""
    ownca_not_before: str = "+0s"
    """The beginning of the validity. Only +0s (now) is supported."""
    ownca_not_after: str = "+3650d"
    """The validity in whole days, such as `+365d` or `+52w`."""
    ownca_digest: str = "sha256"
    """The digest of the signature."""
    ownca_version: Literal[3] = 3
    """The version of the certificate. There is only 3."""
    ownca_create_subject_key_identifier: Literal[
        "create_if_not_provided", "always_create", "never_create"
    ] = "create_if_not_provided"
    """When to add an identifier of the key. OpenSSL 3 always adds it."""
    ownca_create_authority_key_identifier: bool = True
    """Add an identifier of the CA's key."""
    ignore_timestamps: Literal[True] = True
    """A certificate is not replaced because of its dates."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the certificate, `absent` removes the file."""
    force: bool = False
    """Create a new certificate in every run."""
    backup: bool = False
    """Keep a copy of the old file."""
    return_content: bool = False
    """Return the certificate as `certificate`."""
    select_crypto_backend: Literal["auto", "cryptography", "pyopenssl"] = "auto"
    """Accepted and ignored: the openssl command is used."""

    def validate(self) -> None:
        if self.state == "absent":
            return
        if self.provider is None:
            raise ValueError("provider is missing: selfsigned or ownca")
        if self.csr_path is not None and self.csr_content is not None:
            raise ValueError("csr_path and csr_content can't both be set")
        self._needs()
        if self._own("not_before") != "+0s":
            raise ValueError(f"{self.provider}_not_before: only +0s (now) is supported")
        if not self._own("digest").isalnum():
            raise ValueError(f"{self.provider}_digest: it must be a name such as sha256")
        if "\n" in self._passphrase:
            raise ValueError("the passphrase must not contain a newline")
        self._days()

    def _needs(self) -> None:
        needed = {"selfsigned": ("privatekey_path",)}.get(
            self.provider or "", ("ownca_path", "ownca_privatekey_path")
        )
        for name in needed:
            if getattr(self, name) is None:
                raise ValueError(f"{name} is missing: provider: {self.provider} needs it")
        if self.provider == "ownca" and self.csr_path is None and self.csr_content is None:
            raise ValueError("csr_path is missing: provider: ownca needs it")

    def _own(self, name: str) -> Any:
        """Return the parameter `name` of the provider: selfsigned_NAME or ownca_NAME."""
        return getattr(self, f"{self.provider}_{name}")

    @property
    def _passphrase(self) -> str:
        own = self.provider == "ownca"
        return (self.ownca_privatekey_passphrase if own else self.privatekey_passphrase) or ""

    def _days(self) -> int:
        """Return the validity in days; ValueError if it is not a number of whole days."""
        match = _SPAN.fullmatch(self._own("not_after"))
        parts = [int(part or 0) for part in match.groups()] if match else []
        units = (7 * _DAY, _DAY, 3600, 60, 1)
        seconds = sum(count * unit for count, unit in zip(parts, units, strict=False))
        if not seconds or seconds % _DAY:
            raise ValueError(f"{self.provider}_not_after: it must be whole days, as in +365d")
        return seconds // _DAY

    def program(self, context: TaskContext) -> Program:
        names = ("csr_path", "privatekey_path", "ownca_path", "ownca_privatekey_path")
        variables: dict[str, Value] = {
            **{name: getattr(self, name) or "" for name in names},
            **{name: getattr(self, name) for name in ("path", "state", "force", "backup")},
            **self.attribute_variables(),
            "return_content": self.return_content,
            "provider": self.provider or "",
            "csr": self.csr_content or "",
            "passphrase": self._passphrase,
        }
        if self.state == "present":
            variables |= {
                "days": str(self._days()),
                "digest": self._own("digest"),
                "identifier": self._own("create_subject_key_identifier").partition("_")[0],
                "authority": self.ownca_create_authority_key_identifier,
            }
        return Program("x509_certificate", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"filename": report.get("filename")}
        values |= {"privatekey": self.privatekey_path, "csr": self.csr_path}
        if self.provider == "ownca":
            values |= {"ca_cert": self.ownca_path, "ca_privatekey": self.ownca_privatekey_path}
        if "dates" in report.records:
            fields = dict(line.split("=", 1) for line in report.get("dates").splitlines())
            values["notBefore"] = _moment(fields["notBefore"])
            values["notAfter"] = _moment(fields["notAfter"])
            values["serial_number"] = int(fields["serial"], 16)
        if "backup_file" in report.records:
            values["backup_file"] = report.get("backup_file")
        if "certificate" in report.records:
            values["certificate"] = report.get("certificate") + "\n"
        return values


def _moment(text: str) -> str:
    """Return a time such as `Nov 28 08:40:00 2026 GMT` in Ansible's notation."""
    return datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").strftime("%Y%m%d%H%M%SZ")
