"""Write the table of results in docs/differences.md from the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.differential.cases import Case
from tests.differential.compare import reasons

PAGE = Path(__file__).parents[2] / "docs/differences.md"
MARK = "<!-- made by python -m tests.differential.record -->"


def tables(cases: Mapping[str, Case], recorded: Mapping[str, Any]) -> str:
    """Return the tables: number of cases and results by group, and the open differences."""
    lines = [
        f"{len(cases)} cases, {_steps(recorded)} results of tasks.",
        "",
        "| cases | all | same | deliberately different | open |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for group in sorted({case.group for case in cases.values()}):
        lines.append(_row(group, [case for case in cases.values() if case.group == group]))
    lines += [_row("all", list(cases.values())), ""]
    lines += ["| deliberate difference | cases |", "| --- | ---: |"]
    used = Counter(name for case in cases.values() for name in set(case.differs.values()))
    general = {reason.name for reason in reasons().values() if reason.everywhere}
    lines += [
        f"| {reason.text.strip()} | {'in return values' if name in general else used[name]} |"
        for name, reason in reasons().items()
    ]
    lines += ["", "| open: case | where | what |", "| --- | --- | --- |"]
    for case in cases.values():
        for text in dict.fromkeys(case.open.values()):
            places = ", ".join(f"`{place}`" for place, given in case.open.items() if given == text)
            lines.append(f"| {case.name} | {places} | {text} |")
    return "\n".join(lines) + "\n"


def _row(name: str, cases: list[Case]) -> str:
    still = sum(1 for case in cases if case.open)
    meant = sum(1 for case in cases if case.differs and not case.open)
    return f"| {name} | {len(cases)} | {len(cases) - still - meant} | {meant} | {still} |"


def _steps(recorded: Mapping[str, Any]) -> int:
    """Return the number of task results in the record."""
    runs = (run for entry in recorded.values() for run in entry["runs"])
    return sum(len(steps) for run in runs for steps in run["hosts"].values())


def write(cases: Mapping[str, Case], recorded: Mapping[str, Any]) -> None:
    """Write the tables between the marks of the page."""
    before, _, after = PAGE.read_text("utf-8").split(MARK)
    PAGE.write_text(f"{before}{MARK}\n{tables(cases, recorded)}{MARK}{after}", "utf-8")
