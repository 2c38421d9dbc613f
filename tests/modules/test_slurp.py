"""The module slurp."""

from __future__ import annotations

import base64

from tests.modules.conftest import Host


def test_any_content_is_returned(host: Host) -> None:
    path = host.root / "a b"
    data = bytes(range(256)) * 300
    path.write_bytes(data)
    values = host.values("slurp", host.look("slurp", src=str(path)), src=str(path))
    assert base64.b64decode(values["content"]) == data
    assert (values["source"], values["encoding"]) == (str(path), "base64")


def test_files_of_proc_are_read_although_their_size_is_0(host: Host) -> None:
    values = host.values("slurp", host.run("slurp", src="/proc/version"), src="/proc/version")
    assert b"Linux" in base64.b64decode(values["content"])


def test_a_missing_file_or_a_directory_is_a_failure(host: Host) -> None:
    assert host.run("slurp", src=f"{host.root}/none").failed == f"file not found: {host.root}/none"
    assert "is a directory" in (host.run("slurp", src=str(host.root)).failed or "")
