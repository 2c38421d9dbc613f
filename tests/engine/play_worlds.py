"""Load a play for tests of single parts of a host's run."""

from __future__ import annotations

from pathlib import Path

from provisioner.engine.host_state import HostState
from provisioner.engine.roster import Roster
from provisioner.engine.run import world_of
from provisioner.engine.world import PlayWorld
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, plan


def load_play(
    folder: Path,
    tasks: str,
    *,
    hosts: str = "h1,",
    keywords: str = "gather_facts: false",
    check: bool = False,
) -> PlayWorld:
    """Return the world of a play with the YAML list `tasks`, for all hosts in one batch.

    `keywords` is a line with further keywords of the play.
    """
    playbook = folder / "play.yml"
    lines = [f"      {line}" for line in tasks.strip("\n").splitlines()]
    playbook.write_text("\n".join(["- hosts: all", f"  {keywords}", "  tasks:", *lines]))
    planned = plan(load_inventory(hosts), [load_playbook(playbook)], Options(check=check))
    states = {name: HostState(name) for name in planned.addressable}
    roster = Roster(planned.inventory, planned.inventory_vars, planned.basedirs, states)
    world = world_of(planned, states, roster)
    return PlayWorld(world, planned.plays[0].play, planned.hosts, planned.hosts)
