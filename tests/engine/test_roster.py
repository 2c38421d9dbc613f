"""The inventory while tasks add hosts and groups: the fast path gives what a rebuild gives."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioner.engine.host_state import HostState
from provisioner.engine.roster import Roster
from provisioner.loading.inventory import load_inventory
from provisioner.loading.inventory_groups import Inventory

INVENTORY = """
all:
  hosts: {h0: , h1: {own: 1}, h2: , h3: , h4: }
  children:
    web: {hosts: {h2: , h5: }, vars: {of: web}, children: {edge: {hosts: {h6: }}}}
    db: {hosts: {h7: }, vars: {of: db, ansible_group_priority: 5}}
"""

NEW = ["fresh", "other"]
GROUPS = ["web", "edge", "db", *NEW, *NEW, "ungrouped", "all"]


class RebuildingRoster(Roster):
    """A roster that rebuilds the inventory for every report."""

    def _is_simple(self, host: str, values: Mapping[str, Any]) -> bool:
        return False


def inventory(folder: Path) -> Inventory:
    (folder / "hosts.yml").write_text(INVENTORY)
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "fresh.yml").write_text("of: fresh\nfound: true\n")
    return load_inventory(str(folder / "hosts.yml"))


def random_reports(chance: random.Random, count: int) -> list[tuple[str, dict[str, Any]]]:
    """(host, return values) of tasks in random order: mostly group_by, sometimes add_host."""
    names = [f"h{number}" for number in range(8)]
    reports: list[tuple[str, dict[str, Any]]] = []
    for _ in range(count):
        host = chance.choice([*names, "localhost"])
        if chance.random() < 0.1:
            name = chance.choice(["new0", "new1", "h3"])
            groups = chance.sample(GROUPS, chance.randrange(3))
            added = {"host_name": name, "groups": groups, "host_vars": {"a": chance.random()}}
            reports.append((host, {"add_host": added}))
            names.append(name)
        else:
            group = chance.choice(GROUPS)
            parents = chance.choice([["all"], ["web"], ["all", "db"]]) if group in NEW else ["all"]
            if group != "all":
                reports.append((host, {"add_group": group, "parent_groups": parents}))
    return reports


def contents(roster: Roster) -> dict[str, Any]:
    now = roster.inventory
    return {
        "hosts": now.hosts,
        "groups": list(now.groups.items()),
        "members": now.members,
        "groups of": now.groups_of,
        "depths": now.depths,
        "variables": {host: roster.inventory_vars[host] for host in now.hosts},
    }


@pytest.mark.parametrize("seed", range(60))
def test_reports_taken_in_one_by_one_give_the_same_inventory_as_a_rebuild(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    first = inventory(tmp_path)
    states: list[dict[str, HostState]] = [{}, {}]
    inventory_vars: dict[str, dict[str, Any]] = {host: {} for host in first.hosts}
    fast, rebuilding = (
        kind(first, inventory_vars, (tmp_path,), own_states)
        for kind, own_states in zip((Roster, RebuildingRoster), states, strict=True)
    )
    for host, values in random_reports(chance, 40):
        fast.report(host, values)
        rebuilding.report(host, values)
        if chance.random() < 0.7:
            assert contents(fast) == contents(rebuilding)
    assert contents(fast) == contents(rebuilding)
    assert states[0].keys() == states[1].keys()


def test_thousands_of_hosts_that_join_a_group_cause_one_rebuild(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuilt: list[Inventory] = []
    grown = Inventory.grown

    def counted(self: Inventory, *args: Any) -> Inventory:
        rebuilt.append(self)
        return grown(self, *args)

    monkeypatch.setattr(Inventory, "grown", counted)
    (tmp_path / "hosts.yml").write_text(
        f"all: {{hosts: {{{', '.join(f'h{n}: ' for n in range(50))}}}}}"
    )
    first = load_inventory(str(tmp_path / "hosts.yml"))
    rebuilt.clear()
    roster = Roster(first, {host: {} for host in first.hosts}, (), {})
    for host in (first.hosts[0], *reversed(first.hosts[1:])):
        roster.report(host, {"add_group": "el7", "parent_groups": ["all"]})
        assert "el7" in roster.inventory.groups_of[host]
    assert roster.inventory.members["el7"] == first.hosts
    assert len(rebuilt) == 1


def test_groups_that_are_children_of_each_other_have_the_same_hosts(tmp_path: Path) -> None:
    roster = Roster(inventory(tmp_path), {}, (), {})
    roster.report("h1", {"add_group": "one", "parent_groups": ["two"]})
    roster.report("h2", {"add_group": "two", "parent_groups": ["one"]})
    assert {*roster.inventory.members["one"]} == {*roster.inventory.members["two"]} == {"h1", "h2"}
    assert {*roster.inventory.groups_of["h1"]} == {"one", "two"}
