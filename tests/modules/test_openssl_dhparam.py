"""The module openssl_dhparam, with the real openssl."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.modules.conftest import Host, listing

SMALL = 512
"""A size in bits that takes no time."""


def test_parameters_are_created_once_and_removed_once(host: Host) -> None:
    path = host.root / "dh params.pem"
    args: dict[str, Any] = {"path": str(path), "size": SMALL, "mode": "0640"}
    assert host.look("openssl_dhparam", **args).changes == (f"create {path}",)
    assert not listing(host.root)
    report = host.run("openssl_dhparam", **args, return_content=True)
    assert (report.failed, report.changes) == (None, (f"create {path}",))
    values = host.values("openssl_dhparam", report, **args)
    assert values == {"filename": str(path), "size": SMALL, "dhparams": path.read_text()}
    assert path.stat().st_mode & 0o777 == 0o640
    before = listing(host.root)
    assert (host.run("openssl_dhparam", **args).changes, listing(host.root)) == ((), before)
    assert host.run("openssl_dhparam", **{**args, "mode": "0644"}).changes
    gone = {"path": str(path), "state": "absent"}
    assert host.run("openssl_dhparam", **gone).changes == (f"remove {path}",)
    assert host.run("openssl_dhparam", **gone).changes == ()


def test_other_parameters_or_files_are_replaced_with_a_backup(host: Host) -> None:
    path = host.root / "dh.pem"
    args: dict[str, Any] = {"path": str(path), "size": SMALL, "backup": True}
    path.write_text("no parameters\n")
    report = host.run("openssl_dhparam", **args)
    assert report.changes == (f"change {path}",)
    assert Path(report.get("backup_file")).read_text() == "no parameters\n"
    other = {**args, "size": 520}
    assert host.look("openssl_dhparam", **other).changes == (f"change {path}",)
    assert host.run("openssl_dhparam", **other).changes == (f"change {path}",)
    assert host.run("openssl_dhparam", **other).changes == ()
    assert host.run("openssl_dhparam", **other, force=True).changes == (f"change {path}",)


def test_a_size_that_openssl_refuses_is_a_failure(host: Host) -> None:
    path = host.root / "dh.pem"
    host.fake("openssl", "echo error >&2; exit 1")
    report = host.run("openssl_dhparam", path=str(path), size=SMALL)
    assert report.failed == f"openssl can't make parameters of {SMALL} bits"
    assert not path.exists()
