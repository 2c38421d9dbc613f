"""The module stat."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from tests.modules.conftest import Host, listing


def look_at(host: Host, path: Path | str, **arguments: Any) -> dict[str, Any]:
    before = listing(host.root)
    arguments["path"] = str(path)
    report = host.look("stat", **arguments)
    assert report.failed is None
    assert report.changes == ()
    assert listing(host.root) == before
    values: dict[str, Any] = host.values("stat", report, **arguments)["stat"]
    return values


def test_a_missing_path_returns_only_exists(host: Host) -> None:
    assert look_at(host, host.root / "none") == {"exists": False}
    (host.root / "f").touch()
    assert look_at(host, host.root / "f" / "below") == {"exists": False}


def test_the_values_of_a_file_agree_with_python(host: Host) -> None:
    path = host.root / "a b"
    path.write_bytes(b"abc\0")
    os.chown(path, 1, 2)
    path.chmod(0o4751)
    expected, values = path.stat(), look_at(host, path)
    assert values["exists"] is True
    assert values["path"] == str(path)
    assert (values["mode"], values["size"], values["inode"]) == ("4751", 4, expected.st_ino)
    assert (values["dev"], values["nlink"], values["blocks"]) == (
        expected.st_dev,
        1,
        expected.st_blocks,
    )
    assert (values["uid"], values["gid"]) == (1, 2)
    assert (values["pw_name"], values["gr_name"]) == ("daemon", "bin")
    for key in ("atime", "mtime", "ctime"):
        assert values[key] == pytest.approx(getattr(expected, f"st_{key}"), abs=1e-6)
    true = {key for key, value in values.items() if value is True}
    assert true == {
        *("exists", "isreg", "isuid", "rusr", "wusr", "xusr", "rgrp", "xgrp", "xoth"),
        *("readable", "writeable", "executable"),
    }
    assert values["checksum"] == hashlib.sha1(b"abc\0").hexdigest()


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_the_checksum_has_the_requested_algorithm(host: Host, algorithm: str) -> None:
    (host.root / "f").write_text("x")
    values = look_at(host, host.root / "f", checksum_algorithm=algorithm)
    assert values["checksum"] == hashlib.new(algorithm, b"x").hexdigest()
    assert "checksum" not in look_at(host, host.root / "f", get_checksum=False)


def test_a_link_is_returned_or_followed(host: Host) -> None:
    (host.root / "f").write_text("x")
    (host.root / "l").symlink_to("f")
    (host.root / "dead").symlink_to("none")
    values = look_at(host, host.root / "l")
    assert (values["islnk"], values["isreg"]) == (True, False)
    assert (values["lnk_target"], values["lnk_source"]) == ("f", f"{host.root}/f")
    assert "checksum" not in values
    values = look_at(host, host.root / "l", follow=True)
    assert (values["islnk"], values["isreg"], values["size"]) == (False, True, 1)
    assert look_at(host, host.root / "dead")["islnk"]
    assert look_at(host, host.root / "dead", follow=True) == {"exists": False}


KINDS = {"/dev/null": "ischr", "/tmp": "isdir", "/etc/passwd": "isreg"}


@pytest.mark.parametrize("path", KINDS)
def test_exactly_one_type_of_a_path_is_true(host: Host, path: str) -> None:
    values = look_at(host, path)
    kinds = ("isreg", "isdir", "ischr", "isblk", "isfifo", "islnk", "issock")
    assert [kind for kind in kinds if values[kind]] == [KINDS[path]]


def test_a_pipe_is_not_read(host: Host) -> None:
    os.mkfifo(host.root / "p")
    assert look_at(host, host.root / "p")["isfifo"]


def test_mime_type_and_attributes_are_returned(host: Host) -> None:
    host.fake("file", "echo 'text/plain; charset=us-ascii'")
    host.fake("lsattr", "echo '2731 ----i---------e---- /path'")
    (host.root / "f").write_text("x")
    values = look_at(host, host.root / "f")
    assert (values["mimetype"], values["charset"]) == ("text/plain", "us-ascii")
    assert (values["attr_flags"], values["version"]) == ("ie", "2731")
    assert values["attributes"] == ["immutable", "extents"]
    host.calls()
    values = look_at(host, host.root / "f", get_mime=False, get_attributes=False)
    assert not {"mimetype", "attributes"} & values.keys()
    assert host.calls() == []


def test_without_file_and_lsattr_the_values_are_unknown(host: Host) -> None:
    host.fake("file", "exit 127")
    host.fake("lsattr", "exit 1")
    values = look_at(host, host.root)
    assert (values["mimetype"], values["charset"]) == ("unknown", "unknown")
    assert values["attributes"] == []
