"""Blocks ▶ a flat list of lines with jumps, so that a host can look ahead and turn back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import cached_property
from itertools import accumulate
from typing import Literal

from provisioner.language.play import Block, Node, Task
from provisioner.records import dataclass

Part = Literal["tasks", "rescue", "always"]


@dataclass(frozen=True)
class Line:
    """A task, a flush of handlers (both None), or the end of a block's part."""

    task: Task | None
    within: tuple[tuple[int, Part], ...]
    """The blocks around it, outermost first, and the part of each that it stands in."""
    ends: tuple[int, Part] | None = None


@dataclass
class Span:
    """Where a block's parts begin; None for a part that it does not have."""

    rescue: int | None = None
    always: int | None = None
    end: int = 0


@dataclass
class Flow:
    """The lines of one task list. Positions count from 0; `len(lines)` is its end."""

    lines: list[Line] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    @cached_property
    def begun(self) -> list[int]:
        """How many tasks there are up to each line; asked for when all lines are there."""
        return [*accumulate(int(line.task is not None) for line in self.lines)] or [0]

    def after(self, position: int, raised: frozenset[int]) -> int | None:
        """The line behind `position` when that ended well; None where an `always` part ends whose
        block has a failure to hand on."""
        line = self.lines[position]
        if line.ends is None:
            return position + 1
        block, part = line.ends
        span = self.spans[block]
        if part == "always":
            return None if block in raised else position + 1
        if part == "tasks" and span.rescue is not None:
            return span.always if span.always is not None else span.end
        return position + 1

    def on_failure(self, position: int, *, rescue: bool) -> tuple[int, int, Part] | None:
        """(line to go on at, its block, "rescue" or "always"); None when nothing catches it."""
        for block, part in reversed(self.lines[position].within):
            span = self.spans[block]
            if rescue and part == "tasks" and span.rescue is not None:
                return span.rescue, block, "rescue"
            if part != "always" and span.always is not None:
                return span.always, block, "always"
        return None

    def has_rescue(self, position: int) -> bool:
        """Whether any block around the line has a rescue for what fails there."""
        within = self.lines[position].within
        return any(p == "tasks" and self.spans[b].rescue is not None for b, p in within)


def compile_sections(sections: Sequence[Sequence[Node]]) -> Flow:
    """Sections of tasks, handlers being flushed behind each."""
    flow = Flow()
    for section in sections:
        if section or flow.lines:  # nothing to flush before any task
            _emit(flow, section, ())
            flow.lines.append(Line(None, ()))
    return flow


def compile_nodes(nodes: Sequence[Node]) -> Flow:
    """One list of tasks, as handlers are."""
    flow = Flow()
    _emit(flow, nodes, ())
    return flow


def _emit(flow: Flow, nodes: Sequence[Node], within: tuple[tuple[int, Part], ...]) -> None:
    for node in nodes:
        if isinstance(node, Task):
            flow.lines.append(Line(node, within))
        else:
            _emit_block(flow, node, within)


def _emit_block(flow: Flow, block: Block, within: tuple[tuple[int, Part], ...]) -> None:
    number, span = len(flow.spans), Span()
    flow.spans.append(span)
    _emit(flow, block.tasks, (*within, (number, "tasks")))
    flow.lines.append(Line(None, within, (number, "tasks")))
    if block.rescue:
        span.rescue = len(flow.lines)
        _emit(flow, block.rescue, (*within, (number, "rescue")))
        flow.lines.append(Line(None, within, (number, "rescue")))
    if block.always:
        span.always = len(flow.lines)
        _emit(flow, block.always, (*within, (number, "always")))
        flow.lines.append(Line(None, within, (number, "always")))
    span.end = len(flow.lines)
