"""The measured values of a run of the benchmark, and the figures computed from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.tools import BASELINE

FILE = Path(__file__).parent / "results.json"


@dataclass
class Row:
    """One tool in one cell: `wall` and `cpu` in seconds, one value a round; `memory` in MB."""

    tool: str
    hosts: int
    rtt: int
    run: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: float | None = None

    @property
    def cell(self) -> tuple[int, int]:
        return self.hosts, self.rtt


@dataclass
class Results:
    """`tools` maps names to labels; `missing` maps what was not measured to the reason."""

    about: dict[str, str]
    tools: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def row(self, tool: str, cell: tuple[int, int], run: str) -> Row:
        """Return the row of that tool, cell and run; add it if there is none yet."""
        row = self.find(tool, cell, run)
        if row is None:
            row = Row(tool, *cell, run)
            self.rows.append(row)
        return row

    def find(self, tool: str, cell: tuple[int, int], run: str) -> Row | None:
        return next((r for r in self.rows if (r.tool, r.cell, r.run) == (tool, cell, run)), None)

    def cells(self, run: str) -> list[tuple[int, int]]:
        """Return the measured cells, sorted by round trip, then by number of hosts."""
        return sorted({row.cell for row in self.rows if row.run == run}, key=lambda c: (c[1], c[0]))

    def ratio(self, tool: str, cell: tuple[int, int], run: str) -> float | None:
        """Return wall time divided by plain ssh's of the same round: the median over the rounds."""
        row, base = self.find(tool, cell, run), self.find(BASELINE, cell, run)
        if row is None or base is None:
            return None
        return _median(a / b for a, b in zip(row.wall, base.wall, strict=False))

    def seconds(self, tool: str, cell: tuple[int, int], run: str) -> float | None:
        row = self.find(tool, cell, run)
        return _median(row.wall) if row else None

    def cpu(self, tool: str, cell: tuple[int, int], run: str) -> float | None:
        """Return the controller's CPU time for each host, in ms."""
        row = self.find(tool, cell, run)
        value = _median(row.cpu) if row else None
        return None if value is None else value * 1000 / cell[0]

    def save(self, file: Path) -> None:
        rows = ",\n  ".join(json.dumps(asdict(row)) for row in self.rows)
        head = {"about": self.about, "tools": self.tools, "missing": self.missing}
        text = json.dumps(head, indent=1, ensure_ascii=False).removesuffix("\n}")
        file.write_text(f'{text},\n "rows": [\n  {rows}\n ]\n}}\n')


def load(file: Path = FILE) -> Results:
    data = json.loads(file.read_text())
    return Results(**{**data, "rows": [Row(**row) for row in data["rows"]]})


def _median(values: Iterable[float]) -> float | None:
    listed = list(values)
    return median(listed) if listed else None
