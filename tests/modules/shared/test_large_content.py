"""Writing large files, which are streamed and whose checksum is computed meanwhile."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from provisioner.errors import ConnectionLost
from provisioner.modules import find_module
from provisioner.modules.framework.base import FileAttributes, ModuleError
from provisioner.modules.shared.content import write
from provisioner.remote import streams
from provisioner.remote.session import Session
from provisioner.remote.shell import Program, Step
from tests.modules.conftest import Host

DATA = bytes(range(256)) * 20_000  # 5 MB: openssl is asked from 4 MiB on


class Slow:
    """A checksum that is not known before it is waited for."""

    def __init__(self, sha256: str) -> None:
        self._sha256 = sha256
        self.registered = 0

    def now(self) -> str:
        return ""

    def wait(self) -> str:
        self.registered += 1
        return self._sha256


@pytest.fixture
def big(host: Host) -> Path:
    path = host.context.folder / "big"
    path.write_bytes(DATA)
    return path


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_large_file_arrives_and_is_not_sent_again(host: Host, big: Path) -> None:
    arguments = {"src": "big", "dest": f"{host.root}/f", "mode": "0640"}
    assert host.run("copy", **arguments).changes == (f"create {host.root}/f",)
    assert (host.root / "f").read_bytes() == DATA
    again = host.run("copy", **arguments)
    assert again.done
    assert not again.changes
    assert "want" not in again.records


def test_without_a_working_openssl_sha256sum_computes_the_checksum_of_a_large_file(
    host: Host, big: Path
) -> None:
    host.fake("openssl", "exit 1")
    arguments = {"src": "big", "dest": f"{host.root}/f"}
    assert host.run("copy", **arguments).changes
    assert (host.root / "f").read_bytes() == DATA
    assert not host.run("copy", **arguments).changes
    assert set(host.calls()) == {"openssl dgst -sha256 -r"}


def in_pieces(program: Program, size: int = 1 << 20) -> Program:
    """Return the program with pieces of `size` bytes."""
    return replace(program, module="pieces", body=f"_piece={size}\n{program.body}")


def test_a_large_file_is_flushed_to_the_disk_while_it_arrives(host: Host, big: Path) -> None:
    host.fake("dd", 'exec /bin/dd "$@"')
    program = in_pieces(write(f"{host.root}/f", big, FileAttributes()))
    assert host.exchange(program, "apply").done
    assert (host.root / "f").read_bytes() == DATA
    assert host.calls().count("dd conv=fsync") == 6


def test_a_disk_error_while_the_file_arrives_keeps_the_old_file(host: Host, big: Path) -> None:
    (host.root / "f").write_text("old")
    words = "dd: fsync failed for 'standard output': Input/output error"
    once = f'[ -e {host.root}/failed ] || {{ : >{host.root}/failed; echo "{words}" >&2; exit 1; }}'
    host.fake("dd", f'[ "$*" != conv=fsync ] || {{ {once}; }}; exec /bin/dd "$@"')
    report = host.exchange(in_pieces(write(f"{host.root}/f", big, FileAttributes())), "apply")
    assert report.failed == f"can't write {host.root}/f: Input/output error. It is unchanged."
    assert names(host.root) == ["f", "failed"]
    assert (host.root / "f").read_text() == "old"
    assert host.exchange(Program("t", "report x y"), "look").get("x") == "y"


@pytest.mark.parametrize("size", [65535, 65536, 65537, 4_000_000, len(DATA) - 1, len(DATA)])
def test_a_file_arrives_in_pieces_of_any_size(host: Host, big: Path, size: int) -> None:
    program = in_pieces(write(f"{host.root}/f", big, FileAttributes()), size)
    assert host.exchange(program, "apply").done
    assert (host.root / "f").read_bytes() == DATA


@pytest.mark.parametrize("size", [30_000, 32_768, 65_536, 1 << 20])
def test_a_disk_that_is_full_in_any_piece_does_not_end_the_session(
    host: Host, small: Path, big: Path, size: int
) -> None:
    (small / "f").write_text("old")
    report = host.exchange(in_pieces(write(f"{small}/f", big, FileAttributes()), size), "apply")
    assert report.failed == f"can't write {small}/f: No space left on device. It is unchanged."
    assert names(small) == ["f"]
    assert (small / "f").read_text() == "old"
    assert host.exchange(Program("t", "report x y"), "look").get("x") == "y"


@pytest.mark.parametrize("size", [1 << 20, 1 << 30], ids=["pieces", "whole"])
def test_the_session_ends_if_the_number_of_bytes_read_is_unknown(
    host: Host, big: Path, size: int
) -> None:
    (host.root / "f").write_text("old")
    kill = "/bin/dd bs=9 count=1 of=/dev/null 2>&1; kill -9 $$"
    host.fake("dd", f'case $* in *iflag=fullblock,count_bytes*) {kill};; esac; exec /bin/dd "$@"')
    program = in_pieces(write(f"{host.root}/f", big, FileAttributes()), size)
    frames = (Step(each, "apply") for each in (program, Program("t", "report x y")))
    with pytest.raises(ConnectionLost):  # while the rest is sent, or in the next frame
        list(chain.from_iterable(host.session.exchange([step]) for step in frames))
    assert (host.root / "f").read_text() == "old"


@pytest.mark.parametrize(
    "old", [None, b"old", DATA[::-1], DATA], ids=["none", "old", "like", "same"]
)
def test_a_checksum_that_is_not_known_yet_is_asked_for_only_if_it_is_needed(
    host: Host, big: Path, old: bytes | None
) -> None:
    path = host.root / "f"
    if old is not None:
        path.write_bytes(old)
    late = Slow(hashlib.sha256(DATA).hexdigest())
    program = replace(write(str(path), big, FileAttributes()), sum=late)
    look = host.exchange(program, "look")
    assert bool(look.changes) == (old != DATA)
    assert late.registered == (old is not None and len(old) == len(DATA))
    report = host.exchange(program, "apply")
    assert report.changes == look.changes
    assert path.read_bytes() == DATA
    assert names(host.root) == ["f"]
    assert host.exchange(Program("t", "report x y"), "look").get("x") == "y"


def test_a_file_with_another_checksum_than_the_one_that_comes_late_is_removed(
    host: Host, big: Path
) -> None:
    program = replace(write(f"{host.root}/f", big, FileAttributes()), sum=Slow("0" * 64))
    assert "checksum of the received content is wrong" in (
        host.exchange(program, "apply").failed or ""
    )
    assert names(host.root) == []
    assert host.exchange(Program("t", "report x y"), "look").get("x") == "y"


def test_a_late_checksum_of_a_failed_program_does_not_reach_the_next_one(
    host: Host, big: Path
) -> None:
    failing = Program("t", "ask 0 0 sum; fail early", {}, big, sum=Slow("1" * 64))
    assert host.exchange(failing, "apply").failed == "early"
    assert host.exchange(Program("u", "report x y"), "look").get("x") == "y"


def test_the_checksum_of_a_large_file_is_returned_although_the_host_did_not_get_it(
    host: Host, big: Path
) -> None:
    module = find_module("copy").from_arguments({"src": "big", "dest": f"{host.root}/f"})
    program = module.program(host.context)
    assert program.sum is not None
    values = module.returns(host.exchange(program, "apply"))
    assert values["checksum"] == hashlib.sha1(DATA).hexdigest()
    host.context.registered = False
    program = module.program(host.context)
    assert "checksum" not in module.returns(host.exchange(program, "apply"))
    wrong = {"src": "big", "dest": f"{host.root}/f", "checksum": "0" * 40}
    with pytest.raises(ModuleError, match="has the SHA-1"):
        find_module("copy").from_arguments(wrong).program(host.context)


def test_a_local_file_that_changes_while_it_is_sent_keeps_the_old_file(
    host: Host, big: Path
) -> None:
    (host.root / "f").write_text("old")
    program = write(f"{host.root}/f", big, FileAttributes())
    assert program.sum is not None
    program.sum.wait()
    big.write_bytes(DATA[::-1])
    report = host.exchange(program, "apply")
    assert report.failed == (
        f"can't write {host.root}/f: the checksum of the received content is wrong."
        " It is unchanged."
    )
    assert names(host.root) == ["f"]
    assert (host.root / "f").read_text() == "old"


def test_a_lost_connection_leaves_no_partial_file_and_the_next_run_starts_again(
    host: Host, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (host.root / "f").write_text("old")
    program = write(f"{host.root}/f", big, FileAttributes())

    def cut(_content: object, size: int) -> list[bytes]:
        host.session.close()
        raise ConnectionLost("cut in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(streams, "chunks", cut)
        with pytest.raises(ConnectionLost):
            list(host.session.exchange([Step(program, "apply")]))
    assert (host.root / "f").read_text() == "old"
    other = Session(host.session._connection)
    (report,) = other.exchange([Step(program, "apply")])
    assert report.done
    assert names(host.root) == ["f"]
    assert hashlib.sha256((host.root / "f").read_bytes()).digest() == hashlib.sha256(DATA).digest()


def test_a_file_that_something_else_replaces_meanwhile_is_a_failure(host: Host) -> None:
    """After the write the file is identified by its inode; another file is read again."""
    body = 'mv() { command mv "$@" && rm -f "$path" && echo other >"$path"; }; '
    program = write(f"{host.root}/f", b"content", FileAttributes())
    meddled = Program("meddled", body + program.body, program.variables, program.content)
    report = host.exchange(meddled, "apply")
    assert "has other content right after it was written" in (report.failed or "")
