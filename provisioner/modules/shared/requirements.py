"""What pip's requirements ask for, as far as a list of names and versions can answer (PEP 440)."""

from __future__ import annotations

import re
from itertools import zip_longest

from provisioner import regex
from provisioner.records import dataclass

NAME = regex.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*)")
CLAUSE = regex.compile(r"(===?|~=|!=|<=|>=|<|>)\s*([A-Za-z0-9.*+!_-]+)")
PART = regex.compile(r"\d+|[a-z]+")
EARLY = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1}


@dataclass(frozen=True)
class Requirement:
    """A package, and the versions that will do."""

    name: str
    text: str
    clauses: tuple[tuple[str, str], ...]

    def holds(self, version: str | None) -> bool:
        """Whether what is installed (None: nothing) will do."""
        if version is None:
            return False
        return all(_holds(version, operator, wanted) for operator, wanted in self.clauses)


def normal(name: str) -> str:
    """One name for all ways to write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> Requirement | None:
    """`flask[async]>=1,<2`; None for a URL, a path, or one with conditions."""
    match = NAME.fullmatch(text.strip())
    if match is None or "/" in text or ";" in text or "@" in text:
        return None
    clauses = []
    for part in filter(None, match[2].strip("()").split(",")):
        clause = CLAUSE.fullmatch(part.strip())
        if clause is None:
            return None
        clauses.append((clause[1], clause[2]))
    return Requirement(normal(match[1]), text.strip(), tuple(clauses))


def _holds(version: str, operator: str, wanted: str) -> bool:
    if operator == "===":
        return version == wanted
    if wanted.endswith(".*"):
        same = (version.lower() + ".").startswith(wanted[:-1].lower())
        return same if operator == "==" else not same
    order = _compare(version, wanted)
    if operator == "~=":
        return order >= 0 and _holds(version, "==", wanted.rpartition(".")[0] + ".*")
    return {
        "==": order == 0,
        "!=": order != 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
    }[operator]


def _compare(one: str, other: str) -> int:
    """-1, 0 or 1. What `+` adds (a local version) counts only where both have it."""
    if "+" not in one or "+" not in other:
        one, other = one.partition("+")[0], other.partition("+")[0]
    for left, right in zip_longest(_key(one), _key(other), fillvalue=0):
        if left != right:
            return 1 if left > right else -1
    return 0


def _key(version: str) -> list[float]:
    """The parts as numbers: those before a release are below zero, `post` is just above it."""
    parts = PART.findall(version.lower())
    return [float(part) if part.isdigit() else EARLY.get(part, 0.5) for part in parts]
