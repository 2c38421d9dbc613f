"""openssl_csr: create a certificate signing request with the host's openssl command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Program, Report, Value

_SUBJECT = {
    "country_name": "C",
    "state_or_province_name": "ST",
    "locality_name": "L",
    "organization_name": "O",
    "organizational_unit_name": "OU",
    "common_name": "CN",
    "email_address": "emailAddress",
}


class OpensslCsr(FileAttributes, Module):
    """Create a certificate signing request with the host's openssl command."""

    body: ClassVar[str] = load_body("shared/openssl.sh", "openssl_csr.sh")

    path: str
    """The file of the request."""
    privatekey_path: str
    """The file of the private key."""
    privatekey_passphrase: str | None = None
    """The passphrase of the private key."""
    digest: str = "sha256"
    """The digest of the signature."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the request, `absent` removes the file."""
    force: bool = False
    """Create a new request in every run."""
    subject: Mapping[str, Any] | None = None
    """The parts of the subject by name (`O`, `OU`, `CN` and others). A list sets several of one
    name."""
    subject_ordered: tuple[Mapping[str, Any], ...] = ()
    """The parts of the subject as a list of mappings, in this order."""
    country_name: str | None = parameter(None, aliases=("C", "countryName"))
    """C of the subject."""
    state_or_province_name: str | None = parameter(None, aliases=("ST", "stateOrProvinceName"))
    """ST of the subject."""
    locality_name: str | None = parameter(None, aliases=("L", "localityName"))
    """L of the subject."""
    organization_name: str | None = parameter(None, aliases=("O", "organizationName"))
    """O of the subject."""
    organizational_unit_name: str | None = parameter(None, aliases=("OU", "organizationalUnitName"))
    """OU of the subject."""
    common_name: str | None = parameter(None, aliases=("CN", "commonName"))
    """CN of the subject."""
    email_address: str | None = parameter(None, aliases=("E", "emailAddress"))
    """emailAddress of the subject."""
    subject_alt_name: Words = parameter((), aliases=("subjectAltName",))
    """Alternative names: `DNS:example.com`, `IP:192.0.2.1`, `email:a@b` or `URI:...`."""
    subject_alt_name_critical: bool = parameter(False, aliases=("subjectAltName_critical",))
    """Mark the extension as critical."""
    use_common_name_for_san: bool = parameter(True, aliases=("useCommonNameForSAN",))
    """Without `subject_alt_name`, use CN as the alternative name."""
    key_usage: Words = parameter((), aliases=("keyUsage",))
    """The purposes of the key, such as `digitalSignature` or `keyEncipherment`."""
    key_usage_critical: bool = parameter(False, aliases=("keyUsage_critical",))
    """Mark the extension as critical."""
    extended_key_usage: Words = parameter((), aliases=("extKeyUsage", "extendedKeyUsage"))
    """Further purposes of the key, such as `serverAuth` or `clientAuth`."""
    extended_key_usage_critical: bool = parameter(
        False, aliases=("extKeyUsage_critical", "extendedKeyUsage_critical")
    )
    """Mark the extension as critical."""
    basic_constraints: Words = parameter((), aliases=("basicConstraints",))
    """Basic constraints, such as `CA:TRUE` or `pathlen:0`."""
    basic_constraints_critical: bool = parameter(False, aliases=("basicConstraints_critical",))
    """Mark the extension as critical."""
    ocsp_must_staple: bool = parameter(False, aliases=("ocspMustStaple",))
    """Require that the server staples an OCSP response."""
    ocsp_must_staple_critical: bool = parameter(False, aliases=("ocspMustStaple_critical",))
    """Mark the extension as critical."""
    create_subject_key_identifier: bool = False
    """Add an identifier of the key."""
    version: Literal[1] = 1
    """The version of the request. There is only 1."""
    backup: bool = False
    """Keep a copy of the old file."""
    return_content: bool = False
    """Return the request as `csr`."""
    select_crypto_backend: Literal["auto", "cryptography", "pyopenssl"] = "auto"
    """Accepted and ignored: the openssl command is used."""

    def validate(self) -> None:
        for name, value in (*self._subject(), *self._extensions()):
            if "\n" in value or not name.replace(".", "").isalnum():
                raise ValueError(f"{name}: {value!r} is not a single line, or its name is wrong")
        if not self.digest.isalnum():
            raise ValueError("digest: it must be the name of a digest, such as sha256")
        if "\n" in (self.privatekey_passphrase or ""):
            raise ValueError("privatekey_passphrase: it must not contain a newline")

    def _subject(self) -> Iterator[tuple[str, str]]:
        """Yield the parts of the subject in Ansible's order: the parameters, then `subject`."""
        for layer in self.subject_ordered or ():
            yield from _parts(layer)
        if not self.subject_ordered:
            for name, short in _SUBJECT.items():
                if getattr(self, name) is not None:
                    yield short, str(getattr(self, name))
            yield from _parts(self.subject or {})

    def _extensions(self) -> Iterator[tuple[str, str]]:
        """Yield (name, value) of each extension, in openssl's notation."""
        names = self.subject_alt_name
        common = next((value for name, value in self._subject() if name in _COMMON), None)
        if not names and self.use_common_name_for_san and common:
            names = (f"DNS:{common}",)
        critical = self.subject_alt_name_critical
        yield from _extension("subjectAltName", names, critical)
        yield from _extension("keyUsage", self.key_usage, self.key_usage_critical)
        extended = self.extended_key_usage_critical
        yield from _extension("extendedKeyUsage", self.extended_key_usage, extended)
        basic = self.basic_constraints_critical
        yield from _extension("basicConstraints", self.basic_constraints, basic)
        if self.ocsp_must_staple:  # openssl 1.0.2 has no name for it
            staple = self.ocsp_must_staple_critical
            yield from _extension("1.3.6.1.5.5.7.1.24", ("DER:30:03:02:01:05",), staple)
        if self.create_subject_key_identifier:
            yield "subjectKeyIdentifier", "hash"

    def _config(self) -> str:
        """Return openssl's configuration. Names are numbered, as one may occur several times."""
        lines = ["[req]", "prompt = no", "string_mask = utf8only", "utf8 = yes"]
        lines += ["distinguished_name = subject"]
        lines += ["req_extensions = extensions"] if any(self._extensions()) else []
        lines += ["[subject]"]
        subject = enumerate(self._subject())
        lines += [f"{number}.{name} = {_escaped(value)}" for number, (name, value) in subject]
        lines += ["[extensions]", *(f"{n} = {_escaped(value)}" for n, value in self._extensions())]
        return "\n".join(lines) + "\n"

    def program(self, context: TaskContext) -> Program:
        names = ("path", "privatekey_path", "digest", "state", "force", "backup", "return_content")
        variables: dict[str, Value] = {
            **{name: getattr(self, name) for name in names},
            **self.attribute_variables(),
            "passphrase": self.privatekey_passphrase or "",
            "config": self._config(),
            "empty_subject": "" if any(self._subject()) else "yes",
        }
        return Program("openssl_csr", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {
            "filename": report.get("filename"),
            "privatekey": self.privatekey_path,
            "subject": [list(part) for part in self._subject()],
            "subjectAltName": list(self.subject_alt_name) or None,
            "keyUsage": list(self.key_usage) or None,
            "extendedKeyUsage": list(self.extended_key_usage) or None,
            "basicConstraints": list(self.basic_constraints) or None,
            "ocsp_must_staple": self.ocsp_must_staple,
        }
        if "backup_file" in report.records:
            values["backup_file"] = report.get("backup_file")
        if "csr" in report.records:
            values["csr"] = report.get("csr") + "\n"
        return values


_COMMON = ("CN", "commonName")


def _parts(layer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in layer.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            yield str(name), str(item)


def _extension(name: str, values: Any, critical: bool) -> Iterator[tuple[str, str]]:
    if values:
        yield name, ",".join((*(("critical",) if critical else ()), *values))


def _escaped(value: str) -> str:
    """Return `value` with the special characters of an openssl configuration escaped."""
    marked = "".join(f"\\{c}" if c in "\\#$\"'" else c for c in value)
    return f"\\{marked}" if marked[:1] == " " else marked
