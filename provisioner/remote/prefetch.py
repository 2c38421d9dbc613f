"""What the looks of one frame ask of the host, asked at once: one process for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from provisioner import regex
from provisioner.remote.shell import quote

if TYPE_CHECKING:
    from provisioner.remote.session import Step

SUMMED = 1 << 16
"""Bytes of the largest file that is summed ahead: the look of one before it may end the frame."""

_NAME = regex.compile(r"[\w.+-]+", re.ASCII)
_PLAIN = regex.compile(r"/[^\s\\]*")


def questions(steps: Sequence[Step]) -> Iterator[str]:
    """For each step the sh text to put before it. What is asked for several steps is asked before
    the first of them, if the frame comes that far; they only look, so that it holds for all."""
    for looks, group in groupby(steps, lambda step: step.mode in ("look", "check")):
        run = list(group)
        turns = _turns(run) if looks else {}
        paths, packages = (_paths(run, turns), _packages(run)) if looks else ("", "")
        for step in run:
            text = ""
            if step.program.looks_at in turns:
                text, paths = f"{paths}_turn={turns[step.program.looks_at]}\n", ""
            if step.program.packages:
                text, packages = text + packages, ""
            yield text


def _turns(run: Sequence[Step]) -> dict[str, int]:
    """The paths that are asked about, numbered; none where one process less is none at all."""
    programs = [step.program for step in run if _PLAIN.fullmatch(step.program.looks_at)]
    paths = dict.fromkeys(program.looks_at for program in programs)
    return {path: number for number, path in enumerate(paths)} if len(paths) > 1 else {}


def _packages(run: Sequence[Step]) -> str:
    asking = [step.program.packages for step in run if step.program.packages]
    if len(asking) < 2:
        return ""
    names = dict.fromkeys(name for packages in asking for name in packages)
    plain = [quote(name) for name in names if _NAME.fullmatch(name)]
    return f"ahead_rpm {' '.join(plain)}\n" if plain else ""


def _paths(run: Sequence[Step], turns: Mapping[str, int]) -> str:
    if not turns:
        return ""
    sums = [
        f"{size} {turns[program.looks_at]}"
        for program in (step.program for step in run)
        if program.looks_at in turns
        and (size := str(program.variables.get("content_size", "")))
        and int(size) <= SUMMED
    ]
    asked = f"ahead {' '.join(map(quote, turns))}\n"
    return f"{asked}ahead_sums {' '.join(sums)}\n" if len(sums) > 1 else asked
