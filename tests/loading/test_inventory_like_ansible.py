"""Inventories, compared with the recorded output of ansible-inventory 2.16 (record.py)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from provisioner.loading import host_patterns
from provisioner.loading.inventory import load_inventory
from provisioner.loading.inventory_listing import Listing, json_text, yaml_text
from tests.loading.inventories import CASES, Case, recorded

RECORDED = recorded()
NAMES = list(CASES)


class Plain(yaml.SafeLoader):
    """Reads dates and `!unsafe` values as text."""


for tag in ("tag:yaml.org,2002:timestamp", "!unsafe"):
    Plain.yaml_constructors = {**Plain.yaml_constructors, tag: Plain.construct_yaml_str}


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Return a case after writing its files into the current directory."""
    found = CASES[request.param]
    found.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return found


def listing(case: Case, *, export: bool = False) -> Listing:
    folders = (Path(case.playbook_dir),) if case.playbook_dir else ()
    return Listing(load_inventory(case.inventory), export=export, basedirs=folders)


def test_every_case_has_been_recorded() -> None:
    assert list(RECORDED) == NAMES


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_list_prints_the_same_as_ansible(case: Case) -> None:
    assert json.loads(json_text(listing(case).as_json())) == RECORDED[case.name]["list"]


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_list_with_export_prints_the_same_as_ansible(case: Case) -> None:
    shown = listing(case, export=True).as_json()
    assert json.loads(json_text(shown)) == RECORDED[case.name]["export"]


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_list_as_yaml_prints_the_same_as_ansible(case: Case) -> None:
    shown = yaml_text(listing(case).as_nested())
    assert yaml.load(shown, Plain) == yaml.load(RECORDED[case.name]["yaml"], Plain)


@pytest.mark.parametrize("case", NAMES, indirect=True)
@pytest.mark.parametrize("kind", ["graph", "graph_vars"])
def test_graph_prints_the_same_as_ansible(case: Case, kind: str) -> None:
    graph = listing(case).graph("all", variables=kind == "graph_vars")
    assert graph.splitlines() == RECORDED[case.name][kind].splitlines()


@pytest.mark.parametrize("case", [n for n in NAMES if CASES[n].patterns], indirect=True)
def test_patterns_select_the_same_hosts_as_ansible_in_the_same_order(case: Case) -> None:
    inventory = load_inventory(case.inventory)
    chosen = {pattern: list(host_patterns.select(inventory, pattern)) for pattern in case.patterns}
    assert chosen == RECORDED[case.name]["patterns"]
