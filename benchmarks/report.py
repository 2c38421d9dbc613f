"""The result files' tables and plot, written into the documents between markers.

`<!-- begin NAME -->` and `<!-- end NAME -->` enclose what is generated; NAME is one of `PARTS`.
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
