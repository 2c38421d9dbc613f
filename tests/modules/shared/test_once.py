"""A local file is read once for all hosts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provisioner.modules.shared.once import once_a_file


def test_threads_that_call_at_the_same_time_wait_for_the_first(tmp_path: Path) -> None:
    calls: list[Path] = []
    gate = threading.Barrier(8)

    @once_a_file
    def size(path: Path) -> int:
        calls.append(path)
        return path.stat().st_size

    def ask(_: int) -> int:
        gate.wait()
        return size(tmp_path / "f")

    (tmp_path / "f").write_text("abc")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [3] * 8
    assert calls == [tmp_path / "f"]
    (tmp_path / "f").write_text("abcd")
    assert size(tmp_path / "f") == 4


def test_other_arguments_have_results_of_their_own(tmp_path: Path) -> None:
    @once_a_file
    def joined(path: Path, *more: str) -> str:
        return path.name + "".join(more)

    (tmp_path / "f").touch()
    assert [joined(tmp_path / "f", *more) for more in ("", "a", "b", "a")] == [
        "f",
        "fa",
        "fb",
        "fa",
    ]


def test_an_exception_is_not_cached(tmp_path: Path) -> None:
    @once_a_file
    def text(path: Path) -> str:
        content = path.read_text()
        if not content:
            raise ValueError
        return content

    path = tmp_path / "f"
    path.touch()
    with pytest.raises(ValueError):
        text(path)
    path.write_text("x")
    assert text(path) == "x"
