"""Large files: streamed, summed on the way, proved, and never half there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from provisioner.errors import Lost
from provisioner.modules.base import FileAttributes
from provisioner.modules.content import write
from provisioner.remote import streams
from provisioner.remote.session import Session, Step
from provisioner.remote.shell import Program
from tests.modules.conftest import Host

DATA = bytes(range(256)) * 20_000  # 5 MB: openssl is asked from 4 MiB on


@pytest.fixture
def big(host: Host) -> Path:
    path = host.sources.folder / "big"
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


def test_without_a_working_openssl_a_large_file_is_summed_by_sha256sum(
    host: Host, big: Path
) -> None:
    host.fake("openssl", "exit 1")
    arguments = {"src": "big", "dest": f"{host.root}/f"}
    assert host.run("copy", **arguments).changes
    assert (host.root / "f").read_bytes() == DATA
    assert not host.run("copy", **arguments).changes
    assert set(host.calls()) == {"openssl dgst -sha256 -r"}


def test_a_local_file_that_changes_on_the_way_leaves_the_old_one(host: Host, big: Path) -> None:
    (host.root / "f").write_text("old")
    program = write(f"{host.root}/f", big, FileAttributes())
    big.write_bytes(DATA[::-1])
    report = host.exchange(program, "apply")
    assert report.failed == (
        f"can't write {host.root}/f: it arrived with another checksum than it was sent with."
        " It is as it was."
    )
    assert names(host.root) == ["f"]
    assert (host.root / "f").read_text() == "old"


def test_a_connection_that_is_cut_leaves_no_half_file_and_the_next_run_starts_anew(
    host: Host, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (host.root / "f").write_text("old")
    program = write(f"{host.root}/f", big, FileAttributes())

    def cut(_content: object, size: int) -> list[bytes]:
        host.session.close()
        raise Lost("cut in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(streams, "chunks", cut)
        with pytest.raises(Lost):
            list(host.session.exchange([Step(program, "apply")]))
    assert (host.root / "f").read_text() == "old"
    other = Session(host.session._connection)
    (report,) = other.exchange([Step(program, "apply")])
    assert report.done
    assert names(host.root) == ["f"]
    assert hashlib.sha256((host.root / "f").read_bytes()).digest() == hashlib.sha256(DATA).digest()


def test_a_file_that_is_written_by_another_meanwhile_is_noticed(host: Host) -> None:
    """The proof rests on the very file: another one in its place is read anew."""
    body = 'mv() { command mv "$@" && rm -f "$path" && echo other >"$path"; }; '
    program = write(f"{host.root}/f", b"content", FileAttributes())
    meddled = Program("meddled", body + program.body, program.variables, program.content)
    report = host.exchange(meddled, "apply")
    assert "holds something else right after it was written" in (report.failed or "")
