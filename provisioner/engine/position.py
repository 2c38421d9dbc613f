"""Where a host is in its play: a stack of task lists, the innermost under way.

The play's own list is at the bottom. Notified handlers are a list on top of the place that called
for them, and so are the tasks of a file or role that is included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from provisioner.engine.flow import Flow, Line, compile_nodes
from provisioner.language.play import Node, Task
from provisioner.records import dataclass

Place = tuple[int, ...]
"""One line number for each list of the stack: what orders hosts at barriers."""


@dataclass
class Frame:
    """One list of tasks under way. `raised` are blocks whose failure waits for their `always`;
    `resume` is the line of the list below at which that goes on when this one has ended."""

    flow: Flow
    at: int = 0
    raised: frozenset[int] = frozenset()
    resume: int = 0
    only: Callable[[Task], bool] | None = None
    """Of a list of handlers, which are run when their turn comes."""

    @property
    def line(self) -> Line:
        return self.flow.lines[self.at]

    def passes(self, line: Line) -> bool:
        """Whether the line is a handler that is not due."""
        return line.task is not None and self.only is not None and not self.only(line.task)


@dataclass
class Position:
    """The stack. `handlers` gives all handlers, or none where none `is_due`."""

    flow: Flow
    handlers: Callable[[], Sequence[Task]]
    is_due: Callable[[Task], bool]
    frames: list[Frame] = field(default_factory=list)
    doomed: bool = False
    """The host has failed; only forced handlers still run."""
    past_rescue: bool = False
    """It failed by what no rescue is meant for; what always runs still does."""

    def __post_init__(self) -> None:
        self.frames.append(Frame(self.flow))

    @property
    def top(self) -> Frame:
        return self.frames[-1]

    @property
    def place(self) -> Place:
        return tuple([frame.at for frame in self.frames])

    @property
    def task(self) -> Task:
        """The task at hand, once `settle` has found one."""
        task = self.top.line.task
        assert task is not None
        return task

    @property
    def number(self) -> int:
        """How many tasks of the play's own list have begun."""
        bottom = self.frames[0]
        return bottom.flow.begun[min(bottom.at, len(bottom.flow.begun) - 1)]

    def settle(self) -> bool:
        """Step over ends of blocks, and flushes with nothing to flush, to the next task; false at
        the end of the play, or of what a host that has failed still does."""
        while self.frames:
            if self.doomed and len(self.frames) == 1:
                return False
            frame = self.top
            if frame.at >= len(frame.flow.lines):
                self._pop()
            elif frame.passes(frame.line):
                frame.at += 1
            elif frame.line.task is not None:
                return True
            elif frame.line.ends is None:
                if not self.flush(resume=frame.at + 1):
                    frame.at += 1
            elif not self._leave_block(frame):
                return False
        return False

    def _pop(self) -> None:
        ended = self.frames.pop()
        if self.frames:
            self.top.at = ended.resume

    def _leave_block(self, frame: Frame) -> bool:
        after = frame.flow.after(frame.at, frame.raised)
        if after is not None:
            frame.at = after
            return True
        assert frame.line.ends is not None
        frame.raised -= {frame.line.ends[0]}
        return self.turn()

    def push(self, nodes: Sequence[Node], *, resume: int) -> bool:
        """Put a list on top, behind which the present one goes on at `resume`; false if empty."""
        if nodes:
            self.frames.append(Frame(compile_nodes(nodes), resume=resume))
        return bool(nodes)

    def flush(self, *, resume: int) -> bool:
        """Put the handlers on top; false where none is due."""
        if not self.push(self.handlers(), resume=resume):
            return False
        self.top.only = self.is_due
        return True

    @property
    def flushing(self) -> bool:
        """Whether handlers are run, or what one of them includes."""
        return any(frame.only is not None for frame in self.frames)

    def move(self, place: Place) -> None:
        """Be at a place further on in the same list."""
        self.top.at = place[-1]

    def advance(self) -> None:
        self.top.at += 1

    def turn(self) -> bool:
        """Go where a failure leads, to a rescue or an always; false when nothing catches it."""
        while self.frames and not self.doomed:
            frame = self.top
            caught = frame.flow.on_failure(frame.at, rescue=not self.past_rescue)
            if caught is not None:
                frame.at = caught[0]
                if caught[2] == "always":
                    frame.raised |= {caught[1]}
                return True
            if len(self.frames) == 1:
                break
            self.frames.pop()
        return False

    def forgive(self) -> None:
        """Forget failures that wait for the end of an `always`."""
        self.past_rescue = False
        for frame in self.frames:
            frame.raised = frozenset()

    def rescues(self) -> bool:
        """Whether a failure of the task at hand leads to a rescue, be it through an always."""
        return not self.past_rescue and any(f.flow.has_rescue(f.at) for f in self.frames)
