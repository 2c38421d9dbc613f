"""Compare the results of provision and Ansible, and classify the differences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from tests.differential.cases import Case
from tests.differential.observed import Observed

REASONS = Path(__file__).with_name("reasons.yml")
EXACT = frozenset({"debug", "set_fact", "fail", "assert"})
"""Modules that return values of the playbook: an additional value is a difference too."""


class _Missing:
    def __repr__(self) -> str:
        return "(missing)"


MISSING = _Missing()


@dataclass(frozen=True)
class Difference:
    """One difference: its place, the value of Ansible, the value of provision."""

    place: str
    """`run2/h1/3 name of the task/values.rc`, `recap/h1`, `files/a/mode`, `exit`."""
    kind: str
    """The same for all cases: `copy/values.checksum`, `files/mode`."""
    expected: Any
    got: Any

    def __str__(self) -> str:
        expected, got = _short(self.expected), _short(self.got)
        return f"{self.place}:\n    ansible   {expected}\n    provision {got}"


def _short(value: Any) -> str:
    text = repr(value) if value is MISSING else json.dumps(value, ensure_ascii=False)
    return text if len(text) < 600 else f"{text[:600]} …"


def differences(ansible: Sequence[Observed], provision: Sequence[Observed]) -> list[Difference]:
    """Return all differences of the runs of a case."""
    found: list[Difference] = []
    for number, (expected, got) in enumerate(zip(ansible, provision, strict=True), 1):
        prefix = f"run{number}/" if len(ansible) > 1 else ""
        found += _of_a_run(prefix, expected, got)
    return found


def _of_a_run(prefix: str, expected: Observed, got: Observed) -> Iterator[Difference]:
    for key in ("exit", "recap", "shown"):
        yield from _of_values(f"{prefix}{key}", key, expected.get(key), got.get(key), exact=True)
    yield from _of_files(prefix, expected.get("files", {}), got.get("files", {}))
    for host in sorted({*expected["hosts"], *got["hosts"]}):
        steps = zip_longest(expected["hosts"].get(host, []), got["hosts"].get(host, []))
        for number, (one, other) in enumerate(steps, 1):
            place = f"{prefix}{host}/{number} {(one or other)['task']}"
            if one is None or other is None or one["task"] != other["task"]:
                tasks = [step and f"{step['task']}: {step['outcome']}" for step in (one, other)]
                yield Difference(place, "steps", *tasks)
                break
            yield from _of_a_step(place, one, other)


def _of_files(prefix: str, expected: Any, got: Any) -> Iterator[Difference]:
    for path in sorted({*expected, *got}):
        place = f"{prefix}files/{path}"
        yield from _of_values(
            place, "files", expected.get(path, MISSING), got.get(path, MISSING), exact=True
        )


def _of_a_step(place: str, expected: Mapping[str, Any], got: Any) -> Iterator[Difference]:
    module = expected["module"]
    for key in ("outcome", "ignored"):
        if expected[key] != got[key]:
            yield Difference(f"{place}/{key}", f"{module}/{key}", expected[key], got[key])
    failed = expected["outcome"] == got["outcome"] == "failed"
    yield from _of_values(
        f"{place}/values",
        f"{module}/failed" if failed else f"{module}/values",
        expected["values"],
        got["values"],
        exact=module in EXACT,
    )


def _of_values(place: str, kind: str, expected: Any, got: Any, exact: bool) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(got, dict):
        names = {*expected, *(got if exact else ())}
        for name in sorted(names):
            yield from _of_values(
                f"{place}.{name}",
                f"{kind}.{name}",
                expected.get(name, MISSING),
                got.get(name, MISSING),
                exact,
            )
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from _of_values(f"{place}.{index}", f"{kind}[]", one, other, exact)
    elif expected != got or type(expected) is not type(got):
        yield Difference(place, kind, expected, got)


@dataclass(frozen=True)
class Reason:
    """Why a difference is intended. `everywhere` are patterns that it explains in any case."""

    name: str
    text: str
    everywhere: tuple[str, ...] = ()


@cache
def reasons() -> Mapping[str, Reason]:
    """Return name ▶ reason, from reasons.yml."""
    data = yaml.safe_load(REASONS.read_text("utf-8"))
    return {
        name: Reason(name, given["text"], tuple(given.get("everywhere", ())))
        for name, given in data.items()
    }


@dataclass(frozen=True)
class Verdict:
    """The differences of a case, sorted by whether they are explained."""

    unknown: tuple[Difference, ...]
    meant: Mapping[str, tuple[Difference, ...]]
    """By the name of the reason."""
    open: Mapping[str, tuple[Difference, ...]]
    """By what is wrong."""
    stale: tuple[str, ...]
    """Patterns of the case that nothing matches any more."""


def classify(case: Case, ansible: Sequence[Observed], provision: Sequence[Observed]) -> Verdict:
    """Sort the differences by what the case or reasons.yml says about them."""
    unknown: list[Difference] = []
    meant: dict[str, tuple[Difference, ...]] = {}
    left: dict[str, tuple[Difference, ...]] = {}
    used: set[str] = set()
    for found in differences(ansible, provision):
        for marks, into in ((case.differs, meant), (case.open, left), (_everywhere(), meant)):
            spot = found.kind if marks is _everywhere() else found.place
            pattern = next((mark for mark in marks if fnmatchcase(spot, mark)), None)
            if pattern is not None:
                used.add(pattern)
                into[marks[pattern]] = (*into.get(marks[pattern], ()), found)
                break
        else:
            unknown.append(found)
    stale = {*case.differs, *case.open} - used
    return Verdict(tuple(unknown), meant, left, tuple(sorted(stale)))


@cache
def _everywhere() -> Mapping[str, str]:
    return {kind: reason.name for reason in reasons().values() for kind in reason.everywhere}
