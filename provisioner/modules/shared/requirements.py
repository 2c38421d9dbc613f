"""Compare pip's requirements with installed versions (PEP 440).

Requirements that need more than a name and a version, such as a URL, are not compared here.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from provisioner import regex
from provisioner.records import dataclass

NAME = regex.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*)")
CLAUSE = regex.compile(r"(===?|~=|!=|<=|>=|<|>)\s*([A-Za-z0-9.*+!_-]+)")
PART = regex.compile(r"\d+|[a-z]+")
PRE_RELEASE = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1}


@dataclass(frozen=True)
class Requirement:
    """A package, and conditions for its version."""

    name: str
    text: str
    clauses: tuple[tuple[str, str], ...]

    def is_met_by(self, version: str | None) -> bool:
        """Return whether `version` (None: not installed) meets the requirement."""
        if version is None:
            return False
        return all(_meets(version, operator, bound) for operator, bound in self.clauses)


def normal(name: str) -> str:
    """Return the normalized name of a package (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> Requirement | None:
    """Parse a text such as `flask[async]>=1,<2`; None for a URL, a path or a marker."""
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


def _meets(version: str, operator: str, bound: str) -> bool:
    if operator == "===":
        return version == bound
    if bound.endswith(".*"):
        same = (version.lower() + ".").startswith(bound[:-1].lower())
        return same if operator == "==" else not same
    order = _compare(version, bound)
    if operator == "~=":
        return order >= 0 and _meets(version, "==", bound.rpartition(".")[0] + ".*")
    return {
        "==": order == 0,
        "!=": order != 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
    }[operator]


def _compare(one: str, other: str) -> int:
    """Return -1, 0 or 1. A local version (after `+`) is compared only if both have one."""
    if "+" not in one or "+" not in other:
        one, other = one.partition("+")[0], other.partition("+")[0]
    for left, right in zip_longest(_key(one), _key(other), fillvalue=0):
        if left != right:
            return 1 if left > right else -1
    return 0


def _key(version: str) -> list[float]:
    """Return the parts as numbers: pre-releases are below zero, `post` is just above it."""
    parts = PART.findall(version.lower())
    return [float(part) if part.isdigit() else PRE_RELEASE.get(part, 0.5) for part in parts]
