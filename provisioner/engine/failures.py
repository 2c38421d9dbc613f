"""Handle a task failure: go to a rescue, or end the host's run."""

from __future__ import annotations

from provisioner.engine import task_events
from provisioner.engine.host_state import HostState
from provisioner.engine.position import Position
from provisioner.engine.result_store import ResultStore
from provisioner.engine.world import PlayWorld
from provisioner.events import Status
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.result import Result


class Failures:
    """Keeps the last failure. If no block catches it, the recap shows it for the host."""

    def __init__(
        self, play_world: PlayWorld, state: HostState, position: Position, store: ResultStore
    ) -> None:
        self._play_world, self._state = play_world, state
        self._position, self._store = position, store
        self._reason = self._hint = self._fatal = ""

    def follow(
        self, task: Task, result: Result, scope: Scope, *, fatal: str = "", prefix: str = ""
    ) -> None:
        """Go to the rescue or `always` part that catches the failure of the current task.

        If there is none, the host is out. If `fatal` is set, no host may continue, for this reason.
        `prefix` begins the reason in the recap.
        """
        self._keep(task, result, scope, fatal, prefix)
        self._store.store_failure(task, result, scope)
        if not self._position.follow_failure():
            self.give_up()

    def abort(self, task: Task, result: Result, scope: Scope, *, fatal: str) -> None:
        """Take the host out at once, without rescue and without handlers."""
        self._keep(task, result, scope, fatal, "")
        self._position.give_up(force_handlers=False)
        self._leave()

    def give_up(self) -> None:
        """Take the host out, after its handlers if `force_handlers` is set."""
        forced = bool(self._play_world.play.force_handlers)
        if not self._position.give_up(force_handlers=forced):
            self._leave()

    def _keep(self, task: Task, result: Result, scope: Scope, fatal: str, prefix: str) -> None:
        reason, self._hint = task_events.reason_and_hint(scope, task, result)
        self._reason = f"{task.title} ({task.where}): {prefix}{reason}"
        self._fatal = fatal

    def _leave(self) -> None:
        self._state.leave(Status.FAILED, self._reason, self._hint, self._fatal)
