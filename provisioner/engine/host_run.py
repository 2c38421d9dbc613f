"""Run one play on one host.

A run is a generator of events and effects (effects.py). It requests exchanges with the host,
barriers and waits, and an executor carries these out. It does no I/O itself. Each turn of `run`
builds a frame from the current task on, has it sent, and processes the results in order.
"""

from __future__ import annotations

from dataclasses import replace

from provisioner.engine import task_keywords
from provisioner.engine.control_flow import ControlFlow
from provisioner.engine.due_change import DueChange
from provisioner.engine.effects import Answer, Effects, Reset
from provisioner.engine.exchange_builder import ExchangeBuilder
from provisioner.engine.failures import Failures
from provisioner.engine.flow import Flow
from provisioner.engine.handler_queue import HandlerQueue
from provisioner.engine.host_state import HostState
from provisioner.engine.host_sync import HostSync
from provisioner.engine.lock_wait import LockWait
from provisioner.engine.lookahead import Frame, Lookahead
from provisioner.engine.loop_state import LoopState
from provisioner.engine.position import Place, Position
from provisioner.engine.result_handler import ResultHandler
from provisioner.engine.result_store import ResultStore
from provisioner.engine.scopes import title
from provisioner.engine.task_clock import TaskClock
from provisioner.engine.task_runs import TaskRun
from provisioner.engine.world import PlayWorld
from provisioner.errors import BecomeFailed, MalformedReport
from provisioner.events import Notice, SameMachine, Status, TaskStarted
from provisioner.language.play import Task
from provisioner.remote.shell import Report
from provisioner.result import Outcome, Result


class HostRun:
    """Owns the parts of a host's run.

    Each part keeps its own state, and other parts change it by its methods. Two parts are the loop
    state of `run`: the position in the play, and the due change. The result handler sets both, and
    the next turn begins there.
    """

    def __init__(
        self, play_world: PlayWorld, state: HostState, flow: Flow, gathering: Task | None
    ) -> None:
        """Create the parts.

        `gathering` is the task that gathers facts first, if the play needs it.
        """
        self._play_world, self._state = play_world, state
        self._clock, loop, due = TaskClock(), LoopState(), DueChange()
        store, handlers = ResultStore(play_world, state), HandlerQueue(play_world, state)
        self._position = position = Position(flow, handlers)
        self._exchanges = ExchangeBuilder(play_world, state, due)
        self._lock_wait = LockWait(play_world.world, state.name)
        self._lookahead = Lookahead(play_world, state, position, loop, due, handlers, gathering)
        self._failures = Failures(play_world, state, position, store)
        self._sync = HostSync(
            play_world, state, position, loop, self._lookahead, store, handlers, self._failures
        )
        self._results = ResultHandler(
            play_world,
            state,
            position,
            loop,
            due,
            self._clock,
            self._lookahead,
            store,
            handlers,
            self._failures,
            self._sync,
        )
        self._control_flow = ControlFlow(
            play_world,
            state,
            position,
            loop,
            self._clock,
            self._lookahead,
            store,
            handlers,
            self._sync,
            self._results,
        )

    def run(self) -> Effects[None]:
        """Run until the end of the play, or until the host is out."""
        position = self._position
        while not position.left_play and self._state.out is None:
            if not position.find_task():
                if position.at_end:
                    return
                self._failures.give_up()
            elif self._state.has_run(position.task):
                position.advance()
            elif (yield from self._may_run()) and (frame := self._lookahead.build_frame()):
                yield from self._send(frame)

    def _may_run(self) -> Effects[bool]:
        """Wait for other hosts if the current task requires it.

        Return false if the host's current task is then another one, or none.
        """
        if not self._sync.must_wait():
            return True
        if self._lookahead.gathers_facts and len(self._play_world.batch) > 1:
            # Hosts may wait because they read each other's facts.
            yield from self._send(self._lookahead.gathering_frame())
            return False
        return (yield from self._sync.wait())

    def _send(self, frame: Frame) -> Effects[None]:
        """Send the frame and process the results, until one changes the order of tasks."""
        first = frame[0][1]
        yield self._started(first)
        self._clock.start()
        if first.controls_flow:
            yield from self._control_flow.run(first)
            return
        answer = yield from self._exchange(frame)
        for text in answer.notices:
            yield Notice(f"{self._state.name}: {text}")
        if answer.same_machine:
            yield SameMachine(answer.same_machine)
        reports, times = iter(answer.reports), iter(answer.ended)
        for place, task_run in frame:
            if task_run.program is None:
                assert task_run.result is not None
                goes_on = yield from self._results.handle_result(place, task_run, task_run.result)
            else:
                report = next(reports, None)
                if report is None or report.status is None:
                    if answer.lost is not None:
                        yield from self._lose(frame, place, task_run, answer)
                    return
                if report.refused:
                    yield from self._await_lock(task_run, report)
                    return  # the next frame begins with this task
                self._lock_wait.end()
                self._clock.stop(next(times, None))
                try:
                    goes_on = yield from self._results.handle_report(place, task_run, report)
                except MalformedReport as error:
                    yield Reset()
                    yield from self._lose(frame, place, task_run, Answer(lost=error))
                    return
                self._clock.next()
            if not goes_on:
                return
            self._lookahead.discard_prepared(place)
        self._lookahead.completed()

    def _await_lock(self, task_run: TaskRun, report: Report) -> Effects[None]:
        """Wait for another run that changes the host. Take the host out if that takes too long."""
        assert task_run.session_key is not None
        failed = yield from self._lock_wait.wait(task_run.session_key.host, report)
        if failed is not None:
            task = task_run.task
            reason = f"{task.title} ({task.where}): {failed.message}"
            yield from self._results.leave(task_run, failed, Status.FAILED, reason, "")

    def _exchange(self, frame: Frame) -> Effects[Answer]:
        """Send the frame's programs, if it has any."""
        exchange = self._exchanges.build(frame)
        if exchange is None:
            return Answer()
        answer: Answer = yield exchange
        return answer

    def _started(self, task_run: TaskRun) -> TaskStarted:
        name, task = title(task_run.task, task_run.scope), task_run.task
        play, number = self._play_world.play.title, self._position.task_number
        return TaskStarted(play, name, self._state.name, number, task.module, str(task.where))

    def _lose(self, frame: Frame, place: Place, task_run: TaskRun, answer: Answer) -> Effects[None]:
        """Handle a connection that failed or broke before this task run's report arrived.

        If the rest of the frame contains a change, it is unknown whether the change was made. If
        sudo or su refused, the host is reachable: the task has failed.
        """
        lost = answer.lost
        assert lost is not None
        traceback = getattr(lost, "traceback", "")
        failed = Result(Outcome.FAILED, lost.reason, hint=lost.hint, traceback=traceback)
        if isinstance(lost, BecomeFailed):
            yield from self._results.handle_result(place, task_run, failed)
            return
        rest = frame[frame.index((place, task_run)) :] if answer.sent else []
        change = next((other for p, other in rest if self._lookahead.changes(p, other)), None)
        if change is not None:
            task = change.task
            reason = f"{task.title} ({task.where}): {lost.reason}"
            # Another host would repeat what this one may have done already.
            fatal = "run_once" if self._sync.counts_for_all(task) else ""
            unknown = replace(failed, outcome=Outcome.UNKNOWN)
            yield from self._results.leave(change, unknown, Status.UNKNOWN, reason, fatal)
            return
        unreachable = replace(failed, outcome=Outcome.UNREACHABLE)
        keywords = task_run.task.keywords
        if task_keywords.is_set(task_run.scope, keywords.ignore_unreachable):
            yield from self._results.skip_unreachable(place, task_run, unreachable)
        else:
            yield from self._results.leave(
                task_run, unreachable, Status.UNREACHABLE, lost.reason, ""
            )
