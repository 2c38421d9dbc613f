"""openssl_csr: a request is made once, and anew where it would say something else."""

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


def made(host: Host, passphrase: str | None = None) -> dict[str, Any]:
    key = host.root / "key"
    given = {"path": str(key), "type": "ECC", "curve": "secp256r1", "passphrase": passphrase}
    assert host.run("openssl_privatekey", **given).failed is None
    return {"path": str(host.root / "csr"), "privatekey_path": str(key)}


def shown(path: Path) -> str:
    command = ["openssl", "req", "-noout", "-text", "-nameopt", "oneline,utf8,-esc_msb", "-verify"]
    done = subprocess.run([*command, "-in", str(path)], check=True, capture_output=True, text=True)
    return done.stdout


def test_a_request_is_made_once(host: Host) -> None:
    given = made(host) | FULL
    assert host.look("openssl_csr", **given).changes == (f"create {given['path']}",)
    report = host.run("openssl_csr", **given)
    assert (report.failed, report.changes) == (None, (f"create {given['path']}",))
    text = shown(Path(given["path"]))
    assert 'O = "Müller, $HOME & Söhne \\\\ \\"#1\\""' in text
    assert "OU = a, OU = b" in text
    assert "DNS:example.com, IP Address:192.0.2.1, email:a@example.com" in text
    assert "Key Usage: critical\n" in text
    assert "status_request" in text
    before = listing(host.root)
    assert (host.run("openssl_csr", **given).changes, listing(host.root)) == ((), before)
    assert not host.look("openssl_csr", **given).changes


CHANGES: list[dict[str, Any]] = [
    {"common_name": "other"},
    {"subject_alt_name": ["DNS:example.com"]},
    {"key_usage_critical": False},
    {"digest": "sha512"},
    {"ocsp_must_staple": False},
]


@pytest.mark.parametrize("other", CHANGES, ids=str)
def test_a_request_that_would_say_something_else_is_made_anew(
    host: Host, other: dict[str, Any]
) -> None:
    given = made(host) | FULL
    host.run("openssl_csr", **given)
    given |= other
    assert host.look("openssl_csr", **given).changes == (f"change {given['path']}",)
    assert host.run("openssl_csr", **given).changes == (f"change {given['path']}",)
    assert not host.run("openssl_csr", **given).changes


def test_a_request_of_another_key_is_made_anew(host: Host) -> None:
    given = made(host, "a secret")
    given |= {"privatekey_passphrase": "a secret", "common_name": "x"}
    assert host.run("openssl_csr", **given).failed is None
    assert "DNS:x" in shown(Path(given["path"]))
    assert not host.run("openssl_csr", **given).changes
    Path(given["privatekey_path"]).unlink()
    made(host, "a secret")
    assert host.run("openssl_csr", **given).changes == (f"change {given['path']}",)


def test_a_request_may_have_no_subject_and_no_extensions(host: Host) -> None:
    given = made(host)
    assert host.run("openssl_csr", **given).failed is None
    assert not host.run("openssl_csr", **given).changes


def test_a_key_that_an_earlier_task_will_make_is_no_failure_of_a_look(host: Host) -> None:
    given = {"path": str(host.root / "csr"), "privatekey_path": str(host.root / "none")}
    assert host.look("openssl_csr", **given).changes == (f"create {given['path']}",)
    assert "there is no private key" in (host.run("openssl_csr", **given).failed or "")


def test_what_openssl_refuses_is_told(host: Host) -> None:
    given = made(host) | {"key_usage": ["nonsense"]}
    assert "nonsense" in (host.run("openssl_csr", **given).failed or "")


def test_a_name_of_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="not a single line"):
        OpensslCsr(path="/c", privatekey_path="/k", common_name="a\nb")


def test_a_request_is_removed_once(host: Host) -> None:
    path = host.root / "r"
    path.write_text("x")
    given = {"path": str(path), "privatekey_path": str(host.root / "k"), "state": "absent"}
    assert host.run("openssl_csr", **given).changes == (f"remove {path}",)
    assert not host.run("openssl_csr", **given).changes
