"""A plan is carried out: plays in order, batches in order, hosts side by side."""

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
from provisioner.engine.scopes import Gate, HostVars, PlayWorld, World
from provisioner.errors import LoadError
from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    Notice,
    PlayStarted,
    RunFinished,
    RunStarted,
    Status,
)
from provisioner.language.play import Play, tasks_of
from provisioner.loading import keyword_values
from provisioner.plan import Plan, PlannedPlay
from provisioner.plan.hosts import hosts_of, unmatched
from provisioner.plan.play_keywords import constant, sizes
from provisioner.plan.tasks import select_nodes

Ask = Callable[[str], bool]
"""Whether the task of that title is to be done (--step)."""

Read = Callable[[str, bool], str]
"""What the operator types at that prompt, shown or not (pause)."""


def world_of(plan: Plan, states: Mapping[str, HostState], roster: Roster) -> World:
    """What all hosts of the run share, as it begins."""
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
    return World(
        roster,
        options.extra_vars,
        states,
        options.check,
        options.diff,
        options.verbosity,
        settings,
        shows_hosts=len({*plan.inventory.hosts, *plan.hosts}) > 1
        and fact_gathering.hosts_seen(plays),
    )


class Run:
    """Runs a plan. `executor` runs the hosts; the run closes it at its end."""

    def __init__(
        self,
        plan: Plan,
        executor: Executor,
        interrupt: Interrupt,
        ask: Ask | None = None,
        read: Read = lambda prompt, echo: "",
    ) -> None:
        self.plan, self.interrupt, self.ask, self.read = plan, interrupt, ask, read
        self.executor = executor
        self.states = {name: HostState(name) for name in plan.addressable}
        roster = Roster(plan.inventory, plan.inventory_vars, plan.basedirs, self.states)
        self.world = world_of(plan, self.states, roster)
        self._finished: set[str] = set()
        self._play_ended = self._stopped = self._invalid = False
        self._failing = False
        """Whether a host of the last play is out: as in Ansible, no further playbook is run."""

    def events(self) -> Iterator[Event]:
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
        try:
            yield from self._plays()
        except BaseException:
            self.interrupt.set(0)  # whoever is still under way stops at a task's end
            raise
        finally:
            self.executor.close()
        chosen = frozenset(plan.hosts)
        hosts = [host for host in self.states if host in chosen or self.states[host].touched]
        for host in hosts:
            yield from self._host_finished(host)
        summaries = {host: self.states[host].summary() for host in hosts}
        seconds = round(time.monotonic() - started, 3)
        yield RunFinished(summaries, self._exit(summaries), seconds, bool(self.interrupt))

    def _exit(self, summaries: Mapping[str, HostSummary]) -> int:
        if self.interrupt:
            return self.interrupt.signal + exits.SIGNALLED
        touched = any(state.touched for state in self.states.values())
        wrong = exits.FAILED if touched else exits.INVALID
        return exit_code(summaries) or (wrong if self._invalid else exits.OK)

    def _plays(self) -> Iterator[Event]:
        """Play after play, as long as nothing ends the run for all."""
        plan = self.plan
        ends = {*accumulate(len(playbook.plays) for playbook in plan.playbooks)}
        for number, planned in enumerate(plan.plays, 1):
            if self.interrupt or self._stopped:
                self._stop(self._hosts_of(plan.plays[number - 1 :]))
                return
            later = self._hosts_of(plan.plays[number:])
            try:
                yield from self._play(planned, number - 1, later)
            except LoadError as error:  # hosts: "{{ hostvars.x.nowhere }}"
                self._stopped = self._invalid = True
                for problem in error.problems:
                    reason = f"{problem.reason}: no further play is run"
                    yield Notice(reason, str(problem.where))
            if later and number in ends and not self._stopped and self._failing:
                self._stopped = True
                yield Notice("a host has failed: no later playbook is run")
            self.executor.close_others(later)

    def _play(self, planned: PlannedPlay, number: int, later: frozenset[str]) -> Iterator[Event]:
        play, chosen_hosts = planned.play, planned.hosts
        magic = {"hostvars": HostVars(self._shared(play, (), ()), "", Gate())}
        inventory, options = self.world.inventory, self.plan.options
        if planned.late or inventory is not self.plan.inventory:
            chosen_hosts = hosts_of(inventory, play, options, magic)
        if planned.late:
            yield from unmatched(inventory, play, options, magic)
        hosts = tuple(host for host in chosen_hosts if self.states[host].out is None)
        count = sum(1 for section in play.sections for _ in tasks_of(section))
        if chosen_hosts:
            self._failing = self._is_failing()
        yield PlayStarted(play.title, hosts, str(play.where), count)
        waiting = deque(batches(hosts, sizes(play, options, magic)))
        while waiting:
            batch = waiting.popleft()
            yield from self._batch(self._shared(play, chosen_hosts, batch), number, later)
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
        """All that the plays may have."""
        if any(planned.late for planned in plays):
            return frozenset(self.states)
        return frozenset(host for planned in plays for host in planned.hosts)

    def _shared(self, play: Play, hosts: tuple[str, ...], batch: tuple[str, ...]) -> PlayWorld:
        return PlayWorld(
            self.world,
            play,
            hosts,
            batch,
            active=lambda: tuple(h for h in hosts if self.states[h].out is None),
            select=lambda nodes: select_nodes(nodes, play, self.plan.options),
            stepping=self.ask is not None,
        )

    def _batch(self, shared: PlayWorld, number: int, later: frozenset[str]) -> Iterator[Event]:
        hosts = shared.batch
        barriers = Barriers(
            hosts,
            lambda: self._stop_reason(shared.play, hosts),
            self.ask,
            lambda: frozenset(host for host in shared.hosts if self.states[host].out),
            read=self.read,
        )
        for event in run_batch(Batch(shared, number, later), self.executor, barriers):
            if isinstance(event, HostFinished):
                self._finished.add(event.host)
            yield event
        self._play_ended = barriers.play_ended
        for host in barriers.forgiven:
            self.states[host].forgive()
        self._finished -= barriers.forgiven

    def _is_failing(self) -> bool:
        """Whether a host is out, be it none of the last play's."""
        return any(state.out is not None for state in self.states.values())

    def _end_reason(self, play: Play, batch: Sequence[str]) -> str:
        """Why the run ends with this batch, as in Ansible: further plays may build on this one."""
        if batch and all(self.states[host].out is not None for host in batch):
            return "all hosts failed"
        return self._stop_reason(play, batch)

    def _stop_reason(self, play: Play, batch: Sequence[str]) -> str:
        """Why the batch must not go on: a fatal failure, or too many of them."""
        failed = [host for host in batch if self.states[host].out is not None]
        for host in failed:
            if fatal := self.states[host].fatal:
                return f"{fatal}: {host} {self._end_of(host)}"
            if play.keywords.any_errors_fatal is True:
                return f"any_errors_fatal: {host} {self._end_of(host)}"
        magic = {"hostvars": HostVars(self._shared(play, (), ()), "", Gate())}
        limit = constant(play, play.max_fail_percentage, self.plan.options, magic)
        if (
            limit is not None
            and failed
            and 100 * len(failed) > keyword_values.number(limit, "%") * len(batch)
        ):
            return f"max_fail_percentage: {len(failed)} of {len(batch)} hosts failed"
        return ""

    def _end_of(self, host: str) -> str:
        out = self.states[host].out
        return "failed" if out is Status.FAILED else f"is {out}"

    def _stop(self, hosts: Iterable[str]) -> None:
        for host in hosts:
            self.states[host].stop()

    def _host_finished(self, host: str) -> Iterator[Event]:
        if host not in self._finished:
            self._finished.add(host)
            state = self.states[host]
            yield HostFinished(host, state.summary(), state.reason, state.hint)


def batches(hosts: tuple[str, ...], serial: Sequence[Any]) -> Iterator[tuple[str, ...]]:
    """`serial`: numbers or percentages, the last one repeated."""
    sizes = [_size(item, len(hosts)) for item in serial] or [len(hosts)]
    position = index = 0
    while position < len(hosts):
        size = sizes[min(index, len(sizes) - 1)] or len(hosts)
        yield hosts[position : position + size]
        position, index = position + size, index + 1


def _size(item: Any, total: int) -> int:
    size = keyword_values.number(item, "%")
    if str(item).strip().endswith("%"):
        return max(1, int(size * total / 100))
    return max(0, int(size))


def exit_code(summaries: Mapping[str, HostSummary]) -> int:
    """What the hosts came to: OK, FAILED, UNREACHABLE (or unknown), or both."""
    states = {summary.status for summary in summaries.values()}
    code = exits.FAILED if Status.FAILED in states else exits.OK
    return code + (exits.UNREACHABLE if states & {Status.UNREACHABLE, Status.UNKNOWN} else exits.OK)
