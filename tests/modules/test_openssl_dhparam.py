"""openssl_dhparam: made once, kept where they fit, by the real openssl."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.modules.conftest import Host, listing

SMALL = 512
"""Bits that are made at once."""


def test_parameters_are_made_once_and_removed_once(host: Host) -> None:
    path = host.root / "dh params.pem"
    given: dict[str, Any] = {"path": str(path), "size": SMALL, "mode": "0640"}
    assert host.look("openssl_dhparam", **given).changes == (f"create {path}",)
    assert not listing(host.root)
    report = host.run("openssl_dhparam", **given, return_content=True)
    assert (report.failed, report.changes) == (None, (f"create {path}",))
    values = host.values("openssl_dhparam", report, **given)
    assert values == {"filename": str(path), "size": SMALL, "dhparams": path.read_text()}
    assert path.stat().st_mode & 0o777 == 0o640
    before = listing(host.root)
    assert (host.run("openssl_dhparam", **given).changes, listing(host.root)) == ((), before)
    assert host.run("openssl_dhparam", **{**given, "mode": "0644"}).changes
    gone = {"path": str(path), "state": "absent"}
    assert host.run("openssl_dhparam", **gone).changes == (f"remove {path}",)
    assert host.run("openssl_dhparam", **gone).changes == ()


def test_those_of_another_size_or_of_no_kind_give_way_with_a_copy(host: Host) -> None:
    path = host.root / "dh.pem"
    given: dict[str, Any] = {"path": str(path), "size": SMALL, "backup": True}
    path.write_text("no parameters\n")
    report = host.run("openssl_dhparam", **given)
    assert report.changes == (f"change {path}",)
    assert Path(report.get("backup_file")).read_text() == "no parameters\n"
    other = {**given, "size": 520}
    assert host.look("openssl_dhparam", **other).changes == (f"change {path}",)
    assert host.run("openssl_dhparam", **other).changes == (f"change {path}",)
    assert host.run("openssl_dhparam", **other).changes == ()
    assert host.run("openssl_dhparam", **other, force=True).changes == (f"change {path}",)


def test_what_openssl_can_not_make_is_a_failure(host: Host) -> None:
    path = host.root / "dh.pem"
    host.fake("openssl", "echo error >&2; exit 1")
    report = host.run("openssl_dhparam", path=str(path), size=SMALL)
    assert report.failed == f"openssl can't make parameters of {SMALL} bits"
    assert not path.exists()
