"""The module fetch."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from provisioner.engine.results import result_of
from provisioner.modules import fetch, find_module
from provisioner.modules.framework.base import ModuleError
from provisioner.remote.shell import Mode, Program
from provisioner.result import Result
from tests.modules.conftest import Host, listing

DATA = b"a\0b\xff\n" * 1000


def run_fetch(host: Host, how: Mode = "apply", /, **arguments: Any) -> Result:
    """Return the result, as the engine makes it from the module's report."""
    module = find_module("fetch").from_arguments(arguments)
    report = host.exchange(module.program(host.context), how)
    if (edit := module.edit(report)) is not None:
        report = host.exchange(edit, how)
    return result_of(module, report, diff=False)


@pytest.mark.parametrize("data", [DATA, b"", b"x"], ids=["bytes", "empty", "small"])
def test_a_file_is_fetched_once_below_the_hosts_name(host: Host, data: bytes) -> None:
    path = host.root / "it's a file"
    path.write_bytes(data)
    local = host.context.folder / "got" / "web1" / str(path).lstrip("/")
    before = listing(host.context.folder), listing(host.root)
    arguments = {"src": str(path), "dest": "got"}
    assert run_fetch(host, "look", **arguments).changes == (f"fetch {path} to {local}",)
    assert (listing(host.context.folder), listing(host.root)) == before
    result = run_fetch(host, **arguments)
    assert (result.failed, local.read_bytes()) == (False, data)
    sha1 = hashlib.sha1(data).hexdigest()
    assert result.returns["checksum"] == result.returns["remote_checksum"] == sha1
    assert (result.returns["dest"], result.returns["file"]) == (str(local), str(path))
    before = listing(host.context.folder), listing(host.root)
    again = run_fetch(host, **arguments)
    assert (again.failed, again.changes) == (False, ())
    assert (listing(host.context.folder), listing(host.root)) == before
    local.write_bytes(b"another")
    assert run_fetch(host, **arguments).changes
    assert local.read_bytes() == data


def test_flat_names_the_file_or_its_directory(host: Host) -> None:
    (host.root / "f").write_bytes(DATA)
    for dest in ("here/", "here/g"):
        assert run_fetch(host, src=f"{host.root}/f", dest=dest, flat=True).changes
        assert not run_fetch(host, src=f"{host.root}/f", dest=dest, flat=True).changes
    assert (host.context.folder / "here" / "f").read_bytes() == DATA
    assert (host.context.folder / "here" / "g").read_bytes() == DATA
    with pytest.raises(ModuleError, match="is a directory"):
        run_fetch(host, src=f"{host.root}/f", dest="here", flat=True)


def test_a_file_of_size_0_with_content_is_fetched(host: Host) -> None:
    assert run_fetch(host, src="/proc/version", dest="v", flat=True).changes
    assert (host.context.folder / "v").read_bytes() == Path("/proc/version").read_bytes()


def test_a_missing_file_fails_unless_that_is_allowed(host: Host) -> None:
    arguments = {"src": "/no/file", "dest": "got"}
    assert "/no/file does not exist" in run_fetch(host, **arguments).message
    assert run_fetch(host, "look", **arguments).changes
    result = run_fetch(host, **arguments, fail_on_missing=False)
    assert (result.failed, result.changes) == (False, ())
    assert result.message == "the remote file does not exist, not transferring, ignored"


def test_a_directory_is_refused(host: Host) -> None:
    assert "is a directory" in run_fetch(host, src=str(host.root), dest="got").message


def test_a_tilde_is_the_home_on_the_host(host: Host) -> None:
    result = run_fetch(host, "look", src="~/no such file", dest="got", fail_on_missing=False)
    assert result.returns["file"].startswith("/")
    assert result.returns["file"].endswith("/no such file")


def test_dots_in_the_path_do_not_leave_the_directory(host: Host) -> None:
    (host.root / "f").write_bytes(DATA)
    result = run_fetch(host, src=f"/../../{host.root}/../root/f", dest="got")
    assert result.returns["dest"].startswith(f"{host.context.folder}/got/web1/")
    assert ".." not in result.returns["dest"]


def test_a_path_that_can_not_be_written_is_a_failure_with_the_reason(host: Host) -> None:
    (host.root / "f").write_bytes(DATA)
    (host.context.folder / "got").write_text("a file")
    result = run_fetch(host, src=f"{host.root}/f", dest="got")
    assert result.failed
    assert "can't be written on the controller: " in result.message


def test_the_md5_of_a_file_is_only_computed_if_the_result_is_registered(host: Host) -> None:
    (host.root / "f").write_bytes(DATA)
    host.context.registered = False
    result = run_fetch(host, src=f"{host.root}/f", dest="f", flat=True)
    assert result.returns["checksum"] == hashlib.sha1(DATA).hexdigest()
    assert "md5sum" not in result.returns


def test_a_look_at_a_file_of_another_size_does_not_read_it(host: Host) -> None:
    (host.root / "f").write_bytes(DATA)
    for name in ("sha1sum", "openssl"):
        host.fake(name, "exit 1")
    result = run_fetch(host, "look", src=f"{host.root}/f", dest="f", flat=True)
    assert result.changes == (f"fetch {host.root}/f to {host.context.folder}/f",)
    assert result.returns == {"file": f"{host.root}/f", "dest": f"{host.context.folder}/f"}
    assert host.calls() == []


def test_a_large_file_is_fetched_as_a_stream(host: Host) -> None:
    data = DATA * 1000
    (host.root / "f").write_bytes(data)
    arguments = {"src": f"{host.root}/f", "dest": "f", "flat": True}
    result = run_fetch(host, **arguments)
    assert (host.context.folder / "f").read_bytes() == data
    assert result.returns["checksum"] == hashlib.sha1(data).hexdigest()
    assert result.returns["md5sum"] == hashlib.md5(data).hexdigest()
    (host.root / "f").write_bytes(data[::-1])  # the same size: only the checksum differs
    assert run_fetch(host, **arguments).changes
    assert (host.context.folder / "f").read_bytes() == data[::-1]
    assert [path.name for path in host.context.folder.iterdir()] == ["f"]


@pytest.mark.parametrize("fails", [None, 1, 3], ids=["never", "first", "third"])
def test_a_file_is_flushed_while_it_arrives_and_an_error_is_a_failure(
    host: Host, monkeypatch: pytest.MonkeyPatch, fails: int | None
) -> None:
    monkeypatch.setattr(fetch, "PIECE", 1 << 20)
    flushed: list[int] = []

    def fsync(number: int) -> None:
        flushed.append(number)
        if len(flushed) == fails:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    data = DATA * 1000
    (host.root / "f").write_bytes(data)
    result = run_fetch(host, src=f"{host.root}/f", dest="f", flat=True)
    assert result.failed == (fails is not None)
    if fails:
        assert result.message.endswith("can't be written on the controller: Input/output error")
        assert list(host.context.folder.iterdir()) == []
    else:
        assert (host.context.folder / "f").read_bytes() == data
        assert len(flushed) > 3


@pytest.mark.parametrize("change", ["echo more >>", "echo less >"])
def test_a_file_that_changes_while_it_is_fetched_is_not_kept(host: Host, change: str) -> None:
    (host.root / "f").write_bytes(DATA)
    (host.context.folder / "f").write_text("old")
    script = f'case $* in *count={len(DATA)}*) {change}{host.root}/f;; esac; exec /bin/dd "$@"'
    host.fake("dd", script)
    result = run_fetch(host, src=f"{host.root}/f", dest="f", flat=True)
    assert "changed while it was fetched" in result.message
    assert (host.context.folder / "f").read_text() == "old"
    assert [path.name for path in host.context.folder.iterdir()] == ["f"]
    assert host.exchange(Program("t", "report x y"), "look").get("x") == "y"


def test_without_a_working_openssl_sha1sum_computes_the_checksum_of_a_large_file(
    host: Host,
) -> None:
    data = DATA * 1000
    (host.root / "f").write_bytes(data)
    host.fake("openssl", "exit 1")
    arguments = {"src": f"{host.root}/f", "dest": "f", "flat": True}
    assert run_fetch(host, **arguments).returns["checksum"] == hashlib.sha1(data).hexdigest()
    assert (host.context.folder / "f").read_bytes() == data
    assert not run_fetch(host, **arguments).changes
    assert set(host.calls()) == {"openssl dgst -sha1 -r"}
