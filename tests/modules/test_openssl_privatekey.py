"""openssl_privatekey: made once, kept where it fits, by the real openssl."""

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


@pytest.mark.parametrize("given", KINDS, ids=str)
def test_a_key_is_made_once(host: Host, given: dict[str, Any]) -> None:
    path = host.root / "a key"
    given = {"path": str(path), **given}
    assert host.look("openssl_privatekey", **given).changes == (f"create {path}",)
    assert not listing(host.root)
    report = host.run("openssl_privatekey", **given)
    assert (report.failed, report.changes) == (None, (f"create {path}",))
    assert path.stat().st_mode & 0o777 == 0o600
    values = host.values("openssl_privatekey", report, **given)
    assert values["type"] == given.get("type", "RSA")
    assert values.get("curve") == given.get("curve")
    assert values.get("size") == given.get("size")
    assert len(values["fingerprint"]["sha256"]) == 95
    before = listing(host.root)
    assert (host.run("openssl_privatekey", **given).changes, listing(host.root)) == ((), before)


def test_the_formats_are_openssls(host: Host) -> None:
    path = host.root / "k"
    given: dict[str, Any] = {"path": str(path), "size": 2048}
    host.run("openssl_privatekey", **given)
    assert first_line(path) == "-----BEGIN RSA PRIVATE KEY-----"
    old = public(path)
    report = host.run(
        "openssl_privatekey", **given, format="pkcs8", format_mismatch="convert", backup=True
    )
    assert report.changes == (f"change {path}",)
    assert (first_line(path), public(path)) == ("-----BEGIN PRIVATE KEY-----", old)
    assert first_line(Path(report.get("backup_file"))) == "-----BEGIN RSA PRIVATE KEY-----"
    assert not host.run("openssl_privatekey", **given).changes
    assert host.run("openssl_privatekey", **given, format="pkcs1").changes == (f"change {path}",)
    assert public(path) != old


def public(path: Path) -> str:
    command = ["openssl", "pkey", "-in", str(path), "-pubout"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


WHEN: list[tuple[str, dict[str, Any], str]] = [
    # regenerate, other arguments, what comes of a key that does not fit
    ("never", {}, ""),
    ("fail", {}, "another kind"),
    ("partial_idempotence", {}, "change"),
    ("full_idempotence", {}, "change"),
    ("always", {}, "change"),
    ("never", {"force": True}, "change"),
    ("partial_idempotence", {"passphrase": "p"}, "is not a private key"),
    ("full_idempotence", {"passphrase": "p"}, "change"),
]


@pytest.mark.parametrize(("when", "more", "said"), WHEN)
def test_a_key_that_does_not_fit_gives_way_as_told(
    host: Host, when: str, more: dict[str, Any], said: str
) -> None:
    path = host.root / "k"
    given: dict[str, Any] = {"path": str(path), "type": "ECC", "curve": "secp256r1"}
    host.run("openssl_privatekey", **given)
    old = path.read_text()
    given |= {"curve": "secp384r1", "regenerate": when, **more}
    report = host.run("openssl_privatekey", **given)
    if said == "change":
        assert report.changes == (f"change {path}",)
    else:
        assert (report.changes, said in (report.failed or "")) == ((), True)
        assert path.read_text() == old


def test_the_key_is_shown_to_nobody_who_does_not_ask(host: Host) -> None:
    given: dict[str, Any] = {"path": str(host.root / "k"), "type": "Ed25519"}
    report = host.run("openssl_privatekey", **given)
    assert "PRIVATE" not in str(report)
    report = host.run("openssl_privatekey", **given, return_content=True)
    values = host.values("openssl_privatekey", report, **given)
    assert values["privatekey"] == (host.root / "k").read_text()


def test_a_key_is_removed_once(host: Host) -> None:
    path = host.root / "k"
    path.write_text("x")
    given = {"path": str(path), "state": "absent"}
    assert host.run("openssl_privatekey", **given).changes == (f"remove {path}",)
    assert not host.run("openssl_privatekey", **given).changes
