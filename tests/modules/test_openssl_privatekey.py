"""The module openssl_privatekey, with the real openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.modules.conftest import Host, listing

KINDS: list[dict[str, Any]] = [
    {"size": 2048},
    {"type": "ECC", "curve": "secp256r1"},
    {"type": "Ed25519"},
    {"size": 2048, "format": "pkcs8"},
    {"type": "ECC", "curve": "secp384r1", "passphrase": "a b$c"},
]


def first_line(path: Path) -> str:
    return path.read_text().splitlines()[0]


@pytest.mark.parametrize("args", KINDS, ids=str)
def test_a_key_is_created_once(host: Host, args: dict[str, Any]) -> None:
    path = host.root / "a key"
    args = {"path": str(path), **args}
    assert host.look("openssl_privatekey", **args).changes == (f"create {path}",)
    assert not listing(host.root)
    report = host.run("openssl_privatekey", **args)
    assert (report.failed, report.changes) == (None, (f"create {path}",))
    assert path.stat().st_mode & 0o777 == 0o600
    values = host.values("openssl_privatekey", report, **args)
    assert values["type"] == args.get("type", "RSA")
    assert values.get("curve") == args.get("curve")
    assert values.get("size") == args.get("size")
    assert len(values["fingerprint"]["sha256"]) == 95
    before = listing(host.root)
    assert (host.run("openssl_privatekey", **args).changes, listing(host.root)) == ((), before)


def test_the_formats_are_those_of_openssl(host: Host) -> None:
    path = host.root / "k"
    args: dict[str, Any] = {"path": str(path), "size": 2048}
    host.run("openssl_privatekey", **args)
    assert first_line(path) == "-----BEGIN RSA PRIVATE KEY-----"
    old = public(path)
    report = host.run(
        "openssl_privatekey", **args, format="pkcs8", format_mismatch="convert", backup=True
    )
    assert report.changes == (f"change {path}",)
    assert (first_line(path), public(path)) == ("-----BEGIN PRIVATE KEY-----", old)
    assert first_line(Path(report.get("backup_file"))) == "-----BEGIN RSA PRIVATE KEY-----"
    assert not host.run("openssl_privatekey", **args).changes
    assert host.run("openssl_privatekey", **args, format="pkcs1").changes == (f"change {path}",)
    assert public(path) != old


def public(path: Path) -> str:
    command = ["openssl", "pkey", "-in", str(path), "-pubout"]
    process = subprocess.run(command, check=True, capture_output=True, text=True)
    return process.stdout


WHEN: list[tuple[str, dict[str, Any], str]] = [
    # regenerate, other arguments, words of the changes or of the failure
    ("never", {}, ""),
    ("fail", {}, "another kind"),
    ("partial_idempotence", {}, "change"),
    ("full_idempotence", {}, "change"),
    ("always", {}, "change"),
    ("never", {"force": True}, "change"),
    ("partial_idempotence", {"passphrase": "p"}, "is not a private key"),
    ("full_idempotence", {"passphrase": "p"}, "change"),
]


@pytest.mark.parametrize(("when", "more", "words"), WHEN)
def test_a_key_that_does_not_fit_is_replaced_according_to_regenerate(
    host: Host, when: str, more: dict[str, Any], words: str
) -> None:
    path = host.root / "k"
    args: dict[str, Any] = {"path": str(path), "type": "ECC", "curve": "secp256r1"}
    host.run("openssl_privatekey", **args)
    old = path.read_text()
    args |= {"curve": "secp384r1", "regenerate": when, **more}
    report = host.run("openssl_privatekey", **args)
    if words == "change":
        assert report.changes == (f"change {path}",)
    else:
        assert (report.changes, words in (report.failed or "")) == ((), True)
        assert path.read_text() == old


def test_the_key_is_only_returned_with_return_content(host: Host) -> None:
    args: dict[str, Any] = {"path": str(host.root / "k"), "type": "Ed25519"}
    report = host.run("openssl_privatekey", **args)
    assert "PRIVATE" not in str(report)
    report = host.run("openssl_privatekey", **args, return_content=True)
    values = host.values("openssl_privatekey", report, **args)
    assert values["privatekey"] == (host.root / "k").read_text()


def test_a_key_is_removed_once(host: Host) -> None:
    path = host.root / "k"
    path.write_text("x")
    args = {"path": str(path), "state": "absent"}
    assert host.run("openssl_privatekey", **args).changes == (f"remove {path}",)
    assert not host.run("openssl_privatekey", **args).changes
