"""Files of this machine that tasks send: told before any host is touched where it is certain."""

from __future__ import annotations

import pytest

from provisioner.errors import LoadError
from tests.engine.play_runner import PlayRunner

CERTAIN = [
    ("copy: {src: none, dest: /x}", "play.yml:4:19: the file none was not found", "files/none"),
    ("copy: src=none dest=/x", "play.yml:4:13: the file none", "files/none"),
    ("template: {src: none.j2, dest: /x}", "the file none.j2", "templates/none.j2"),
    ("unarchive: {src: none.tgz, dest: /x}", "the file none.tgz", "files/none.tgz"),
    ("script: none.sh --option", "the file none.sh", "files/none.sh"),
    ("copy: {src: /no/where, dest: /x}", "the file /no/where", "tried /no/where"),
    ("block: [{copy: {src: none, dest: /x}}]", "the file none", "files/none"),
]

PLAY = """
- hosts: all
  tasks:
    - {}
"""


@pytest.mark.parametrize(("task", "told", "tried"), CERTAIN)
def test_a_missing_file_is_told_before_any_host(
    runner: PlayRunner, task: str, told: str, tried: str
) -> None:
    with pytest.raises(LoadError) as caught:
        runner.run(PLAY.format(task))
    assert told in str(caught.value)
    assert tried in str(caught.value)
    assert runner.connections == {}


COPY = "copy: {src: none, dest: /x}"
UNSURE = [
    f"{{when: false, {COPY}}}",
    f"{{loop: [], {COPY}}}",
    f"{{ignore_errors: true, {COPY}}}",
    f"{{failed_when: false, {COPY}}}",
    f"{{block: [{{{COPY}}}], rescue: [{{debug: }}]}}",
    f"{{tags: never, {COPY}}}",
    "{copy: {src: '{{ name }}', dest: /x}, vars: {name: none}}",
    "{copy: {src: none, dest: /x, remote_src: true}}",
    "{unarchive: {src: 'http://nowhere.example/x.tgz', dest: /x, remote_src: true}}",
    "{script: none.sh, args: {creates: /}}",
    f"{COPY}\n    - {{delegate_to: localhost, command: echo}}",
    f"{COPY}\n    - {{connection: local, command: echo}}",
    f"{COPY}\n    - {{include_tasks: more.yml, when: false}}",
    f"{COPY}\n    - debug: msg=\"{{{{ lookup('pipe', 'true') }}}}\"",
]


@pytest.mark.parametrize("task", UNSURE)
def test_a_file_that_may_be_there_by_then_is_left_to_its_task(
    runner: PlayRunner, task: str
) -> None:
    assert runner.run(PLAY.format(task)).exit in (0, 2)


def test_where_a_host_is_this_machine_its_tasks_may_make_the_file(runner: PlayRunner) -> None:
    inventory = "all: {hosts: {h1: {ansible_connection: local}}}"
    assert runner.run(PLAY.format(COPY), inventory=inventory).exit == 2
    assert runner.run(PLAY.format(COPY), hosts=["localhost"]).exit == 2


def test_a_file_of_a_role_is_sought_as_the_task_will(runner: PlayRunner) -> None:
    runner.write("roles/r/tasks/main.yml", f"- {COPY.replace('/x', str(runner.folder / 'x'))}")
    play = "[{hosts: all, roles: [r]}]"
    with pytest.raises(LoadError, match="roles/r/files/none"):
        runner.run(play)
    runner.write("roles/r/files/none", "")
    assert runner.run(play).exit == 0
