"""Measuring the play: each tool in each cell, first and second runs, in turn."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import hosts, measure, results
from benchmarks.peers import NotInstalled
from benchmarks.tables import cell_name
from benchmarks.tools import BASELINE, Cell, Tool, tool

SLOW = 30.0
"""Seconds: a tool whose run takes longer is measured in one round of that cell, without memory."""


def run(options: argparse.Namespace, about: dict[str, str]) -> results.Results:
    """All that the options name; the results are saved after each cell, whatever comes then."""
    cells = [parsed(word) for word in options.cells.split(",")]
    found = results.Results(about)
    tools = _tools(options, found)
    with (
        tempfile.TemporaryDirectory(prefix="provision-bench-") as folder,
        hosts.fleet(
            Path(folder), max(count for count, _ in cells), sorted({rtt for _, rtt in cells})
        ) as fleet,
    ):
        for number in range(options.rounds):
            for count, rtt in cells:
                # Another one begins in each round, so that none always follows the same.
                turn = number % len(tools)
                for each in tools[turn:] + tools[:turn]:
                    _measure(each, Cell(fleet, count, rtt), number, options, found)
                found.save(options.output)
    return found


def restriction(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`TOOL=CELL,…`: that tool is measured in these cells only."""
    name, _, cells = text.partition("=")
    return name, [parsed(word) for word in cells.split(",")]


def parsed(word: str) -> tuple[int, int]:
    """`HOSTS[@MS]`."""
    count, _, rtt = word.partition("@")
    return int(count), int(rtt or 0)


def _tools(options: argparse.Namespace, found: results.Results) -> list[Tool]:
    """Those that were asked for and are to be had, the baseline first."""
    names = options.tools.split(",")
    ready = []
    for name in [BASELINE, *(name for name in names if name != BASELINE)]:
        try:
            ready.append(tool(name, options.peers))
            found.tools[name] = ready[-1].label
        except NotInstalled as why:
            print(f"skipped: {name}: {why}", file=sys.stderr)
            found.missing[name] = str(why)
    return ready


def _measure(
    each: Tool, cell: Cell, number: int, options: argparse.Namespace, found: results.Results
) -> None:
    """One tool's runs of one round in one cell."""
    label = found.tools[each.name]
    where = f"{label}, {cell_name((cell.hosts, cell.rtt))}"
    only = dict(options.only).get(each.name)
    if only is not None and (cell.hosts, cell.rtt) not in only:
        return
    if where in found.missing or (number > 0 and _is_slow(each, cell, found)):
        return
    if (seconds := _foreseen(each, cell, found)) > options.longest:
        found.missing[where] = f"a run would take some {seconds:.0f} s"
        return
    try:
        if not any(row.tool == each.name for row in found.rows):
            _run(each, cell, "first")  # what it compiles and caches is there from now on
        if "first" not in options.runs:
            _run(each, cell, "first")  # the state that the tool itself leaves
        for name in options.runs.split(","):
            _measure_run(each, cell, name, found)
        if number == 0 and not options.no_memory and not _is_slow(each, cell, found):
            _measure_memory(each, cell, options.runs.split(",")[-1], found)
    except measure.FailedRun as problem:
        print(f"failed: {where}: {problem}", file=sys.stderr)
        found.missing[where] = str(problem).splitlines()[0]


def _is_slow(each: Tool, cell: Cell, found: results.Results) -> bool:
    rows = (
        row for row in found.rows if (row.tool, row.cell) == (each.name, (cell.hosts, cell.rtt))
    )
    return any(max(row.wall, default=0) > SLOW for row in rows)


def _foreseen(each: Tool, cell: Cell, found: results.Results) -> float:
    """How long a run will take, by the largest cell at this distance so far (seconds)."""
    rows = [row for row in found.rows if row.tool == each.name and row.rtt == cell.rtt]
    smaller = [row for row in rows if row.hosts < cell.hosts and row.wall and row.hosts > 1]
    if not smaller:
        return 0.0
    last = max(smaller, key=lambda row: row.hosts)
    return max(last.wall) * cell.hosts / last.hosts


def _run(each: Tool, cell: Cell, name: str) -> measure.Measured:
    """One run of that name. Raises FailedRun where the tool did not do its work."""
    members = cell.members()
    if name == "first":
        hosts.reset(members)
    measured = measure.run(each.command(cell), each.environ(cell), cell.folder / "log")
    each.clean_up(cell)
    if problem := hosts.problem(members):
        raise measure.FailedRun(f"it did not do its work: {problem}")
    if name == "second" and each.has_changed(measured.output):
        raise measure.FailedRun(f"it changed something in a second run:\n{measured.output}")
    return measured


def _measure_run(each: Tool, cell: Cell, name: str, found: results.Results) -> None:
    measured = _run(each, cell, name)
    row = found.row(each.name, (cell.hosts, cell.rtt), name)
    row.wall.append(round(measured.wall, 4))
    row.cpu.append(round(measured.cpu, 4))
    print(f"{name:6} {cell.hosts:3} hosts {cell.rtt:3} ms {each.name:13}"
          f" {measured.wall:7.2f} s, CPU {measured.cpu:6.2f} s", flush=True)  # fmt: skip


def _measure_memory(each: Tool, cell: Cell, name: str, found: results.Results) -> None:
    peak = measure.memory(each.command(cell), each.environ(cell), cell.folder / "log")
    each.clean_up(cell)
    found.row(each.name, (cell.hosts, cell.rtt), name).memory = round(peak, 1)
