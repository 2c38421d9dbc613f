"""The bundled roles: their specs, defaults and pages agree, and any playbook finds them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Command, provision  # noqa: F401 - a fixture
from tests.differential.ansible_side import CORE
from tests.role_pages import PAGES, ROLES, ROOT, defaults_of, page, spec_of

ROLE_NAMES = sorted(path.name for path in ROLES.iterdir())
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
COLLECTIONS = {
    "ansible/posix": ("authorized_key", "firewalld", "sysctl"),
    "community/general": ("modprobe", "timezone"),
}
"""The modules that the playbooks use and that ansible-core does not have."""


@pytest.mark.parametrize("name", PAGES)
def test_the_page_of_a_role_is_up_to_date(name: str) -> None:
    text = (ROOT / "docs" / name).read_text()
    assert text == page(name), "run: python -m tests.role_pages"


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_variable_has_a_default_and_a_spec(role: str) -> None:
    options = {name for spec in spec_of(role).values() for name in spec["options"]}
    assert options == defaults_of(role).keys()


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_option_has_a_type_and_a_description(role: str) -> None:
    for spec in spec_of(role).values():
        for name, option in spec["options"].items():
            assert {"type", "description"} <= option.keys(), name
            assert "default" not in option, "the default is in defaults/main.yml"


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_computed_variables_begin_with_an_underscore_and_the_name_of_the_role(role: str) -> None:
    prefix = "_" + role.partition("_")[0] + "_"
    text = "\n".join(path.read_text() for path in (ROLES / role / "tasks").glob("*.yml"))
    registered = re.findall(r"^ *register: (\S+)$", text, re.M)
    computed = yaml.safe_load((ROLES / role / "vars/main.yml").read_text())
    assert [name for name in (*registered, *computed) if not name.startswith(prefix)] == []


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_ansible_accepts_the_bundled_playbooks(playbook: Path, tmp_path: Path) -> None:
    for collection, modules in COLLECTIONS.items():
        folder = tmp_path / "ansible_collections" / collection / "plugins/modules"
        folder.mkdir(parents=True)
        for module in modules:
            (folder / f"{module}.py").write_text("#!/usr/bin/python\n")
    run = subprocess.run(
        [CORE / "bin/ansible-playbook", "-i", "h,", "--syntax-check", playbook],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr


# ---- In playbooks of one's own

OWN = "- hosts: all\n  become: true\n  roles: [docker]\n"


@pytest.mark.parametrize(
    "play",
    [
        OWN,
        "- hosts: all\n  tasks: [{import_role: {name: docker}}]\n",
    ],
    ids=["roles", "import_role"],
)
def test_a_playbook_of_ones_own_finds_the_bundled_role(provision: Command, play: str) -> None:  # noqa: F811
    provision.write("site.yml", play)
    run = provision("h,", "site.yml", "--list-tasks")
    assert "docker : Docker is installed" in run.out
    assert "centos_repositories : Point the stock repositories at the archive" in run.out


def test_include_role_finds_the_bundled_role(provision: Command) -> None:  # noqa: F811
    play = """\
    - hosts: all
      gather_facts: false
      tasks:
        - include_role: {name: docker, tasks_from: restart}
    """
    run = provision.play(play, "-e", "docker_state=up", hosts="h,")
    assert run.exit == 2
    assert "docker_state is up; it can be restarted, started, stopped or reloaded" in run.out


@pytest.mark.parametrize("folder", ["roles/docker", "docker"])
def test_an_own_role_of_the_same_name_wins(provision: Command, folder: str) -> None:  # noqa: F811
    provision.write(f"{folder}/tasks/main.yml", "- {name: Mine, debug: {msg: here}}\n")
    run = provision.play(OWN.replace("  become: true\n", "  gather_facts: false\n"), hosts="h,")
    assert run.exit == 0, run.err
    assert "docker : Mine" in provision("h,", "play.yml", "--list-tasks").out


def test_a_folder_beside_the_playbook_that_is_no_role_does_not_hide_it(
    provision: Command,  # noqa: F811
) -> None:
    provision.write("docker/Dockerfile", "FROM scratch\n")
    provision.write("site.yml", OWN)
    assert "docker : Docker is installed" in provision("h,", "site.yml", "--list-tasks").out


def test_a_misspelled_role_gets_the_bundled_one_as_a_suggestion(
    provision: Command,  # noqa: F811
) -> None:
    provision.write("site.yml", OWN.replace("docker", "dokcer"))
    run = provision("h,", "site.yml", "--list-tasks")
    assert run.exit == 3
    assert 'did you mean "docker"?' in run.err
