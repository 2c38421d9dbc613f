"""The change that a host must make next, because a look has found it necessary."""

from __future__ import annotations

from provisioner.engine.position import Place
from provisioner.engine.task_runs import TaskRun
from provisioner.modules.framework.base import Module
from provisioner.records import dataclass
from provisioner.remote.shell import Program

Key = tuple[Place, int | None]
"""Identifies a task run within a play: the place of its task, and the index of its loop item."""


@dataclass(frozen=True)
class PreparedEdit:
    """The new content of a file, computed by the module from the content that its look read.

    The program writes it.
    """

    module: Module
    program: Program


class DueChange:
    """The task run that is due, if any. The next frame begins with it, in apply mode."""

    def __init__(self) -> None:
        self.key: Key | None = None
        self.edit: PreparedEdit | None = None
        """The change, if the module edits a file on the controller's side; None for other modules.
        """
        self._reread: Key | None = None

    def set(self, place: Place, task_run: TaskRun, edit: PreparedEdit | None = None) -> None:
        """Make the task run due."""
        self.key, self.edit = (place, task_run.index), edit

    def is_for(self, place: Place, task_run: TaskRun) -> bool:
        """Whether this task run is due."""
        return self.key == (place, task_run.index)

    def clear(self) -> None:
        """Forget the due task run: the change was not made."""
        self.key = self.edit = None

    def finish(self) -> None:
        """Forget the due task run: the change was made or has failed."""
        self.key = self.edit = self._reread = None

    def start_over(self, place: Place, task_run: TaskRun) -> bool:
        """Look again before the edit, because the file has changed in the meantime.

        Return false if this has already happened to the task run.
        """
        key = place, task_run.index
        if self.edit is None or self._reread == key:
            return False
        self.clear()
        self._reread = key
        return True
