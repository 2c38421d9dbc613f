"""Write the tables and the chart of the result files into the documents.

`<!-- begin NAME -->` and `<!-- end NAME -->` enclose a generated part. `PARTS` lists the names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import dockerrun, scale, simulate, transfer
from benchmarks.plot import plot
from benchmarks.results import Results
from benchmarks.tables import about, run_tables, summary

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", ROOT / "docs/performance.md")
PLOT = ROOT / "docs/performance.svg"
UNMEASURED = "Not measured yet.\n"


def documents(results: Results) -> dict[Path, str]:
    """Return the text that each generated file should have."""
    expected = {path: _with_parts(path.read_text(), results) for path in DOCUMENTS if path.exists()}
    return {**expected, PLOT: plot(results)}


def stale(results: Results) -> list[Path]:
    """Return the files that are out of date."""
    expected = documents(results)
    return [path for path in expected if not path.exists() or path.read_text() != expected[path]]


def _with_parts(text: str, results: Results) -> str:
    for name, part in PARTS.items():
        pattern = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
        content = part(results).replace("\\", r"\\")
        text = re.sub(pattern, rf"\g<1>{content}\g<2>", text, flags=re.DOTALL)
    return text


def _transfers(_: Results) -> str:
    return transfer.tables(transfer.load()) if transfer.FILE.exists() else UNMEASURED


def _docker(_: Results) -> str:
    return dockerrun.table(dockerrun.load()) if dockerrun.FILE.exists() else UNMEASURED


PARTS: Mapping[str, Callable[[Results], str]] = {
    "benchmark-about": about,
    "benchmark-second": run_tables("second"),
    "benchmark-first": run_tables("first"),
    "benchmark-summary": summary,
    "benchmark-transfer": _transfers,
    "benchmark-docker": _docker,
    "scale": lambda _: scale.section(),
    "simulation": lambda _: simulate.section(),
}
