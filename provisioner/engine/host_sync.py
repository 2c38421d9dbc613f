"""Wait for the other hosts of the batch, and take over the result of a host that runs for all."""

from __future__ import annotations

from provisioner.engine import includes, results, task_keywords
from provisioner.engine.barrier_rules import ends_play, refreshes, waits_after, waits_before
from provisioner.engine.effects import Barrier, Effects, Released
from provisioner.engine.failures import Failures
from provisioner.engine.handler_queue import HandlerQueue
from provisioner.engine.host_state import HostState
from provisioner.engine.lookahead import Lookahead
from provisioner.engine.loop_state import LoopState
from provisioner.engine.position import Place, Position
from provisioner.engine.result_store import ResultStore
from provisioner.engine.scopes import title
from provisioner.engine.world import PlayWorld
from provisioner.events import Status
from provisioner.language.play import Task
from provisioner.loading.host_patterns import is_implicit
from provisioner.result import Outcome, Result


class HostSync:
    """Decides before which tasks the host waits, by the rules in barrier_rules.py."""

    def __init__(
        self,
        play_world: PlayWorld,
        state: HostState,
        position: Position,
        loop: LoopState,
        lookahead: Lookahead,
        store: ResultStore,
        handlers: HandlerQueue,
        failures: Failures,
    ) -> None:
        self._play_world, self._state, self._position = play_world, state, position
        self._loop, self._lookahead, self._store = loop, lookahead, store
        self._handlers, self._failures = handlers, failures
        self._passed: Place | None = None
        """The last barrier that the host has passed."""
        self._next_waits = False
        """Whether the next task waits because all hosts must have finished the task before it."""
        self._follows_include = False

    def must_wait(self) -> bool:
        """Whether the host must wait before the current task."""
        task, place = self._position.task, self._position.place
        needs_others = self._lookahead.needs_others == place
        if self._passed == place or (self._loop.active and not needs_others):
            return False
        waits = self._next_waits or waits_before(self._play_world, task)
        return waits or needs_others or self.runs_once(task)

    def wait(self) -> Effects[bool]:
        """Wait before the current task. Return whether the host is to run it.

        Return false if another host has run it for this host too, if no host is to run it, or if
        the host ends here.
        """
        task, place = self._position.task, self._position.place
        once = self.runs_once(task)
        name = title(task, self._lookahead.scope(task)) if task.module != "meta" else ""
        released: Released = yield Barrier(place, once, name)
        self._next_waits, self._passed = False, place
        self._lookahead.others_wait_at(place)
        if self.stopped_by(released):
            return False
        result = None if released.leader or not once else released.result
        self._follows_include = result is not None and includes.FOLLOW in result.returns
        if released.skip:
            self._position.advance()
        elif result is not None and not self._follows_include:
            self._take_over(task, result)
            self.leave_if_removed(task)
        else:
            return True
        return False

    def stopped_by(self, released: Released) -> bool:
        """Whether the host ends here, because of another host's failure or the end of the play."""
        if released.stop:
            self._state.leave(Status.FAILED, released.stop)
        if released.end_play:
            self._position.leave_play()
        return self._position.left_play or self._state.out is not None

    def after(self, task: Task) -> None:
        """Note that the current task has ended. The next task may have to wait because of it."""
        needed_others = self._lookahead.needs_others == self._position.place
        if needed_others or waits_after(self._play_world, task):
            self._next_waits = True

    def take_follows_include(self) -> bool:
        """Whether this host enters the current include only to take over its results.

        Another host has run the include for all hosts. The method returns true only once for each
        include.
        """
        follows, self._follows_include = self._follows_include, False
        return follows

    def runs_once(self, task: Task) -> bool:
        """Whether only the first host that reaches the task runs it."""
        if task.module == "add_host" or refreshes(task):
            return True
        if ends_play(task) and self._play_world.play.strategy != "free":
            return True  # as in Ansible, the `when` of the first host decides
        return self.counts_for_all(task)

    def counts_for_all(self, task: Task) -> bool:
        """Whether the result of a task that one host runs is the result of all hosts (`run_once`).

        This is false for `add_host` without run_once.
        """
        run_once = task.keywords.run_once
        return run_once is not None and task_keywords.is_set(self._lookahead.scope(task), run_once)

    def leave_if_removed(self, task: Task) -> None:
        """End the play for the host if a refreshed inventory no longer has it, as Ansible does."""
        inventory, name = self._play_world.world.inventory, self._state.name
        removed = name not in inventory.hosts and not is_implicit(inventory, name)
        if refreshes(task) and removed:
            self._position.leave_play()

    def _take_over(self, task: Task, result: Result) -> None:
        """Take over the result of the host that ran the task for all hosts.

        If the result does not count for all hosts (`add_host`), only a failure is taken over.
        """
        failed = result.outcome is Outcome.FAILED
        if not (failed or self.counts_for_all(task)):
            self._position.advance()
            return
        scope = self._lookahead.scope(task)
        self._handlers.started(task)
        self._store.store(task, result, scope)
        if not failed or results.is_ignored(task, result, scope):
            self._position.advance()
            return
        if result.unsupported:
            self._position.skip_rescues()
        self._failures.follow(task, result, scope, prefix="run_once: ")
