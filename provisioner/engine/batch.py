"""The hosts of a play that run it side by side, and the run of each."""

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
from provisioner.engine.world import PlayWorld
from provisioner.events import HostFinished, PlayFinished
from provisioner.records import dataclass


@dataclass(frozen=True)
class Batch:
    """One batch of a play.

    `number` is the index of the play in the plan. `needed` are the hosts of the later plays.
    """

    play_world: PlayWorld
    number: int = 0
    needed: frozenset[str] = frozenset()

    @property
    def hosts(self) -> tuple[str, ...]:
        return self.play_world.batch

    def run_host(self, host: str) -> Effects[None]:
        """Return the generator that runs the play on the host.

        It adds its duration to the host's seconds. Its last event is PlayFinished or HostFinished.
        """
        state = self.play_world.world.states[host]
        state.begin_play()
        gathering = None
        if self._gathers_facts(state):
            gathering = fact_gathering.task_for(self.play_world.play)
        return _timed(HostRun(self.play_world, state, self._flow, gathering).run(), state)

    @cached_property
    def _flow(self) -> Flow:
        play = self.play_world.play
        only_facts = self._shows_hosts and not any(play.sections)
        sections = ((fact_gathering.empty_task(play),),) if only_facts else play.sections
        return compile_sections(sections)

    @cached_property
    def _shows_hosts(self) -> bool:
        """Whether to gather facts because a play may show one host's facts to another host."""
        return self.play_world.world.shows_hosts and self.play_world.play.gather_facts is not False

    @cached_property
    def _uses_facts(self) -> bool:
        play, world = self.play_world.play, self.play_world.world
        roles: list[Mapping[str, Any]] = [
            layer for role in play.roles for layer in (*role.all_defaults, *role.exported_vars)
        ]
        return fact_gathering.uses_facts(play, world.extra_vars, *roles)

    def _gathers_facts(self, state: HostState) -> bool:
        if state.facts_gathered or not self._flow.lines:
            return False
        if self._shows_hosts or self._uses_facts:
            return True
        own = self.play_world.world.inventory_vars.get(state.name, {})
        return fact_gathering.variables_use_facts(self.play_world.play, own)


def _timed(host_run: Effects[None], state: HostState) -> Effects[None]:
    """Run `host_run`, add its duration to the host's seconds, and yield its last event."""
    started = time.monotonic()
    try:
        yield from host_run
    except GeneratorExit:
        state.stop()
        raise
    finally:
        state.add_seconds(started)
    if state.out is None:
        yield PlayFinished(state.name)
    else:
        yield HostFinished(state.name, state.summary(), state.reason, state.hint)
