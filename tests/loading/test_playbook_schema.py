"""The JSON Schema of `provision schema`: what it accepts and refuses."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from provisioner.errors import LoadError
from provisioner.loading.playbook import load_playbook
from provisioner.loading.playbook_schema import playbook_schema
from tests.differential.cases import cases

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = sorted((ROOT / "playbooks").glob("*.yml"))


@cache
def validator() -> Draft7Validator:
    return Draft7Validator(playbook_schema())


def faults(text: str) -> list[str]:
    errors = validator().iter_errors(yaml.load(text, Loader=Tolerant))
    return [f"{error.json_path}: {error.message}"[:300] for error in errors]


class Tolerant(yaml.SafeLoader):
    """Reads values with tags (!vault, !unsafe) as plain values."""


def _plain(loader: Any, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


Tolerant.add_multi_constructor("!", _plain)


def test_the_schema_is_a_valid_json_schema() -> None:
    Draft7Validator.check_schema(playbook_schema())


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_the_bundled_playbooks_are_accepted(path: Path) -> None:
    assert faults(path.read_text()) == []


EXPECT_FAULTS = {
    "blocks: wrong arguments that the playbook expects",
    "commands: wrong values of keywords",
    "failures: what modules say of parameters that do not fit",
}
KNOWN = {name: case for name, case in cases().items() if name not in EXPECT_FAULTS}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_playbook_that_loads_is_accepted(name: str, tmp_path: Path) -> None:
    for file, text in {**KNOWN[name].files, "play.yml": KNOWN[name].play}.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    try:
        load_playbook(tmp_path / "play.yml")
    except LoadError:
        return
    assert faults(KNOWN[name].play) == []


REFUSED = [
    ("- {hosts: all, taks: []}", "taks"),
    ("- {tasks: []}", "hosts"),
    ("- {hosts: all, tasks: [{comand: x}]}", "comand"),
    ("- {hosts: all, tasks: [{copy: {sorce: x}}]}", "sorce"),
    ("- {hosts: all, tasks: [{file: {path: x, state: gone}}]}", "gone"),
    ("- {hosts: all, tasks: [{block: [{ansible.builtin.copy: {sorce: x}}]}]}", "sorce"),
    ("- {hosts: all, become: perhaps}", "perhaps"),
    ("- {hosts: all, handlers: [{name: x, service: {name: x, enabled: maybe}}]}", "maybe"),
    ("- {import_playbook: x.yml, hosts: all}", "hosts"),
]


@pytest.mark.parametrize(("text", "named"), REFUSED)
def test_what_the_loader_refuses_is_refused_by_its_name(text: str, named: str) -> None:
    assert any(named in fault for fault in faults(text))


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = playbook_schema()["definitions"][f"module_{name}"]["properties"]
    return found


def test_every_parameter_has_a_description_and_no_internal_name() -> None:
    for name, definition in playbook_schema()["definitions"].items():
        if name.startswith("module_"):
            for parameter, schema in definition["properties"].items():
                assert schema["description"], (name, parameter)
                assert not parameter.endswith("_"), (name, parameter)


def test_an_alias_names_its_parameter() -> None:
    assert properties("timezone")["rtc"]["description"].startswith("Alias of hwclock. ")
    hwclock = {**properties("timezone")["hwclock"], "description": ""}
    assert {**properties("timezone")["rtc"], "description": ""} == hwclock


INTERNAL = [
    ("yum", "list_", "list"),
    ("yum_repository", "async_", "async"),
    ("unarchive", "copy_", "copy"),
    ("template", "validate_", "validate"),
    ("assemble", "validate_", "validate"),
    ("lineinfile", "validate_", "validate"),
    ("npm", "global_", "global"),
    ("uri", "payload", "body"),
    ("file", "diff_peek", "_diff_peek"),
    ("pamd", "validate_", None),
    ("pamd", "validate", None),
]


@pytest.mark.parametrize(("module", "internal", "public"), INTERNAL)
def test_the_names_of_attributes_are_refused(
    module: str, internal: str, public: str | None, tmp_path: Path
) -> None:
    assert internal not in properties(module)
    assert public is None or public in properties(module)
    path = tmp_path / "play.yml"
    path.write_text(f"- {{hosts: all, tasks: [{{{module}: {{{internal}: x}}}}]}}")
    with pytest.raises(LoadError, match=f'the module {module} has no parameter "{internal}"'):
        load_playbook(path)
