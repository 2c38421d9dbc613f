"""Compile blocks into a flat list of lines with jumps. A host follows it and looks ahead in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Literal

from provisioner.language.play import Block, Node, Task
from provisioner.records import dataclass

Part = Literal["tasks", "rescue", "always"]

EnclosingBlocks = tuple[tuple[int, Part], ...]
"""The blocks around a line, outermost first: (number of the block, part that contains the line)."""


@dataclass(frozen=True)
class Line:
    """A task, the end of a block's part (`ends`), or a flush of handlers (neither is set)."""

    task: Task | None
    enclosing: EnclosingBlocks
    ends: tuple[int, Part] | None = None


@dataclass(frozen=True)
class Span:
    """The first line of each part of a block, and the first line after the block.

    A part that the block does not have is None.
    """

    rescue: int | None
    always: int | None
    end: int


@dataclass(frozen=True)
class Catch:
    """The target of a failure: the line to continue at, its block, and the block's part."""

    line: int
    block: int
    part: Part


class Flow:
    """The lines of one task list, numbered from 0. `spans` are its blocks, by number."""

    def __init__(self, lines: Sequence[Line], spans: Sequence[Span]) -> None:
        self.lines, self.spans = lines, spans

    @cached_property
    def task_counts(self) -> list[int]:
        """For each line, the number of tasks up to and including it."""
        return [*accumulate(int(line.task is not None) for line in self.lines)] or [0]

    def after(self, position: int, failed_blocks: frozenset[int]) -> int | None:
        """Return the line that follows `position` if nothing fails there.

        Return None at the end of the `always` part of a failed block: the failure then continues to
        the blocks around it.
        """
        line = self.lines[position]
        if line.ends is None:
            return position + 1
        block, part = line.ends
        span = self.spans[block]
        if part == "always":
            return None if block in failed_blocks else position + 1
        if part == "tasks" and span.rescue is not None:
            return span.always if span.always is not None else span.end
        return position + 1

    def on_failure(self, position: int, *, rescue: bool) -> Catch | None:
        """Return the target of a failure at `position`; None if no block of this list catches it.

        Without `rescue`, only `always` parts catch it.
        """
        for block, part in reversed(self.lines[position].enclosing):
            span = self.spans[block]
            if rescue and part == "tasks" and span.rescue is not None:
                return Catch(span.rescue, block, "rescue")
            if part != "always" and span.always is not None:
                return Catch(span.always, block, "always")
        return None

    def has_rescue(self, position: int) -> bool:
        """Whether any block around the line has a `rescue` for a failure there."""
        enclosing = self.lines[position].enclosing
        return any(p == "tasks" and self.spans[b].rescue is not None for b, p in enclosing)


def compile_sections(sections: Iterable[Sequence[Node]]) -> Flow:
    """Compile a play's sections; handlers are flushed after each of them."""
    compiler = _Compiler()
    for section in sections:
        if section or compiler.has_lines:  # there is nothing to flush before the first task
            compiler.add_nodes(section, ())
            compiler.add_flush()
    return compiler.flow()


def compile_nodes(nodes: Sequence[Node]) -> Flow:
    """Compile one list of tasks: handlers, or the tasks of an include."""
    compiler = _Compiler()
    compiler.add_nodes(nodes, ())
    return compiler.flow()


class _Compiler:
    """Collects lines and spans."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._spans: list[Span | None] = []

    @property
    def has_lines(self) -> bool:
        return bool(self._lines)

    def flow(self) -> Flow:
        return Flow(self._lines, [span for span in self._spans if span is not None])

    def add_flush(self) -> None:
        self._lines.append(Line(None, ()))

    def add_nodes(self, nodes: Sequence[Node], enclosing: EnclosingBlocks) -> None:
        for node in nodes:
            if isinstance(node, Task):
                self._lines.append(Line(node, enclosing))
            else:
                self._add_block(node, enclosing)

    def _add_block(self, block: Block, enclosing: EnclosingBlocks) -> None:
        number = len(self._spans)
        # Reserves the number: blocks inside of this one get higher numbers.
        self._spans.append(None)
        self._add_part(block.tasks, enclosing, number, "tasks")
        rescue = self._add_part(block.rescue, enclosing, number, "rescue") if block.rescue else None
        always = self._add_part(block.always, enclosing, number, "always") if block.always else None
        self._spans[number] = Span(rescue, always, len(self._lines))

    def _add_part(
        self, nodes: Sequence[Node], enclosing: EnclosingBlocks, number: int, part: Part
    ) -> int:
        """Add the part's lines and its end; return the line at which it begins."""
        begin = len(self._lines)
        self.add_nodes(nodes, (*enclosing, (number, part)))
        self._lines.append(Line(None, enclosing, (number, part)))
        return begin
