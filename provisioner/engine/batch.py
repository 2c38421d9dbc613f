"""A batch of a play's hosts, and their walks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from provisioner.engine import fact_gathering
from provisioner.engine.effects import Effects
from provisioner.engine.flow import Flow, compile_sections
from provisioner.engine.host_run import HostRun
from provisioner.engine.host_state import HostState
from provisioner.engine.scopes import PlayWorld
from provisioner.events import HostFinished, PlayFinished
from provisioner.records import dataclass


@dataclass(frozen=True)
class Batch:
    """Hosts that go through a play together. `number` is the play's in the plan, from 0; `needed`
    are the hosts that a later play is about."""

    shared: PlayWorld
    number: int = 0
    needed: frozenset[str] = frozenset()

    @property
    def hosts(self) -> tuple[str, ...]:
        return self.shared.batch

    def run_host(self, host: str) -> Effects[None]:
        """Return the generator that runs the play on the host. It adds its time to the host's
        seconds; its last event is PlayFinished or HostFinished."""
        state = self.shared.world.states[host]
        state.roles.clear()
        state.ran.clear()
        state.handlers.clear()
        task = fact_gathering.task_for(self.shared.play) if self._gathers(state) else None
        return _timed(HostRun(self.shared, state, self._flow, task).run(), state)

    @cached_property
    def _flow(self) -> Flow:
        play = self.shared.play
        idle = self._shows_hosts and not any(play.sections)
        return compile_sections(((fact_gathering.nothing(play),),) if idle else play.sections)

    @cached_property
    def _shows_hosts(self) -> bool:
        """Whether the play has to gather facts because a play may show hosts to each other."""
        return self.shared.world.shows_hosts and self.shared.play.gather_facts is not False

    @cached_property
    def _uses_facts(self) -> bool:
        play, world = self.shared.play, self.shared.world
        roles: list[Mapping[str, Any]] = [
            layer for role in play.roles for layer in (*role.all_defaults, *role.exported_vars)
        ]
        return fact_gathering.uses_facts(play, world.extra_vars, *roles)

    def _gathers(self, state: HostState) -> bool:
        if state.facts_gathered or not self._flow.lines:
            return False
        if self._shows_hosts or self._uses_facts:
            return True
        own = self.shared.world.inventory_vars.get(state.name, {})
        return fact_gathering.variables_use_facts(self.shared.play, own)


def _timed(host_run: Effects[None], state: HostState) -> Effects[None]:
    started = time.monotonic()
    try:
        yield from host_run
    except GeneratorExit:
        state.stop()
        raise
    finally:
        state.tick(started)
    if state.out is None:
        yield PlayFinished(state.name)
    else:
        yield HostFinished(state.name, state.summary(), state.reason, state.hint)
