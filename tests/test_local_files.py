from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from provisioner.local_files import open_special, read_regular, with_home


def test_a_home_directory_is_replaced_and_an_unknown_user_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/h")
    assert with_home("~/x") == Path("/h/x")
    assert with_home("~root/x") == Path("/root/x")
    assert with_home("~no-such-user/x") == Path("~no-such-user/x")
    assert with_home("/a/~") == Path("/a/~")


def test_dev_null_is_an_empty_file() -> None:
    assert read_regular("/dev/null") == b""


def test_a_file_that_grows_beyond_the_limit_is_refused() -> None:
    with pytest.raises(OSError, match="larger than"):
        read_regular("/proc/self/maps", 100)  # has the size 0


def test_a_fifo_is_written_to_only_if_a_process_reads_it(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(OSError, match="that no process reads"):
        open_special(fifo)
    received: list[bytes] = []
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)

    def read() -> None:
        with os.fdopen(reader, "rb") as file:
            received.append(file.read())

    with open_special(fifo) as file:
        thread = threading.Thread(target=read)
        thread.start()
        file.write(b"x" * 1_000_000)  # more than a pipe holds
    thread.join()
    assert received == [b"x" * 1_000_000]


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/mem", "/tmp"])
def test_other_special_files_are_not_written_to(path: str) -> None:
    if not Path(path).exists():
        pytest.skip(f"there is no {path}")
    with pytest.raises(OSError, match="it is a"):
        open_special(path)
