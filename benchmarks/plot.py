"""The chart of docs/performance.svg: wall time of the second run against plain ssh."""

from __future__ import annotations

import math

from benchmarks.results import Results
from benchmarks.tables import cell_name, number, tools_of
from benchmarks.tools import BASELINE

_COLOURS = {
    "provision": "#1a7f37",
    "ssh-mux": "#6e7781",
    "pyinfra": "#bf8700",
    "mitogen": "#8250df",
    "ansible": "#cf222e",
    "ansible-2.16": "#a40e26",
}

LEFT, WIDTH, BAR, GAP = 250, 470, 16, 34


def plot(results: Results) -> str:
    """Return a bar chart of the ratios as SVG, on a logarithmic scale."""
    tools = [name for name in tools_of(results, "second") if name != BASELINE]
    cells = results.cells("second")
    ratios = [r for c in cells for t in tools if (r := results.ratio(t, c, "second"))]
    top = max([2.0, *ratios])
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
    return _svg(parts, y, _x(1, top))


def _x(ratio: float, top: float) -> float:
    """Return the x coordinate of a ratio on the scale from 0.5 to `top`."""
    return LEFT + WIDTH * math.log(max(ratio, 0.5) / 0.5) / math.log(top / 0.5)


def _bar(label: str, colour: str, ratio: float, top: float, y: float) -> list[str]:
    end = _x(ratio, top)
    return [
        _text(LEFT - 8, y + BAR - 4, label, "text-anchor='end'"),
        f"<rect x='{LEFT}' y='{y}' width='{end - LEFT:.1f}' height='{BAR}' fill='{colour}'/>",
        _text(end + 5, y + BAR - 4, number(ratio)),
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
