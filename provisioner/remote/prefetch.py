"""Ask for the paths and packages of several looks in a frame at once, with one process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from provisioner import regex
from provisioner.remote.shell import Step, quote

SUMMED = 1 << 16
"""Bytes of the largest file that is summed in advance. The frame may end before the sum is used."""

_NAME = regex.compile(r"[\w.+-]+", re.ASCII)
_PLAIN = regex.compile(r"/[^\s\\]*")


def questions(steps: Sequence[Step]) -> Iterator[str]:
    """Yield for each step the sh text that runs before it.

    Successive looks are asked for before the first of them. They change nothing, so that the
    answers are valid for all of them.
    """
    for are_looks, group in groupby(steps, lambda step: step.mode in ("look", "check")):
        looks = list(group)
        turns = _turns(looks) if are_looks else {}
        paths, packages = (_paths(looks, turns), _packages(looks)) if are_looks else ("", "")
        for step in looks:
            text = ""
            if step.program.looks_at in turns:
                text, paths = f"{paths}_path_number={turns[step.program.looks_at]}\n", ""
            if step.program.packages:
                text, packages = text + packages, ""
            yield text


def _turns(looks: Sequence[Step]) -> dict[str, int]:
    """Return the paths to ask for and their numbers; {} for a single path, which saves nothing."""
    programs = [step.program for step in looks if _PLAIN.fullmatch(step.program.looks_at)]
    paths = dict.fromkeys(program.looks_at for program in programs)
    return {path: number for number, path in enumerate(paths)} if len(paths) > 1 else {}


def _packages(looks: Sequence[Step]) -> str:
    groups = [step.program.packages for step in looks if step.program.packages]
    if len(groups) < 2:
        return ""
    names = dict.fromkeys(name for packages in groups for name in packages)
    plain = [quote(name) for name in names if _NAME.fullmatch(name)]
    return f"prefetch_rpm {' '.join(plain)}\n" if plain else ""


def _paths(looks: Sequence[Step], turns: Mapping[str, int]) -> str:
    if not turns:
        return ""
    sums = [
        f"{size} {turns[program.looks_at]}"
        for program in (step.program for step in looks)
        if program.looks_at in turns
        and (size := str(program.variables.get("content_size", "")))
        and int(size) <= SUMMED
    ]
    question = f"prefetch_paths {' '.join(map(quote, turns))}\n"
    return f"{question}prefetch_sums {' '.join(sums)}\n" if len(sums) > 1 else question
