"""Measure the play: each tool in each cell, first and second runs, the tools in turn."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import hosts, measure
from benchmarks.peers import NotInstalled
from benchmarks.results import Results
from benchmarks.tables import cell_name
from benchmarks.tools import BASELINE, Cell, Tool, find_tool

SLOW = 30.0
"""Seconds. A tool that takes longer in a cell is measured in one round there, without memory."""


def run(options: argparse.Namespace, about: dict[str, str]) -> Results:
    """Measure what the options name. The results are saved after each cell."""
    cells = [parse_cell(word) for word in options.cells.split(",")]
    results = Results(about)
    tools = _tools(options, results)
    with (
        tempfile.TemporaryDirectory(prefix="provision-bench-") as folder,
        hosts.fleet(
            Path(folder), max(count for count, _ in cells), sorted({rtt for _, rtt in cells})
        ) as fleet,
    ):
        for number in range(options.rounds):
            for count, rtt in cells:
                # Each round starts with another tool, so that no tool always follows the same one.
                turn = number % len(tools)
                for tool in tools[turn:] + tools[:turn]:
                    _measure(tool, Cell(fleet, count, rtt), number, options, results)
                results.save(options.output)
    return results


def parse_restriction(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Parse `TOOL=CELL,…`: the tool is measured only in these cells."""
    name, _, cells = text.partition("=")
    return name, [parse_cell(word) for word in cells.split(",")]


def parse_cell(word: str) -> tuple[int, int]:
    """Parse `HOSTS[@MS]` to the number of hosts and the round trip."""
    count, _, rtt = word.partition("@")
    return int(count), int(rtt or 0)


def _tools(options: argparse.Namespace, results: Results) -> list[Tool]:
    """Return the requested tools that are installed or can be, the baseline first."""
    names = options.tools.split(",")
    ready = []
    for name in [BASELINE, *(name for name in names if name != BASELINE)]:
        try:
            ready.append(find_tool(name, options.peers))
            results.tools[name] = ready[-1].label
        except NotInstalled as why:
            print(f"skipped: {name}: {why}", file=sys.stderr)
            results.missing[name] = str(why)
    return ready


def _measure(
    tool: Tool, cell: Cell, number: int, options: argparse.Namespace, results: Results
) -> None:
    """Do all runs of one tool for one round in one cell."""
    tool_label = results.tools[tool.name]
    label = f"{tool_label}, {cell_name((cell.hosts, cell.rtt))}"
    only = dict(options.only).get(tool.name)
    if only is not None and (cell.hosts, cell.rtt) not in only:
        return
    if label in results.missing or (number > 0 and _is_slow(tool, cell, results)):
        return
    if (seconds := _estimate(tool, cell, results)) > options.longest:
        results.missing[label] = f"a run would take some {seconds:.0f} s"
        return
    try:
        if not any(row.tool == tool.name for row in results.rows):
            _run(tool, cell, "first")  # not measured: fills the tool's caches
        if "first" not in options.runs:
            _run(tool, cell, "first")  # prepares the state that a second run starts from
        for name in options.runs.split(","):
            _measure_run(tool, cell, name, results)
        if number == 0 and not options.no_memory and not _is_slow(tool, cell, results):
            _measure_memory(tool, cell, options.runs.split(",")[-1], results)
    except measure.FailedRun as problem:
        print(f"failed: {label}: {problem}", file=sys.stderr)
        results.missing[label] = str(problem).splitlines()[0]


def _is_slow(tool: Tool, cell: Cell, results: Results) -> bool:
    rows = (
        row for row in results.rows if (row.tool, row.cell) == (tool.name, (cell.hosts, cell.rtt))
    )
    return any(max(row.wall, default=0) > SLOW for row in rows)


def _estimate(tool: Tool, cell: Cell, results: Results) -> float:
    """Return how long a run will take (s), from the largest cell with this round trip so far."""
    rows = [row for row in results.rows if row.tool == tool.name and row.rtt == cell.rtt]
    smaller = [row for row in rows if row.hosts < cell.hosts and row.wall and row.hosts > 1]
    if not smaller:
        return 0.0
    largest = max(smaller, key=lambda row: row.hosts)
    return max(largest.wall) * cell.hosts / largest.hosts


def _run(tool: Tool, cell: Cell, name: str) -> measure.Measured:
    """Do a first or second run. Raises FailedRun if the tool did not do its work."""
    members = cell.members()
    if name == "first":
        hosts.reset(members)
    measured = measure.run(tool.command(cell), tool.environ(cell), cell.folder / "log")
    tool.clean_up(cell)
    if problem := hosts.problem(members):
        raise measure.FailedRun(f"the play was not carried out: {problem}")
    if name == "second" and tool.has_changed(measured.output):
        raise measure.FailedRun(f"the second run changed something:\n{measured.output}")
    return measured


def _measure_run(tool: Tool, cell: Cell, name: str, results: Results) -> None:
    measured = _run(tool, cell, name)
    row = results.row(tool.name, (cell.hosts, cell.rtt), name)
    row.wall.append(round(measured.wall, 4))
    row.cpu.append(round(measured.cpu, 4))
    print(f"{name:6} {cell.hosts:3} hosts {cell.rtt:3} ms {tool.name:13}"
          f" {measured.wall:7.2f} s, CPU {measured.cpu:6.2f} s", flush=True)  # fmt: skip


def _measure_memory(tool: Tool, cell: Cell, name: str, results: Results) -> None:
    peak = measure.memory(tool.command(cell), tool.environ(cell), cell.folder / "log")
    tool.clean_up(cell)
    results.row(tool.name, (cell.hosts, cell.rtt), name).memory = round(peak, 1)
