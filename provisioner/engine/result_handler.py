"""Process the result of a task run: emit its event, update counts, and go to the next task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from provisioner.engine import async_jobs, results, task_events, task_keywords
from provisioner.engine.due_change import DueChange, PreparedEdit
from provisioner.engine.effects import Effects, Publish, Sleep
from provisioner.engine.failures import Failures
from provisioner.engine.handler_queue import HandlerQueue
from provisioner.engine.host_state import HostState
from provisioner.engine.host_sync import HostSync
from provisioner.engine.lookahead import GATHERING, Lookahead
from provisioner.engine.loop_state import LoopState
from provisioner.engine.position import Place, Position
from provisioner.engine.reboot_wait import await_reboot
from provisioner.engine.result_store import ResultStore
from provisioner.engine.scopes import title
from provisioner.engine.task_clock import TaskClock
from provisioner.engine.task_runs import TaskRun
from provisioner.engine.world import PlayWorld
from provisioner.errors import ConnectionFailed, MalformedReport, describe, traceback_of
from provisioner.events import Status, TaskFinished, TaskRetried
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError
from provisioner.modules.framework.base import Module, ModuleError
from provisioner.modules.reboot import Reboot
from provisioner.remote.shell import CHANGED, Report
from provisioner.result import Outcome, Result
from provisioner.user_regex import SlowPattern


class ResultHandler:
    """Processes reports and results, one at a time, in the order of the frame.

    A method that returns bool returns whether the next result of the same frame may be processed.
    If not, the next frame begins at the host's position, which may have changed.
    """

    def __init__(
        self,
        play_world: PlayWorld,
        state: HostState,
        position: Position,
        loop: LoopState,
        due: DueChange,
        clock: TaskClock,
        lookahead: Lookahead,
        store: ResultStore,
        handlers: HandlerQueue,
        failures: Failures,
        sync: HostSync,
    ) -> None:
        self._play_world, self._state, self._position = play_world, state, position
        self._loop, self._due, self._clock, self._lookahead = loop, due, clock, lookahead
        self._store, self._handlers = store, handlers
        self._failures, self._sync = failures, sync
        self._attempts = 1
        """Number of attempts of the current task (until, retries)."""

    def handle_report(self, place: Place, task_run: TaskRun, report: Report) -> Effects[bool]:
        """Process a report.

        If a look would change something or has failed, the task run becomes due: only the report of
        an apply counts.
        """
        module = task_run.module
        assert module is not None
        due = self._due.is_for(place, task_run)
        if due and "overtaken" in report.records and self._due.start_over(place, task_run):
            self._lookahead.discard_prepared(place)
            return False
        if due and self._due.edit is not None:
            module = self._due.edit.module  # the module knows the new content already
        if task_run.mode(due) == "look" and (report.status == CHANGED or report.failed):
            self._due.set(place, task_run)
            return False
        try:
            with _reading(task_run.task):
                edit = None if due and self._due.edit else self._edit(module, report)
        except (ModuleError, SlowPattern) as error:
            failure = Result(Outcome.FAILED, str(error))
            return (yield from self.handle_result(place, task_run, failure))
        if edit is not None:
            self._due.set(place, task_run, edit)
            return False
        if task_run.check and not self._state.differs and _expects_failure(task_run):
            report = results.fail_unmet_assumption(report)
        jobs = self._play_world.world.jobs
        try:
            with _reading(task_run.task):
                result = async_jobs.result_of(module, report, task_run.diff, jobs)
        except SlowPattern as error:
            result = Result(Outcome.FAILED, str(error))
        result = async_jobs.add_job_values(task_run.task, module, result)
        if due:
            self._due.finish()
        if isinstance(module, Reboot) and not task_run.check and not result.failed:
            assert task_run.session_key is not None
            result = yield from await_reboot(module, task_run.session_key, report, task_run.scope)
            self._clock.stop()
        return (yield from self.handle_result(place, task_run, result))

    def handle_result(self, place: Place, task_run: TaskRun, result: Result) -> Effects[bool]:
        """Apply the playbook's conditions to the module's own result, and continue from there."""
        if place == GATHERING:
            return (yield from self._finish_gathering(task_run, result))
        task = task_run.task
        self._note_difference(task_run, result)
        self._position.go_to(place)  # skips the ends of blocks between two tasks of a frame
        retries = self._retries(task_run, result)
        if retries or (task_run.check and task_run.module is not None and _may_retry(task)):
            result = replace(result, returns={**result.returns, "attempts": self._attempts})
        result = results.apply_conditions(task, result, task_run.scope)
        accepted = not retries or self._is_accepted(task_run, result)
        if not accepted and self._attempts <= retries:
            yield from self._retry(task_run, result, retries)
            self._due.set(place, task_run)
            return False
        attempts, self._attempts = self._attempts, 1
        if retries:
            result = results.with_attempts(result, attempts if accepted else retries, accepted)
        if task_run.index is None:
            return (yield from self.finish(task_run, result, attempts=attempts))
        return (yield from self._finish_item(task_run, result, attempts))

    def finish(
        self,
        task_run: TaskRun,
        result: Result,
        *,
        attempts: int = 1,
        since: float | None = None,
        item_scopes: Sequence[Scope] | None = None,
    ) -> Effects[bool]:
        """Finish the current task with this result.

        For a loop, `since` is its start time (time.monotonic), and `item_scopes` are the scopes of
        the items that may notify handlers.
        """
        self._loop.end()
        task, scope = task_run.task, task_run.scope
        self._handlers.started(self._position.task)
        self._store.extend_inventory(result)
        result = self._notify(task_run, result, item_scopes)
        failed = result.outcome is Outcome.FAILED
        if task.role is not None and result.outcome is not Outcome.SKIPPED:
            self._state.note_role_ran(task.role)
        ignored = failed and results.is_ignored(task, result, scope)
        if failed and result.unsupported and not ignored:
            self._position.skip_rescues()
        rescued = failed and not ignored and self._position.has_rescue()
        self._store.store(task, result, scope)
        if task.module != "meta":
            changed = results.changed(result)
            self._state.count(result.outcome, ignored=ignored, rescued=rescued, changed=changed)
            flags = {"ignored": ignored, "rescued": rescued, "attempts": attempts}
            yield self.event(task_run, result, since, loop=item_scopes is not None, **flags)
        if self._sync.runs_once(task):
            yield Publish(self._position.place, result)
        self._sync.after(task)
        if not failed or ignored:
            self._position.advance()
            return True
        fatal = task_keywords.is_set(scope, task.keywords.any_errors_fatal)
        self._failures.follow(task, result, scope, fatal="any_errors_fatal" if fatal else "")
        return False

    def abort(self, task_run: TaskRun, result: Result) -> Effects[None]:
        """End the run for all hosts with this failure of the current task.

        Ansible does so if an included file is not valid.
        """
        self._loop.end()
        self._state.count(result.outcome, ignored=False, rescued=False)
        yield self.event(task_run, result)
        self._failures.abort(task_run.task, result, task_run.scope, fatal="invalid include")

    def skip_unreachable(self, place: Place, task_run: TaskRun, result: Result) -> Effects[None]:
        """Skip the task: its host is unreachable, and `ignore_unreachable` is set."""
        self._loop.end()
        if place == GATHERING:
            self._lookahead.end_gathering()
        else:
            self._position.go_to(place)
            self._position.advance()
        self._store.store(task_run.task, replace(result, returns={"unreachable": True}))
        self._state.count(result.outcome, ignored=True, rescued=False)
        yield self.event(task_run, result, ignored=True)

    def leave(
        self, task_run: TaskRun, result: Result, status: Status, reason: str, fatal: str
    ) -> Effects[None]:
        """Take the host out: the task was not run, or it is unknown whether it was."""
        self._state.count(result.outcome, ignored=False, rescued=False)
        yield self.event(task_run, result)
        self._state.leave(status, reason, result.hint, fatal)

    def event(
        self, task_run: TaskRun, result: Result, since: float | None = None, **flags: Any
    ) -> TaskFinished:
        """Return the event for the end of the task run."""
        seconds = self._clock.seconds(since)
        return task_events.finished(
            self._play_world, self._state.name, task_run, result, seconds, **flags
        )

    def _edit(self, module: Module, report: Report) -> PreparedEdit | None:
        """Return the edit of the content that the look has reported; None if none is needed."""
        if not module.edits or (report.failed and not async_jobs.fails_later(module, report)):
            return None
        program = module.edit(report)
        return None if program is None else PreparedEdit(module, program)

    def _note_difference(self, task_run: TaskRun, result: Result) -> None:
        """Note that check mode has skipped a change.

        A command with `changed_when: false` does not count.
        """
        declared_unchanging = task_run.task.changed_when == (False,)
        left_out = result.outcome is Outcome.SKIPPED and not declared_unchanging
        differs = result.outcome is Outcome.CHANGED or left_out
        if not (task_run.check and differs and task_run.module is not None):
            return
        self._state.note_difference()
        host = task_run.session_key.host if task_run.session_key is not None else ""
        delegated = self._play_world.world.states.get(host)
        if delegated is not None:
            delegated.note_difference()

    def _finish_item(self, task_run: TaskRun, result: Result, attempts: int) -> Effects[bool]:
        """Finish an item of a loop; after the last item, finish the task."""
        task, loop = task_run.task, self._loop
        if not loop.active:
            loop.begin(task_run.items, self._clock.started)
        self._store.extend_inventory(result)
        loop.add(task_run.item, results.with_invocation(task, task_run.module, result))
        if task.notify and result.outcome is not Outcome.SKIPPED:
            loop.add_changed_scope(task_run.scope)
        yield self.event(task_run, result, is_item=True, attempts=attempts)
        control = task.loop
        assert control is not None
        if not loop.is_complete:
            if control.pause:
                yield Sleep(task_keywords.number(task_run.scope, control.pause, 0))
            return True
        whole = results.loop_result(loop.results, control.variable, control.index_variable)
        since, scopes = loop.started, loop.changed_scopes
        finished = self.finish(task_run, whole, attempts=attempts, since=since, item_scopes=scopes)
        return (yield from finished)

    def _finish_gathering(self, task_run: TaskRun, result: Result) -> Effects[bool]:
        """Note that the facts are gathered, or take the host out."""
        self._due.clear()
        self._lookahead.end_gathering()
        self._state.count(result.outcome, ignored=False, rescued=False)
        self._store.store(task_run.task, result)
        yield self.event(task_run, result)
        if result.failed:
            reason = f"{task_run.task.title}: {result.message}"
            self._state.leave(Status.FAILED, reason, result.hint)
        return not result.failed

    def _notify(
        self, task_run: TaskRun, result: Result, item_scopes: Sequence[Scope] | None
    ) -> Result:
        """Notify the task's handlers if it has changed something.

        Return its result, or a failure if a handler does not exist.
        """
        if result.outcome is not Outcome.CHANGED:
            return result
        scopes = [task_run.scope] if item_scopes is None else item_scopes
        in_handlers = self._position.in_handlers
        try:
            missing = self._handlers.notify(task_run.task, scopes, in_handlers=in_handlers)
        except TemplateError as error:
            return replace(result, outcome=Outcome.FAILED, message=f"notify: {error.reason}")
        if not missing:
            return result
        message = f'notify: there is no handler "{missing}"'
        return replace(result, outcome=Outcome.FAILED, message=message)

    # -- until and retries

    def _retries(self, task_run: TaskRun, result: Result) -> int:
        """Return how often the task may be tried again; 0 if it must not be."""
        task = task_run.task
        if not _may_retry(task) or task_run.check or result.outcome is Outcome.SKIPPED:
            return 0
        if result.unrendered or result.unsupported:
            return 0
        return int(task_keywords.number(task_run.scope, task.retries, 3))

    def _is_accepted(self, task_run: TaskRun, result: Result) -> bool:
        """Whether `until` is true. As in Ansible, `retries` alone waits for success."""
        task = task_run.task
        if task.until is None:
            return not result.failed
        own = {task.register: results.registered(result)} if task.register else {}
        try:
            return task_run.scope.with_layers(own).holds(task.until) is True
        except TemplateError:
            return False

    def _retry(self, task_run: TaskRun, result: Result, retries: int) -> Effects[None]:
        """Report the attempt, and wait for the task's `delay`."""
        name, play = title(task_run.task, task_run.scope), self._play_world.play.title
        yield TaskRetried(play, name, self._state.name, self._attempts, retries, result.message)
        self._attempts += 1
        yield Sleep(task_keywords.number(task_run.scope, task_run.task.delay, 5))


@contextmanager
def _reading(task: Task) -> Iterator[None]:
    """Turn an exception of a module that reads a report into MalformedReport.

    The host may have reported anything. In doubt it concerns this host only.
    """
    try:
        yield
    except (ConnectionFailed, ModuleError, SlowPattern):
        raise
    except Exception as error:
        raise MalformedReport(
            f"a report that the module {task.module} can't read: {describe(error)}",
            "compare what the module runs on the host with what it should print; if the host is"
            " right, provision has a bug: -vvv shows the traceback",
            traceback_of(error),
        ) from error


def _may_retry(task: Task) -> bool:
    return task.until is not None or task.retries is not None


def _expects_failure(task_run: TaskRun) -> bool:
    """Whether the playbook handles a failure of the task."""
    task = task_run.task
    if task.failed_when is not None:
        return True
    return task_keywords.is_set(task_run.scope, task.keywords.ignore_errors)
