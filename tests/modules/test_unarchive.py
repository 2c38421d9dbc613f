"""The module unarchive, with the tar and unzip of this machine."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

FILES = {
    "top/a b": b"one\n",
    "top/it's": b"two\0\xff",
    "top/empty": b"",
    "top/d/run": b"#!/bin/sh\n",
}


def create_tar(path: Path, mode: str = "w:gz", more: dict[str, bytes] | None = None) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name in ("top", "top/d", "top/void"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(with_own_ids(entry))
        for name, data in (FILES | (more or {})).items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o755 if "run" in name else 0o644, 1e9
            archive.addfile(with_own_ids(entry), io.BytesIO(data))
        for name, kind, target in (
            ("top/link", tarfile.SYMTYPE, "a b"),
            ("top/hard", tarfile.LNKTYPE, "top/it's"),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            archive.addfile(with_own_ids(entry))
    return path


def with_own_ids(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid, entry.gid = os.getuid(), os.getgid()
    return entry


def create_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("top/void/", b"")
        for name, data in FILES.items():
            archive.writestr(name, data)
    return path


def create_archive(host: Host, kind: str, folder: Path) -> Path:
    if kind == "zip":
        return create_zip(folder / "x.zip")
    return create_tar(
        folder / f"x.{kind}", {"tar": "w", "tgz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}[kind]
    )


def content(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name != "hard"
    }


def run_twice(host: Host, **arguments: Any) -> Path:
    """Look, run, run again and look again. Return the directory."""
    dest = host.root / "dest"
    dest.mkdir(exist_ok=True)
    arguments = {"dest": str(dest), **arguments}
    before = listing(host.root)
    assert host.look("unarchive", **arguments).changes
    assert listing(host.root) == before
    report = host.run("unarchive", **arguments)
    assert (report.failed, len(report.changes) > 0) == (None, True)
    before = listing(host.root)
    again = host.run("unarchive", **arguments)
    assert (again.failed, again.changes) == (None, ())
    looked = host.look("unarchive", **arguments)
    assert (looked.failed, looked.changes) == (None, ())
    assert listing(host.root) == before
    return dest


@pytest.mark.parametrize("kind", ["tar", "tgz", "bz2", "xz", "zip"])
@pytest.mark.parametrize("remote", [False, True], ids=["controller", "host"])
def test_an_archive_is_unpacked_once(host: Host, kind: str, remote: bool) -> None:
    archive = create_archive(host, kind, host.root if remote else host.context.folder)
    source = str(archive) if remote else archive.name
    dest = run_twice(host, src=source, remote_src=remote)
    assert content(dest) == FILES
    assert (dest / "top" / "void").is_dir()
    if kind != "zip":
        assert str((dest / "top" / "link").readlink()) == "a b"
        assert (dest / "top" / "hard").read_bytes() == FILES["top/it's"]
    (dest / "top" / "a b").write_text("another")
    run_twice(host, src=source, remote_src=remote)
    (dest / "top" / "d" / "run").unlink()
    run_twice(host, src=source, remote_src=remote)
    assert content(dest) == FILES


def test_with_options_that_rename_files_tar_compares_the_archive(host: Host) -> None:
    create_tar(host.context.folder / "x.tgz")
    dest = run_twice(host, src="x.tgz", extra_opts=["--transform=s/^top/new/"])
    assert content(dest / "new") == {name.removeprefix("top/"): FILES[name] for name in FILES}


@pytest.mark.parametrize("remote", [False, True], ids=["controller", "host"])
def test_components_are_stripped(host: Host, remote: bool) -> None:
    archive = create_tar((host.root if remote else host.context.folder) / "x.tgz")
    source = str(archive) if remote else archive.name
    dest = run_twice(host, src=source, remote_src=remote, extra_opts=["--strip-components=1"])
    assert content(dest) == {name.removeprefix("top/"): FILES[name] for name in FILES}
    report = host.run(
        "unarchive",
        src=source,
        dest=str(dest),
        remote_src=remote,
        extra_opts=["--strip-components=1"],
        list_files=True,
    )
    assert "" not in report.get("files").split("\n")
    assert "d/run" in report.get("files").split("\n")


@pytest.mark.parametrize("kind", ["tgz", "zip"])
@pytest.mark.parametrize("remote", [False, True], ids=["controller", "host"])
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"exclude": ["top/d/*", "top/*b"]}, ["top/empty", "top/it's"]),
        ({"include": ["top/d/*"]}, ["top/d/run"]),
    ],
    ids=["exclude", "include"],
)
def test_include_and_exclude_select_the_names(
    host: Host, kind: str, remote: bool, arguments: dict[str, Any], names: list[str]
) -> None:
    archive = create_archive(host, kind, host.root if remote else host.context.folder)
    source = str(archive) if remote else archive.name
    dest = run_twice(host, src=source, remote_src=remote, **arguments)
    assert sorted(content(dest)) == names


@pytest.mark.parametrize("kind", ["tgz", "zip"])
@pytest.mark.parametrize("remote", [False, True], ids=["controller", "host"])
def test_all_files_get_the_mode_and_their_names_are_returned(
    host: Host, kind: str, remote: bool
) -> None:
    archive = create_archive(host, kind, host.root if remote else host.context.folder)
    source = str(archive) if remote else archive.name
    arguments = {"src": source, "remote_src": remote, "mode": "u=rwX,go=", "list_files": True}
    dest = run_twice(host, **arguments)
    assert {path.stat().st_mode & 0o777 for path in dest.rglob("*") if path.is_file()} <= {
        0o600,
        0o700,
    }
    (dest / "top" / "empty").chmod(0o644)
    report = host.run("unarchive", dest=str(dest), **arguments)
    assert report.changes == (f"set mode of {dest}/top/empty: u=rwX,go=",)
    values = host.values("unarchive", report, dest=str(dest), **arguments)
    assert {"top/a b", "top/it's", "top/void/"} <= set(values["files"])
    assert (values["dest"], values["state"]) == (str(dest), "directory")


def test_newer_files_are_kept_with_keep_newer(host: Host) -> None:
    create_tar(host.context.folder / "x.tgz")
    dest = run_twice(host, src="x.tgz", keep_newer=True)
    (dest / "top" / "a b").write_text("mine")
    assert not host.run("unarchive", src="x.tgz", dest=str(dest), keep_newer=True).changes
    assert host.run("unarchive", src="x.tgz", dest=str(dest)).changes


def test_nothing_is_unpacked_if_creates_exists(host: Host) -> None:
    create_tar(host.context.folder / "x.tgz")
    (host.root / "there").touch()
    report = host.run("unarchive", src="x.tgz", dest="/no/where", creates=f"{host.root}/th*")
    assert (report.failed, report.changes) == (None, ())


def test_a_missing_archive_or_directory_is_a_change_for_a_look_and_a_failure_otherwise(
    host: Host,
) -> None:
    create_tar(host.context.folder / "x.tgz")
    for arguments, words in (
        ({"src": "x.tgz", "dest": f"{host.root}/no"}, "is not a directory"),
        ({"src": "/no.tgz", "dest": str(host.root), "remote_src": True}, "/no.tgz does not exist"),
    ):
        assert host.look("unarchive", **arguments).changes
        assert words in (host.run("unarchive", **arguments).failed or "")


@pytest.mark.parametrize("head", [b"PK", b"\x1f\x8b", b"no"], ids=["zip", "gzip", "other"])
def test_a_broken_archive_on_the_host_is_a_failure(host: Host, head: bytes) -> None:
    (host.root / "x").write_bytes(head + b"broken" * 200)
    (host.root / "dest").mkdir()
    arguments = {"src": f"{host.root}/x", "dest": f"{host.root}/dest", "remote_src": True}
    assert host.look("unarchive", **arguments).changes
    assert "unpack x into" in (host.run("unarchive", **arguments).failed or "")
    assert not list((host.root / "dest").iterdir())


def test_a_name_that_leaves_the_directory_is_not_unpacked_there(host: Host) -> None:
    create_tar(host.context.folder / "x.tgz", more={"top/../../evil": b"x"})
    (host.root / "dest").mkdir()
    assert host.run("unarchive", src="x.tgz", dest=f"{host.root}/dest").failed
    assert not (host.root / "evil").exists()


def test_wrong_arguments_are_refused() -> None:
    for arguments in ({"include": ["a"], "exclude": ["b"]}, {"copy": True, "remote_src": True}):
        with pytest.raises(InvalidArguments):
            find_module("unarchive").from_arguments({"src": "x", "dest": "/x", **arguments})
    assert find_module("unarchive").from_arguments({"src": "x", "dest": "/x", "copy": False})
