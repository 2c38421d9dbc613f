"""The position of a host in its play: a stack of task lists. The innermost list is running.

The play's own list is at the bottom. Above it are running handlers, and the tasks of included files
and roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from provisioner.engine.flow import Flow, Line, compile_nodes
from provisioner.language.play import Node, Task

Place = tuple[int, ...]
"""One line number for each list of the stack. Places compare in the order of the play's tasks."""


class Handlers(Protocol):
    """The handlers of a play that may have to run."""

    def collect(self) -> Sequence[Task]:
        """Return all handlers of the play if any of them is notified, else nothing."""

    def is_notified(self, handler: Task) -> bool:
        """Whether the handler must run when it is reached."""


class TaskList:
    """A running list of tasks. `at` is the current line.

    When the list ends, the list below continues at its line `resume_at`. Handlers that are not
    notified are skipped.
    """

    def __init__(self, flow: Flow, resume_at: int = 0, handlers: Handlers | None = None) -> None:
        self.flow, self.resume_at, self._handlers = flow, resume_at, handlers
        self.at = 0
        self.failed_blocks: frozenset[int] = frozenset()
        """Blocks whose `always` part runs because of a failure. The failure continues after that
        part.
        """

    @property
    def line(self) -> Line:
        return self.flow.lines[self.at]

    @property
    def at_end(self) -> bool:
        return self.at >= len(self.flow.lines)

    @property
    def holds_handlers(self) -> bool:
        return self._handlers is not None

    def skips(self, line: Line) -> bool:
        """Whether the line is a handler that is not notified."""
        handlers, task = self._handlers, line.task
        return handlers is not None and task is not None and not handlers.is_notified(task)

    def go_to(self, line: int) -> None:
        self.at = line

    def leave_part(self) -> bool:
        """Go to the line after the end of a block's part.

        Return false if the block has failed and the failure continues there.
        """
        after = self.flow.after(self.at, self.failed_blocks)
        if after is not None:
            self.at = after
            return True
        assert self.line.ends is not None
        self.failed_blocks -= {self.line.ends[0]}
        return False

    def catch_failure(self, *, rescue: bool) -> bool:
        """Go to the `rescue` or `always` part that catches a failure here.

        Return false if there is none.
        """
        caught = self.flow.on_failure(self.at, rescue=rescue)
        if caught is None:
            return False
        self.at = caught.line
        if caught.part == "always":
            self.failed_blocks |= {caught.block}
        return True

    def clear_errors(self) -> None:
        self.failed_blocks = frozenset()


class Position:
    """The stack of task lists of one host."""

    def __init__(self, flow: Flow, handlers: Handlers) -> None:
        self._lists, self._handlers = [TaskList(flow)], handlers
        self._skips_rescues = False
        self.failing = False
        """Whether the host has failed. Then only forced handlers still run."""
        self.left_play = False
        """Whether the host leaves the play here without a failure (`meta: end_host` and the like).
        """

    @property
    def top(self) -> TaskList:
        """The innermost list."""
        return self._lists[-1]

    @property
    def at_end(self) -> bool:
        """Whether `find_task` has reached the end of the play."""
        return not self._lists

    @property
    def place(self) -> Place:
        return tuple([tasks.at for tasks in self._lists])

    @property
    def task(self) -> Task:
        """The current task. Valid after `find_task` has returned true."""
        task = self.top.line.task
        assert task is not None
        return task

    @property
    def includes(self) -> list[Task]:
        """The tasks whose files and roles are running, the outermost first."""
        tasks = [tasks.flow.lines[tasks.at].task for tasks in self._lists[:-1]]
        return [task for task in tasks if task is not None]

    @property
    def task_number(self) -> int:
        """The number of tasks of the play's own list that have started."""
        bottom = self._lists[0]
        counts = bottom.flow.task_counts
        return counts[min(bottom.at, len(counts) - 1)]

    @property
    def in_handlers(self) -> bool:
        """Whether the current task is a handler, or was included by one."""
        return any(tasks.holds_handlers for tasks in self._lists)

    def find_task(self) -> bool:
        """Go to the next task, past the ends of blocks and flushes without a notified handler.

        Return false at the end of the play, at an uncaught failure, and when a failing host has run
        its forced handlers.
        """
        while self._lists:
            if self.failing and len(self._lists) == 1:
                return False
            tasks = self.top
            if tasks.at_end:
                self._lists.pop()
                if self._lists:
                    self.top.go_to(tasks.resume_at)
            elif tasks.skips(tasks.line):
                self.advance()
            elif tasks.line.task is not None:
                return True
            elif tasks.line.ends is None:
                if not self.enter_handlers(resume_at=tasks.at + 1):
                    self.advance()
            elif not tasks.leave_part() and not self.follow_failure():
                return False
        return False

    def advance(self) -> None:
        """Go to the next line of the innermost list."""
        self.top.go_to(self.top.at + 1)

    def go_to(self, place: Place) -> None:
        """Go to a later place in the innermost list."""
        self.top.go_to(place[-1])

    def enter(self, nodes: Sequence[Node], *, resume_at: int) -> bool:
        """Put a list on the stack; the current list later continues at line `resume_at`.

        Return false if the list is empty.
        """
        if nodes:
            self._lists.append(TaskList(compile_nodes(nodes), resume_at))
        return bool(nodes)

    def enter_handlers(self, *, resume_at: int) -> bool:
        """Put the handlers on the stack. Return false if none is notified."""
        handlers = self._handlers.collect()
        if handlers:
            self._lists.append(TaskList(compile_nodes(handlers), resume_at, self._handlers))
        return bool(handlers)

    def follow_failure(self) -> bool:
        """Go to the `rescue` or `always` part that catches a failure of the current task.

        Return false if no block catches it.
        """
        while self._lists and not self.failing:
            if self.top.catch_failure(rescue=not self._skips_rescues):
                return True
            if len(self._lists) == 1:
                break
            self._lists.pop()
        return False

    def skip_rescues(self) -> None:
        """Ignore every `rescue` from now on, until errors are cleared."""
        self._skips_rescues = True

    def has_rescue(self) -> bool:
        """Whether a failure of the current task leads to a `rescue`.

        An `always` part may be run first.
        """
        return not self._skips_rescues and any(t.flow.has_rescue(t.at) for t in self._lists)

    def give_up(self, *, force_handlers: bool) -> bool:
        """Note that the host has failed, and leave all lists except the play's own.

        The first time, run the notified handlers if they are forced. Return true if there are any.
        """
        already_failing, self.failing = self.failing, True
        del self._lists[1:]
        forced = force_handlers and not already_failing
        return forced and self.enter_handlers(resume_at=self.top.at)

    def leave_play(self) -> None:
        """End the play for this host here."""
        self.left_play = True

    def clear_errors(self) -> None:
        """Discard failures that continue after the end of an `always` part."""
        self._skips_rescues = False
        for tasks in self._lists:
            tasks.clear_errors()
