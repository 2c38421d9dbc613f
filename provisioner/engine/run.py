"""A plan is carried out: plays in order, batches in order, hosts side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.engine import gather
from provisioner.engine.barriers import Barriers
from provisioner.engine.flow import compile_sections
from provisioner.engine.host import HostWalk, Walk
from provisioner.engine.scopes import PlayWorld, World
from provisioner.engine.state import HostState
from provisioner.events import (
    Event,
    HostFinished,
    PlayStarted,
    RunFinished,
    RunStarted,
    Status,
)
from provisioner.fleet.sessions import Connect, Pool
from provisioner.fleet.threads import Interrupt, drive
from provisioner.language.play import Play, tasks_of
from provisioner.loading.variables import host_variables
from provisioner.plan import Plan, PlannedPlay, chosen, constant, hosts_of


def run(plan: Plan, connect: Connect, interrupt: Interrupt | None = None) -> Iterator[Event]:
    """Carry out `plan`. The last event is `RunFinished`, whatever the hosts do."""
    yield from Run(plan, connect, interrupt or Interrupt()).events()


Ask = Callable[[str], bool]
"""Whether the task of that title is to be done (--step)."""


class Run:
    """One run's state; `pool` tells afterwards how many frames each host took."""

    def __init__(
        self, plan: Plan, connect: Connect, interrupt: Interrupt, ask: Ask | None = None
    ) -> None:
        self.plan, self.interrupt, self.ask = plan, interrupt, ask
        self.pool = Pool(connect)
        names = (*plan.inventory.hosts, *plan.hosts)
        self.states = {name: HostState(name) for name in dict.fromkeys(names)}
        options = plan.options
        settings = {
            "become_option": options.become,
            "become_user_option": options.become_user,
            "become_method_option": options.become_method,
            "ansible_forks": options.forks,
            "ansible_run_tags": sorted(options.tags) or ["all"],
            "ansible_skip_tags": sorted(options.skip_tags),
            "ansible_limit": options.limit or "all",
            **options.settings,
        }
        self.world = World(
            plan.inventory,
            plan.statics,
            options.extra_vars,
            self.states,
            options.check,
            options.diff,
            options.verbosity,
            settings,
        )
        self._finished: set[str] = set()

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
            for number, planned in enumerate(plan.plays, 1):
                if self.interrupt:
                    break
                yield from self._play(planned)
                self._grow()
                self._close_finished(plan.plays[number:])
        finally:
            self.pool.close()
        hosts = [host for host in self.states if host in plan.hosts or self.states[host].touched]
        for host in hosts:
            yield from self._host_finished(host)
        summaries = {host: self.states[host].summary() for host in hosts}
        seconds = round(time.monotonic() - started, 3)
        code = self.interrupt.signal + 128 if self.interrupt else exit_code(summaries)
        yield RunFinished(summaries, code, seconds, bool(self.interrupt))

    def _play(self, planned: PlannedPlay) -> Iterator[Event]:
        play, chosen_hosts = planned.play, planned.hosts
        if self.world.inventory is not self.plan.inventory:
            chosen_hosts = hosts_of(self.world.inventory, play, self.plan.options)
        hosts = tuple(host for host in chosen_hosts if self.states[host].out is None)
        count = sum(1 for section in play.sections for _ in tasks_of(section))
        yield PlayStarted(play.title, hosts, str(play.where), count)
        serial = [constant(play, item, self.plan.options) for item in play.serial]
        for batch in batches(hosts, serial):
            yield from self._batch(play, chosen_hosts, batch)
            lost = [host for host in batch if self.states[host].out is not None]
            if self.interrupt or len(lost) == len(batch) or self._stop_reason(play, batch):
                return

    def _grow(self) -> None:
        """Take in what add_host and group_by of the last play said."""
        hosts: dict[str, Mapping[str, Any]] = {}
        groups: dict[str, list[str]] = {}
        for name, said in self.world.added:
            if "add_host" in said:
                added = said["add_host"]
                hosts[added["host_name"]] = added["host_vars"]
                for group in (*added["groups"], *(() if added["groups"] else ("ungrouped",))):
                    groups.setdefault(group, []).append(added["host_name"])
            else:
                groups.setdefault(said["add_group"], []).append(name)
        if not groups:
            return
        self.world.added.clear()
        inventory = self.world.inventory = self.world.inventory.grown(hosts, groups)
        basedirs = [playbook.path.parent for playbook in self.plan.playbooks]
        self.world.statics = {
            name: host_variables(inventory, name, basedirs) for name in inventory.hosts
        }
        for name in hosts:
            self.states.setdefault(name, HostState(name))

    def _close_finished(self, later: Sequence[PlannedPlay]) -> None:
        """Hosts that no later play is about need no connection any more."""
        if later:
            needed = {host for planned in later for host in planned.hosts}
            for host in set(self.pool) - needed:
                self.pool.of(host).close()

    def _batch(self, play: Play, hosts: tuple[str, ...], batch: tuple[str, ...]) -> Iterator[Event]:
        shared = PlayWorld(
            self.world,
            play,
            hosts,
            batch,
            active=lambda: tuple(h for h in hosts if self.states[h].out is None),
            select=lambda nodes: chosen(nodes, self.plan.options),
            stepping=self.ask is not None,
        )
        barriers = Barriers(batch, lambda: self._stop_reason(play, batch), self.ask)
        walks = {host: self._walk(shared, host) for host in batch}
        yield from drive(walks, barriers, self.pool, self.plan.options.forks, self.interrupt)

    def _walk(self, shared: PlayWorld, host: str) -> Walk:
        state, play = self.states[host], shared.play
        state.roles.clear()
        state.handlers.clear()
        roles = [layer for role in play.roles for layer in (role.defaults, role.vars)]
        variables = (self.world.statics.get(host, {}), self.world.extra_vars, *roles)
        used = not state.facts_gathered and gather.uses_facts(play, *variables)
        flow = compile_sections(play.sections)
        task = gather.task_for(play) if used and flow.lines else None
        return self._whole(HostWalk(shared, state, flow, task).run(), state)

    def _whole(self, walk: Walk, state: HostState) -> Walk:
        """The walk, with the time it took added to the host's, and its end where it drops out."""
        started = time.monotonic()
        try:
            yield from walk
        finally:
            state.tick(started)
        if state.out is not None:
            yield from self._host_finished(state.name)

    def _stop_reason(self, play: Play, batch: Sequence[str]) -> str:
        """Why the batch must not go on: a fatal failure, or too many of them."""
        failed = [host for host in batch if self.states[host].out is not None]
        for host in failed:
            if self.states[host].fatal or play.keywords.any_errors_fatal is True:
                return f"any_errors_fatal: {host} failed"
        limit = constant(play, play.max_fail_percentage, self.plan.options)
        if limit is not None and failed and 100 * len(failed) > float(str(limit)) * len(batch):
            return f"max_fail_percentage: {len(failed)} of {len(batch)} hosts failed"
        return ""

    def _host_finished(self, host: str) -> Iterator[Event]:
        if host not in self._finished:
            self._finished.add(host)
            state = self.states[host]
            yield HostFinished(host, state.summary(), state.reason, state.remedy)


def batches(hosts: tuple[str, ...], serial: Sequence[Any]) -> Iterator[tuple[str, ...]]:
    """`serial`: numbers or percentages, the last one repeated."""
    sizes = [_size(item, len(hosts)) for item in serial] or [len(hosts)]
    position = index = 0
    while position < len(hosts):
        size = sizes[min(index, len(sizes) - 1)] or len(hosts)
        yield hosts[position : position + size]
        position, index = position + size, index + 1


def _size(item: Any, total: int) -> int:
    text = str(item)
    if text.endswith("%"):
        return max(1, int(float(text[:-1]) * total / 100))
    return max(0, int(text))


def exit_code(summaries: Mapping[str, Any]) -> int:
    """0, 2 (failed), 4 (unreachable or unknown) or 6 (both)."""
    states = {summary.status for summary in summaries.values()}
    code = 2 if Status.FAILED in states else 0
    return code + (4 if states & {Status.UNREACHABLE, Status.UNKNOWN} else 0)
