"""Run a plan: its plays and their batches in order, the hosts of a batch in parallel."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

from provisioner import exits
from provisioner.engine import fact_gathering
from provisioner.engine.barriers import Barriers
from provisioner.engine.batch import Batch
from provisioner.engine.host_state import HostState
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.roster import Roster
from provisioner.engine.scheduler import Executor, run_batch
from provisioner.engine.scopes import HostVars
from provisioner.engine.world import Gate, PlayWorld, World
from provisioner.errors import LoadError
from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    Notice,
    PlayStarted,
    RunFinished,
    RunStarted,
    SameMachine,
    Status,
)
from provisioner.language.play import Play, tasks_of
from provisioner.loading import keyword_values
from provisioner.plan import Plan, PlannedPlay
from provisioner.plan.hosts import hosts_of, unmatched
from provisioner.plan.play_keywords import constant, sizes
from provisioner.plan.tasks import select_nodes

Ask = Callable[[str], bool]
"""Asks the operator whether to run the task with this title (--step)."""

Read = Callable[[str, bool], str]
"""Shows a prompt and returns the line that the operator types (pause). The flag decides whether the
terminal shows the typed text.
"""


def world_of(plan: Plan, states: Mapping[str, HostState], roster: Roster) -> World:
    """Return the state that all hosts of the run share."""
    options = plan.options
    settings = {
        "become_option": options.become,
        "become_user_option": options.become_user,
        "become_method_option": options.become_method,
        "connection_option": options.connection,
        "ansible_forks": options.forks,
        "ansible_run_tags": sorted(options.tags) or ["all"],
        "ansible_skip_tags": sorted(options.skip_tags),
        "ansible_limit": options.limit or "all",
        **options.settings,
    }
    plays = [play for playbook in plan.playbooks for play in playbook.plays]
    has_other_hosts = len({*plan.inventory.hosts, *plan.hosts}) > 1
    return World(
        roster,
        options.extra_vars,
        states,
        options.check,
        options.diff,
        options.verbosity,
        settings,
        shows_hosts=has_other_hosts and fact_gathering.hosts_seen(plays),
        lock=options.lock,
        lock_timeout=options.lock_timeout,
    )


class Run:
    """Runs a plan once."""

    def __init__(
        self,
        plan: Plan,
        executor: Executor,
        interrupt: Interrupt,
        ask: Ask | None = None,
        read: Read = lambda prompt, echo: "",
    ) -> None:
        """Use `executor` to run the hosts. The run closes it at its end."""
        self.plan, self.interrupt, self.ask, self.read = plan, interrupt, ask, read
        self.executor = executor
        self.states = {name: HostState(name) for name in plan.addressable}
        roster = Roster(plan.inventory, plan.inventory_vars, plan.basedirs, self.states)
        self.world = world_of(plan, self.states, roster)
        self._finished: set[str] = set()
        """Hosts whose HostFinished has been yielded."""
        self._play_ended = self._stopped = self._invalid = False
        self._failing = False
        """Whether a host was out after the last play with hosts."""
        self._crashed = False
        """Whether a bug has ended the run of a host."""

    def events(self) -> Iterator[Event]:
        """Run the plan and yield its events. The last one is RunFinished."""
        started = time.monotonic()
        plan = self.plan
        yield RunStarted(
            plan.inventory.source,
            tuple(str(playbook.path) for playbook in plan.playbooks),
            plan.hosts,
            plan.options.check,
            plan.options.diff,
        )
        yield from plan.notices
        yield from map(SameMachine, plan.same_machines)
        try:
            yield from self._plays()
        except BaseException:
            self.interrupt.set(0)  # running hosts end before their next task
            raise
        finally:
            self.executor.close()
        planned = frozenset(plan.hosts)
        hosts = [host for host in self.states if host in planned or self.states[host].touched]
        for host in hosts:
            yield from self._host_finished(host)
        summaries = {host: self.states[host].summary() for host in hosts}
        seconds = round(time.monotonic() - started, 3)
        yield RunFinished(summaries, self._exit(summaries), seconds, bool(self.interrupt))

    def _exit(self, summaries: Mapping[str, HostSummary]) -> int:
        if self.interrupt:
            return self.interrupt.signal + exits.SIGNALLED
        if self._crashed:
            return exits.BUG
        touched = any(state.touched for state in self.states.values())
        if_invalid = exits.FAILED if touched else exits.INVALID
        return exit_code(summaries) or (if_invalid if self._invalid else exits.OK)

    def _plays(self) -> Iterator[Event]:
        """Run play after play until one ends the run for all hosts."""
        plan = self.plan
        last_of_playbook = {*accumulate(len(playbook.plays) for playbook in plan.playbooks)}
        for number, planned in enumerate(plan.plays, 1):
            if self.interrupt or self._stopped:
                self._stop(self._hosts_of(plan.plays[number - 1 :]))
                return
            later = self._hosts_of(plan.plays[number:])
            try:
                yield from self._play(planned, number - 1, later)
            except LoadError as error:  # for example for hosts: "{{ hostvars.x.undefined }}"
                self._stopped = self._invalid = True
                for problem in error.problems:
                    reason = f"{problem.reason}: no further play is run"
                    yield Notice(reason, str(problem.where))
            if later and number in last_of_playbook and not self._stopped and self._failing:
                self._stopped = True  # as in Ansible, the run ends here
                yield Notice("a host has failed: no later playbook is run")
            self.executor.close_others(later)

    def _play(self, planned: PlannedPlay, number: int, later: frozenset[str]) -> Iterator[Event]:
        """Run a play. `later` are the hosts of the later plays."""
        play, play_hosts = planned.play, planned.hosts
        magic = self._hostvars(play)
        inventory, options = self.world.inventory, self.plan.options
        if planned.late or inventory is not self.plan.inventory:
            play_hosts = hosts_of(inventory, play, options, magic)
        if planned.late:
            yield from unmatched(inventory, play, options, magic)
        hosts = tuple(host for host in play_hosts if self.states[host].out is None)
        task_count = sum(1 for section in play.sections for _ in tasks_of(section))
        if play_hosts:
            self._failing = self._is_failing()
        yield PlayStarted(play.title, hosts, str(play.where), task_count)
        waiting = deque(batches(hosts, sizes(play, options, magic)))
        while waiting:
            batch = waiting.popleft()
            yield from self._batch(self._play_world(play, play_hosts, batch), number, later)
            self._failing = self._is_failing()
            if self.interrupt:
                self._stop(chain(*waiting))
            if self.interrupt or self._play_ended:
                return
            if reason := self._end_reason(play, batch):
                self._stopped = True
                self._stop(chain(*waiting))
                if later:
                    yield Notice(f"{reason}: no later play is run", str(play.where))
                return

    def _hosts_of(self, plays: Sequence[PlannedPlay]) -> frozenset[str]:
        """Return all hosts that the plays may have.

        The hosts of a late play are known only when it begins.
        """
        if any(planned.late for planned in plays):
            return frozenset(self.states)
        return frozenset(host for planned in plays for host in planned.hosts)

    def _play_world(self, play: Play, hosts: tuple[str, ...], batch: tuple[str, ...]) -> PlayWorld:
        return PlayWorld(
            self.world,
            play,
            hosts,
            batch,
            active=lambda: tuple(host for host in hosts if self.states[host].out is None),
            select=lambda nodes: select_nodes(nodes, play, self.plan.options),
            stepping=self.ask is not None,
        )

    def _hostvars(self, play: Play) -> dict[str, Any]:
        """Return the magic variables that a play's own keywords may use."""
        return {"hostvars": HostVars(self._play_world(play, (), ()), "", Gate())}

    def _batch(self, play_world: PlayWorld, number: int, later: frozenset[str]) -> Iterator[Event]:
        hosts = play_world.batch
        barriers = Barriers(
            hosts,
            lambda: self._stop_reason(play_world.play, hosts),
            self.ask,
            lambda: frozenset(host for host in play_world.hosts if self.states[host].out),
            read=self.read,
        )
        for event in run_batch(Batch(play_world, number, later), self.executor, barriers):
            if isinstance(event, HostFinished):
                self._finished.add(event.host)
                self._crashed = self._crashed or bool(event.traceback)
            yield event
        self._play_ended = barriers.play_ended
        for host in barriers.cleared:
            self.states[host].clear_errors()
        self._finished -= barriers.cleared

    def _is_failing(self) -> bool:
        """Whether any host is out, even if it is not in the last play."""
        return any(state.out is not None for state in self.states.values())

    def _end_reason(self, play: Play, batch: Sequence[str]) -> str:
        """Return why the run ends with this batch, or "". Later plays may depend on this one."""
        if batch and all(self.states[host].out is not None for host in batch):
            return "all hosts failed"
        return self._stop_reason(play, batch)

    def _stop_reason(self, play: Play, batch: Sequence[str]) -> str:
        """Return why the run ends with this batch, or "".

        Later plays may depend on this one.
        """
        failed = [host for host in batch if self.states[host].out is not None]
        for host in failed:
            if fatal := self.states[host].fatal:
                return f"{fatal}: {host} {self._status_text(host)}"
            if play.keywords.any_errors_fatal is True:
                return f"any_errors_fatal: {host} {self._status_text(host)}"
        limit = constant(play, play.max_fail_percentage, self.plan.options, self._hostvars(play))
        if limit is None or not failed:
            return ""
        if 100 * len(failed) > keyword_values.number(limit, "%") * len(batch):
            return f"max_fail_percentage: {len(failed)} of {len(batch)} hosts failed"
        return ""

    def _status_text(self, host: str) -> str:
        out = self.states[host].out
        return "failed" if out is Status.FAILED else f"is {out}"

    def _stop(self, hosts: Iterable[str]) -> None:
        """Note that the run has ended before these hosts finished."""
        for host in hosts:
            self.states[host].stop()

    def _host_finished(self, host: str) -> Iterator[Event]:
        if host not in self._finished:
            self._finished.add(host)
            state = self.states[host]
            yield HostFinished(host, state.summary(), state.reason, state.hint)


def batches(hosts: tuple[str, ...], serial: Sequence[Any]) -> Iterator[tuple[str, ...]]:
    """Divide the hosts by `serial`: numbers or percentages. The last entry is repeated."""
    sizes = [_size(item, len(hosts)) for item in serial] or [len(hosts)]
    begin = index = 0
    while begin < len(hosts):
        size = sizes[min(index, len(sizes) - 1)] or len(hosts)
        yield hosts[begin : begin + size]
        begin, index = begin + size, index + 1


def _size(item: Any, total: int) -> int:
    size = keyword_values.number(item, "%")
    if str(item).strip().endswith("%"):
        return max(1, int(size * total / 100))
    return max(0, int(size))


def exit_code(summaries: Mapping[str, HostSummary]) -> int:
    """Return the exit code for the status of the hosts: OK, FAILED, UNREACHABLE, or their sum.

    An unknown outcome counts as UNREACHABLE.
    """
    statuses = {summary.status for summary in summaries.values()}
    failed = exits.FAILED if Status.FAILED in statuses else exits.OK
    is_unreachable = statuses & {Status.UNREACHABLE, Status.UNKNOWN}
    return failed + (exits.UNREACHABLE if is_unreachable else exits.OK)
