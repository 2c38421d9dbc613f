"""The module x509_certificate, with the real openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules.x509_certificate import X509Certificate
from tests.modules.conftest import Host, listing

ASKED: dict[str, Any] = {
    "common_name": "www.example.com",
    "organization_name": "Müller & Söhne",
    "subject_alt_name": ["DNS:example.com", "IP:192.0.2.1"],
    "subject_alt_name_critical": True,
    "key_usage": ["digitalSignature"],
    "extended_key_usage": ["serverAuth"],
    "ocsp_must_staple": True,
}

PARTS = (
    "O = Müller & Söhne",
    "Subject Alternative Name: critical",
    "IP Address:192.0.2.1",
    "status_request",
    "TLS Web Server Authentication",
    "Subject Key Identifier",
)


def create_request(host: Host, name: str, **asked: Any) -> dict[str, str]:
    """Return a key and a request for it."""
    key, csr = str(host.root / f"{name}.key"), str(host.root / f"{name}.csr")
    host.run("openssl_privatekey", path=key, type="ECC", curve="secp256r1")
    report = host.run("openssl_csr", path=csr, privatekey_path=key, **asked)
    assert report.failed is None
    return {"path": str(host.root / f"{name}.crt"), "csr_path": csr, "privatekey_path": key}


def text_of(path: str) -> str:
    command = ["openssl", "x509", "-noout", "-text", "-nameopt", "oneline,utf8,-esc_msb"]
    process = subprocess.run([*command, "-in", path], check=True, capture_output=True, text=True)
    return process.stdout


def is_signed_by(path: str, authority: str) -> bool:
    command = ["openssl", "verify", "-CAfile", authority, path]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_a_certificate_is_signed_by_its_own_key_once(host: Host) -> None:
    args: dict[str, Any] = {**create_request(host, "a", **ASKED), "provider": "selfsigned"}
    path = args["path"]
    assert host.look("x509_certificate", **args).changes == (f"create {path}",)
    assert not Path(path).exists()
    report = host.run("x509_certificate", **args)
    assert (report.failed, report.changes) == (None, (f"create {path}",))
    text = text_of(path)
    for part in PARTS:
        assert part in text
    assert is_signed_by(path, path)
    values = host.values("x509_certificate", report, **args)
    assert int(values["notAfter"][:4]) - int(values["notBefore"][:4]) in (9, 10)
    before = listing(host.root)
    assert (host.run("x509_certificate", **args).changes, listing(host.root)) == ((), before)
    assert not host.look("x509_certificate", **args).changes


def test_a_certificate_is_signed_by_a_ca_once(host: Host) -> None:
    constraints = {"basic_constraints": ["CA:TRUE"], "basic_constraints_critical": True}
    ca = create_request(host, "ca", common_name="CA", use_common_name_for_san=False, **constraints)
    assert host.run("x509_certificate", **ca, provider="selfsigned").failed is None
    args: dict[str, Any] = create_request(host, "a", **ASKED)
    args |= {"provider": "ownca", "ownca_path": ca["path"], "ownca_not_after": "+52w1d"}
    args |= {"ownca_privatekey_path": ca["privatekey_path"]}
    report = host.run("x509_certificate", **args)
    assert (report.failed, report.changes) == (None, (f"create {args['path']}",))
    text = text_of(args["path"])
    assert "Issuer: CN = CA" in text
    assert "Authority Key Identifier" in text
    assert is_signed_by(args["path"], ca["path"])
    assert not host.run("x509_certificate", **args).changes


CHANGES: list[dict[str, Any]] = [
    {"selfsigned_digest": "sha512"},
    {"force": True},
]


@pytest.mark.parametrize("other", CHANGES, ids=str)
def test_a_certificate_with_other_content_is_created_again(
    host: Host, other: dict[str, Any]
) -> None:
    args = {**create_request(host, "a", **ASKED), "provider": "selfsigned"}
    host.run("x509_certificate", **args)
    report = host.run("x509_certificate", **args, **other, backup=True)
    assert report.changes == (f"change {args['path']}",)
    assert "BEGIN CERTIFICATE" in Path(report.get("backup_file")).read_text()


def test_a_changed_request_creates_the_certificate_again(host: Host) -> None:
    args = {**create_request(host, "a", **ASKED), "provider": "selfsigned"}
    host.run("x509_certificate", **args)
    create_request(host, "a", **{**ASKED, "subject_alt_name": ["DNS:other"]})
    assert host.run("x509_certificate", **args).changes == (f"change {args['path']}",)
    assert "DNS:other" in text_of(args["path"])
    assert not host.run("x509_certificate", **args).changes


def test_a_self_signed_certificate_needs_no_request(host: Host) -> None:
    args: dict[str, Any] = {**create_request(host, "a"), "provider": "selfsigned"}
    del args["csr_path"]
    assert host.run("x509_certificate", **args).failed is None
    assert not host.run("x509_certificate", **args).changes


def test_a_missing_request_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    none = str(host.root / "none")
    args = {"path": str(host.root / "c"), "csr_path": none, "privatekey_path": none}
    look = host.look("x509_certificate", **args, provider="selfsigned")
    assert look.changes == (f"create {args['path']}",)
    report = host.run("x509_certificate", **args, provider="selfsigned")
    assert "create it in an earlier task" in (report.failed or "")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "provider is missing"),
    ({"provider": "selfsigned"}, "privatekey_path is missing"),
    ({"provider": "ownca"}, "ownca_path is missing"),
    ({"provider": "selfsigned", "privatekey_path": "/k", "selfsigned_not_after": "+5h"}, "whole"),
    ({"provider": "selfsigned", "privatekey_path": "/k", "selfsigned_not_before": "+5d"}, "now"),
]


@pytest.mark.parametrize(("args", "why"), WRONG)
def test_unsupported_arguments_are_refused(args: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        X509Certificate(path="/c", **args)


def test_a_certificate_is_removed_once(host: Host) -> None:
    path = host.root / "c"
    path.write_text("x")
    args = {"path": str(path), "state": "absent"}
    assert host.run("x509_certificate", **args).changes == (f"remove {path}",)
    assert not host.run("x509_certificate", **args).changes
