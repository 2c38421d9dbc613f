"""Markdown tables of the measured values."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.results import Results
from benchmarks.tools import BASELINE, NAMES

Cells = list[tuple[int, int]]
Value = Callable[[str, tuple[int, int], str], float | None]


def tools_of(results: Results, run: str) -> list[str]:
    """Return the names of the tools that were measured, in the order of NAMES."""
    return [n for n in NAMES if any((r.tool, r.run) == (n, run) for r in results.rows)]


def _table(results: Results, run: str, cells: Cells, value: Value, title: str) -> str:
    tools = tools_of(results, run)
    lines = [
        f"| {title} | {' | '.join(map(cell_name, cells))} |",
        f"|---|{'---|' * len(cells)}",
    ]
    for tool in tools:
        values = (number(value(tool, cell, run)) for cell in cells)
        lines.append(f"| {results.tools[tool]} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"


def number(value: float | None) -> str:
    """Format a value with two significant digits, or as an integer from 10 on."""
    if value is None:
        return "–"
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 3 else f"{value:.2f}"


def cell_name(cell: tuple[int, int]) -> str:
    hosts, rtt = cell
    name = "1 host" if hosts == 1 else f"{hosts} hosts"
    return f"{name}, {rtt} ms" if rtt else name


def about(results: Results) -> str:
    conditions = results.about
    rounds = max((len(row.wall) for row in results.rows), default=0)
    heading = (
        f"Measured on {conditions['date']} with {conditions['cores']} cores shared by controller"
        f" and hosts, Python {conditions['python']}: {rounds} interleaved rounds, medians."
        f" {conditions['note']}"
    )
    lines = [heading.strip()]
    lines += [f"Not measured: {name} ({why})." for name, why in results.missing.items()]
    return "\n\n".join(lines) + "\n"


def run_tables(run: str) -> Callable[[Results], str]:
    def tables(results: Results) -> str:
        cells = results.cells(run)
        if not cells:
            return "Not measured in this run.\n"
        ratios = _table(results, run, cells, results.ratio, "wall time ÷ plain ssh")
        base = " | ".join(number(results.seconds(BASELINE, cell, run)) for cell in cells)
        parts = [f"{ratios}| *plain ssh, seconds* | {base} |\n"]
        parts.append(_table(results, run, cells, results.cpu, "controller's CPU, ms a host"))
        if any(row.memory for row in results.rows if row.run == run):
            parts.append(_table(results, run, cells, _memory(results), "peak memory (PSS), MB"))
        return "\n".join(parts)

    return tables


def _memory(results: Results) -> Value:
    def value(tool: str, cell: tuple[int, int], run: str) -> float | None:
        row = results.find(tool, cell, run)
        return row.memory if row else None

    return value


def summary(results: Results) -> str:
    """Return the README's table: wall time as a multiple of plain ssh's."""
    cells = [cell for cell in results.cells("second") if cell[0] != 1]
    title = "wall time ÷ plain ssh, nothing to change"
    return _table(results, "second", cells, results.ratio, title)
