"""The module openssl_csr, with the real openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules.openssl_csr import OpensslCsr
from tests.modules.conftest import Host, listing

FULL: dict[str, Any] = {
    "common_name": "www.example.com",
    "country_name": "DE",
    "organization_name": 'Müller, $HOME & Söhne \\ "#1"',
    "subject": {"OU": ["a", "b"]},
    "subject_alt_name": ["DNS:example.com", "IP:192.0.2.1", "email:a@example.com"],
    "key_usage": ["digitalSignature", "keyEncipherment"],
    "key_usage_critical": True,
    "extended_key_usage": ["serverAuth"],
    "basic_constraints": ["CA:FALSE"],
    "ocsp_must_staple": True,
}


def create_key(host: Host, passphrase: str | None = None) -> dict[str, Any]:
    key = host.root / "key"
    args = {"path": str(key), "type": "ECC", "curve": "secp256r1", "passphrase": passphrase}
    assert host.run("openssl_privatekey", **args).failed is None
    return {"path": str(host.root / "csr"), "privatekey_path": str(key)}


def text_of(path: Path) -> str:
    command = ["openssl", "req", "-noout", "-text", "-nameopt", "oneline,utf8,-esc_msb", "-verify"]
    process = subprocess.run(
        [*command, "-in", str(path)], check=True, capture_output=True, text=True
    )
    return process.stdout


def test_a_request_is_created_once(host: Host) -> None:
    args = create_key(host) | FULL
    assert host.look("openssl_csr", **args).changes == (f"create {args['path']}",)
    report = host.run("openssl_csr", **args)
    assert (report.failed, report.changes) == (None, (f"create {args['path']}",))
    text = text_of(Path(args["path"]))
    assert 'O = "Müller, $HOME & Söhne \\\\ \\"#1\\""' in text
    assert "OU = a, OU = b" in text
    assert "DNS:example.com, IP Address:192.0.2.1, email:a@example.com" in text
    assert "Key Usage: critical\n" in text
    assert "status_request" in text
    before = listing(host.root)
    assert (host.run("openssl_csr", **args).changes, listing(host.root)) == ((), before)
    assert not host.look("openssl_csr", **args).changes


CHANGES: list[dict[str, Any]] = [
    {"common_name": "other"},
    {"subject_alt_name": ["DNS:example.com"]},
    {"key_usage_critical": False},
    {"digest": "sha512"},
    {"ocsp_must_staple": False},
]


@pytest.mark.parametrize("other", CHANGES, ids=str)
def test_a_request_with_other_content_is_created_again(host: Host, other: dict[str, Any]) -> None:
    args = create_key(host) | FULL
    host.run("openssl_csr", **args)
    args |= other
    assert host.look("openssl_csr", **args).changes == (f"change {args['path']}",)
    assert host.run("openssl_csr", **args).changes == (f"change {args['path']}",)
    assert not host.run("openssl_csr", **args).changes


def test_a_request_for_another_key_is_created_again(host: Host) -> None:
    args = create_key(host, "a secret")
    args |= {"privatekey_passphrase": "a secret", "common_name": "x"}
    assert host.run("openssl_csr", **args).failed is None
    assert "DNS:x" in text_of(Path(args["path"]))
    assert not host.run("openssl_csr", **args).changes
    Path(args["privatekey_path"]).unlink()
    create_key(host, "a secret")
    assert host.run("openssl_csr", **args).changes == (f"change {args['path']}",)


def test_a_request_may_have_no_subject_and_no_extensions(host: Host) -> None:
    args = create_key(host)
    assert host.run("openssl_csr", **args).failed is None
    assert not host.run("openssl_csr", **args).changes


def test_a_missing_key_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    args = {"path": str(host.root / "csr"), "privatekey_path": str(host.root / "none")}
    assert host.look("openssl_csr", **args).changes == (f"create {args['path']}",)
    assert "there is no private key" in (host.run("openssl_csr", **args).failed or "")


def test_the_message_of_openssl_is_the_reason_of_a_failure(host: Host) -> None:
    args = create_key(host) | {"key_usage": ["nonsense"]}
    assert "nonsense" in (host.run("openssl_csr", **args).failed or "")


def test_a_name_with_a_newline_is_refused() -> None:
    with pytest.raises(ValueError, match="not a single line"):
        OpensslCsr(path="/c", privatekey_path="/k", common_name="a\nb")


def test_a_request_is_removed_once(host: Host) -> None:
    path = host.root / "r"
    path.write_text("x")
    args = {"path": str(path), "privatekey_path": str(host.root / "k"), "state": "absent"}
    assert host.run("openssl_csr", **args).changes == (f"remove {path}",)
    assert not host.run("openssl_csr", **args).changes
