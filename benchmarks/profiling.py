"""Where provision's own CPU time goes in a second run: cProfile in every thread, in CPU seconds."""

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
from benchmarks.tools import Cell, tool


def profile(count: int, lines: int) -> None:
    """Print the most expensive functions of a run on `count` hosts, and how many frames it took.

    The profiler makes Python's own calls dearer than what C does: take shares, not sums, from it.
    The CPU time that is named first is of a run without it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="provision-bench-") as folder,
        hosts.fleet(Path(folder), count, [0]) as fleet,
    ):
        cell = Cell(fleet, count, 0)
        hosts.reset(cell.members())
        provision = tool("provision", Path())
        command = provision.command(cell)
        log = cell.folder / "log"
        run(command, provision.environ(cell), log)
        plain = run(command, provision.environ(cell), log)
        stats = _profiled(command[command.index("provisioner") + 1 :])
    print(f"{count} hosts: {plain.wall:.2f} s, CPU {plain.cpu:.2f} s, unprofiled")
    print(f"frames: {_calls(stats, '_frame') / count:.2f} a host")
    for order in ("tottime", "cumtime"):
        stats.sort_stats(order).print_stats(lines)


def _profiled(arguments: Sequence[str]) -> pstats.Stats:
    """Run the command line in this process, with a profiler in each of its threads."""
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
        with contextlib.suppress(TypeError):  # of a thread that did nothing
            stats.add(profiler)
    return stats.strip_dirs()


def _calls(stats: pstats.Stats, name: str) -> int:
    found = stats.stats  # type: ignore[attr-defined]
    return sum(int(row[0]) for key, row in found.items() if key[2] == name)
