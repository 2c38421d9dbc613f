"""Profile a second run of provision: cProfile in every thread, in CPU seconds."""

from __future__ import annotations

import contextlib
import cProfile
import io
import pstats
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import hosts
from benchmarks.measure import run
from benchmarks.tools import Cell, find_tool


def profile(count: int, lines: int) -> None:
    """Print the most expensive functions of a run on `count` hosts, and the number of frames.

    The profiler slows Python functions down more than C functions: use its shares, not its sums.
    The wall and CPU time in the first line are of a run without the profiler.
    """
    with (
        tempfile.TemporaryDirectory(prefix="provision-bench-") as folder,
        hosts.fleet(Path(folder), count, [0]) as fleet,
    ):
        cell = Cell(fleet, count, 0)
        hosts.reset(cell.members())
        provision = find_tool("provision", Path())
        command = provision.command(cell)
        log = cell.folder / "log"
        run(command, provision.environ(cell), log)
        plain = run(command, provision.environ(cell), log)
        stats = _profiled(command[command.index("provisioner") + 1 :])
    print(f"{count} hosts: {plain.wall:.2f} s, CPU {plain.cpu:.2f} s, not profiled")
    print(f"frames: {_calls(stats, '_frame') / count:.2f} a host")
    for order in ("tottime", "cumtime"):
        stats.sort_stats(order).print_stats(lines)


def _profiled(arguments: Sequence[str]) -> pstats.Stats:
    """Run the command line in this process, with a profiler in each thread."""
    profilers: list[cProfile.Profile] = []

    def begin(*_: Any) -> None:
        sys.setprofile(None)
        profilers.append(cProfile.Profile(time.thread_time))
        profilers[-1].enable()

    threading.setprofile(begin)
    try:
        begin()
        with contextlib.redirect_stdout(io.StringIO()):
            from provisioner.cli import dispatch

            dispatch(list(arguments))
    finally:
        threading.setprofile(None)
        profilers[0].disable()
    stats = pstats.Stats(profilers[0], stream=sys.stdout)
    for profiler in profilers[1:]:
        with contextlib.suppress(TypeError):  # of a thread without any call
            stats.add(profiler)
    return stats.strip_dirs()


def _calls(stats: pstats.Stats, name: str) -> int:
    rows = stats.stats  # type: ignore[attr-defined]
    return sum(int(row[0]) for key, row in rows.items() if key[2] == name)
