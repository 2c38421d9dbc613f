"""Tables and a plot from the result file, written into the documents between markers.

`<!-- begin NAME -->` and `<!-- end NAME -->` enclose what is generated; NAME is one of `PARTS`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.results import Results
from benchmarks.tools import BASELINE, NAMES

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", ROOT / "docs/performance.md")
PLOT = ROOT / "docs/performance.svg"
Cells = list[tuple[int, int]]
Value = Callable[[str, tuple[int, int], str], float | None]

_COLOURS = {
    "provision": "#1a7f37",
    "ssh-mux": "#6e7781",
    "pyinfra": "#bf8700",
    "mitogen": "#8250df",
    "ansible": "#cf222e",
    "ansible-2.16": "#a40e26",
}


def documents(results: Results) -> dict[Path, str]:
    """Each generated file with the text that it should have."""
    wanted = {path: _filled(path.read_text(), results) for path in DOCUMENTS if path.exists()}
    return {**wanted, PLOT: plot(results)}


def stale(results: Results) -> list[Path]:
    """The files that don't have the text that they should have."""
    wanted = documents(results)
    return [path for path in wanted if not path.exists() or path.read_text() != wanted[path]]


def _filled(text: str, results: Results) -> str:
    for name, part in PARTS.items():
        pattern = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
        filling = part(results).replace("\\", r"\\")
        text = re.sub(pattern, rf"\g<1>{filling}\g<2>", text, flags=re.DOTALL)
    return text


# -- tables


def _tools(results: Results, run: str) -> list[str]:
    return [n for n in NAMES if any((r.tool, r.run) == (n, run) for r in results.rows)]


def _table(results: Results, run: str, cells: Cells, value: Value, title: str) -> str:
    tools = _tools(results, run)
    lines = [
        f"| {title} | {' | '.join(map(cell_name, cells))} |",
        f"|---|{'---|' * len(cells)}",
    ]
    for tool in tools:
        values = (_number(value(tool, cell, run)) for cell in cells)
        lines.append(f"| {results.tools[tool]} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    """Two digits that count."""
    if value is None:
        return "–"
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 3 else f"{value:.2f}"


def cell_name(cell: tuple[int, int]) -> str:
    hosts, rtt = cell
    name = "1 host" if hosts == 1 else f"{hosts} hosts"
    return f"{name}, {rtt} ms" if rtt else name


def _about(results: Results) -> str:
    about = results.about
    rounds = max((len(row.wall) for row in results.rows), default=0)
    what = (
        f"Measured on {about['date']} with {about['cores']} cores shared by controller and hosts,"
        f" Python {about['python']}: {rounds} interleaved rounds, medians. {about['note']}"
    )
    lines = [what.strip()]
    lines += [f"Not measured: {name} ({why})." for name, why in results.missing.items()]
    return "\n\n".join(lines) + "\n"


def _run_tables(run: str) -> Callable[[Results], str]:
    def tables(results: Results) -> str:
        cells = results.cells(run)
        if not cells:
            return "Not measured in this run.\n"
        ratios = _table(results, run, cells, results.ratio, "wall time ÷ plain ssh")
        base = " | ".join(_number(results.seconds(BASELINE, cell, run)) for cell in cells)
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


def _summary(results: Results) -> str:
    """The README's table: how many times plain ssh's wall time each tool takes."""
    cells = [cell for cell in results.cells("second") if cell[0] != 1]
    title = "wall time ÷ plain ssh, nothing to change"
    return _table(results, "second", cells, results.ratio, title)


PARTS: Mapping[str, Callable[[Results], str]] = {
    "benchmark-about": _about,
    "benchmark-second": _run_tables("second"),
    "benchmark-first": _run_tables("first"),
    "benchmark-summary": _summary,
}


# -- plot

LEFT, WIDTH, BAR, GAP = 250, 470, 16, 34


def plot(results: Results) -> str:
    """Bars of the second run's ratios, on a logarithmic scale."""
    tools = [name for name in _tools(results, "second") if name != BASELINE]
    cells = results.cells("second")
    found = [r for c in cells for t in tools if (r := results.ratio(t, c, "second"))]
    top = max([2.0, *found])
    parts, y = [], 50
    for cell in cells:
        parts.append(_text(10, y, cell_name(cell), "font-weight='bold'"))
        y += 8
        for tool in tools:
            ratio = results.ratio(tool, cell, "second")
            if ratio is not None:
                parts += _bar(results.tools[tool], _COLOURS[tool], ratio, top, y)
                y += BAR + 4
        y += GAP - 8
    return _svg(parts, y, _at(1, top))


def _at(ratio: float, top: float) -> float:
    """Where on the scale from 0.5 to `top` a ratio lies."""
    return LEFT + WIDTH * math.log(max(ratio, 0.5) / 0.5) / math.log(top / 0.5)


def _bar(label: str, colour: str, ratio: float, top: float, y: float) -> list[str]:
    end = _at(ratio, top)
    return [
        _text(LEFT - 8, y + BAR - 4, label, "text-anchor='end'"),
        f"<rect x='{LEFT}' y='{y}' width='{end - LEFT:.1f}' height='{BAR}' fill='{colour}'/>",
        _text(end + 5, y + BAR - 4, _number(ratio)),
    ]


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' {more}>{text}</text>"


def _svg(parts: list[str], height: float, one: float) -> str:
    line = (
        f"<line x1='{one:.1f}' x2='{one:.1f}' y1='40' y2='{height - GAP:.1f}' stroke='#57606a'"
        " stroke-dasharray='3 3'/>"
    )
    title = "Wall time ÷ plain ssh, second run (nothing to change), logarithmic; dashed: plain ssh"
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{LEFT + WIDTH + 60}'"
            f" height='{height:.0f}' font-family='sans-serif' font-size='12'>",
            "<rect width='100%' height='100%' fill='white'/>",
            _text(10, 22, title, "font-size='14'"),
            *parts,
            line,
            "</svg>\n",
        ]
    )
