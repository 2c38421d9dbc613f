"""The module openssh_keypair, with the real ssh-keygen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.modules.conftest import Host, listing


@pytest.mark.parametrize(("type_", "size"), [("ed25519", None), ("ecdsa", 384), ("rsa", 2048)])
def test_a_pair_is_created_once(host: Host, type_: str, size: int | None) -> None:
    path = host.root / "a key"
    args: dict[str, Any] = {"path": str(path), "type": type_, "size": size, "comment": "me too"}
    assert host.look("openssh_keypair", **args).changes == (f"generate key pair {path}",)
    assert not listing(host.root)
    report = host.run("openssh_keypair", **args)
    assert report.failed is None
    values = host.values("openssh_keypair", report, **args)
    public = path.with_name("a key.pub").read_text().rstrip("\n")
    assert f"{values['public_key']} me too" == public
    assert (values["type"], values["comment"], values["mode"]) == (type_, "me too", "0600")
    assert values["fingerprint"].startswith("SHA256:")
    before = listing(host.root)
    assert (host.run("openssh_keypair", **args).changes, listing(host.root)) == ((), before)


def test_a_missing_public_key_is_written(host: Host) -> None:
    path, public = host.root / "k", host.root / "k.pub"
    args = {"path": str(path), "type": "ed25519"}
    host.run("openssh_keypair", **args)
    text = public.read_text()
    public.unlink()
    assert host.run("openssh_keypair", **args).changes == (f"write {public}",)
    assert public.read_text() == text
    comment = (f"set comment of {public}",)
    assert host.run("openssh_keypair", comment="other", **args).changes == comment
    assert public.read_text().split()[2:] == ["other"]
    assert not host.run("openssh_keypair", comment="other", **args).changes


REGENERATE: list[tuple[str, dict[str, Any], str]] = [
    # regenerate, other arguments, words of the changes or of the failure
    ("never", {}, ""),
    ("fail", {}, "another type or size"),
    ("partial_idempotence", {}, "again"),
    ("full_idempotence", {}, "again"),
    ("always", {}, "again"),
    ("never", {"force": True}, "again"),
]


@pytest.mark.parametrize(("regenerate", "more", "words"), REGENERATE)
def test_a_key_that_does_not_fit_is_replaced_according_to_regenerate(
    host: Host, regenerate: str, more: dict[str, Any], words: str
) -> None:
    path = host.root / "k"
    host.run("openssh_keypair", path=str(path), type="ed25519")
    old = path.read_text()
    args = {"path": str(path), "type": "ecdsa", "regenerate": regenerate, **more}
    look = host.look("openssh_keypair", **args)
    report = host.run("openssh_keypair", **args)
    assert words in " ".join((*report.changes, report.failed or ""))
    assert bool(look.changes) == bool(report.changes)
    assert (path.read_text() != old) == (words == "again")


def test_a_file_that_is_not_a_key_is_not_changed(host: Host) -> None:
    path = host.root / "k"
    path.write_text("precious\n")
    report = host.run("openssh_keypair", path=str(path))
    assert "is not a private key" in (report.failed or "")
    assert path.read_text() == "precious\n"


def test_absent_removes_both_files(host: Host) -> None:
    path = host.root / "k"
    host.run("openssh_keypair", path=str(path), type="ed25519")
    gone = {"path": str(path), "state": "absent"}
    assert host.run("openssh_keypair", **gone).changes == (f"remove key pair {path}",)
    assert (list(host.root.iterdir()), host.run("openssh_keypair", **gone).changes) == ([], ())
