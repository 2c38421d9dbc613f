"""provision init and provision schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.cli.commands.init import FILES
from tests.cli.conftest import Command


def test_the_files_of_init_are_valid(provision: Command) -> None:
    done = provision("init", "new/place")
    assert done.exit == 0
    assert sorted(path.name for path in Path("new/place").iterdir()) == sorted(FILES)
    assert provision("new/place/hosts.yml", "new/place/site.yml", "--syntax-check").exit == 0
    listed = provision("new/place/hosts.yml", "new/place/site.yml", "--list-hosts")
    assert "web1.example.com" in listed.out


@pytest.mark.parametrize("name", sorted(FILES))
def test_init_writes_nothing_if_a_file_exists(provision: Command, name: str) -> None:
    provision.write(name, "mine")
    done = provision("init")
    assert done.exit == 5
    assert name in done.err
    assert [path.name for path in Path().iterdir()] == [name]
    assert Path(name).read_text() == "mine"


def test_init_does_not_follow_a_dangling_link(provision: Command) -> None:
    Path("site.yml").symlink_to("elsewhere")
    assert provision("init").exit == 5
    assert not Path("elsewhere").exists()


def test_init_exits_with_7_if_it_cannot_write(provision: Command) -> None:
    provision.write("file", "")
    done = provision("init", "file/below")
    assert done.exit == 7
    assert "file/below" in done.err


def test_the_schema_is_printed_as_json(provision: Command) -> None:
    done = provision("schema")
    assert done.exit == 0
    task = json.loads(done.out)["definitions"]["task"]["properties"]
    assert {"when", "copy", "ansible.builtin.copy", "community.docker.docker_image"} <= task.keys()
