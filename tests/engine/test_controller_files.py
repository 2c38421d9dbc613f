"""Missing files of the controller: reported before any host is contacted if that is certain."""

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


@pytest.mark.parametrize(("task", "message", "tried"), CERTAIN)
def test_a_missing_file_is_reported_before_any_host_is_contacted(
    runner: PlayRunner, task: str, message: str, tried: str
) -> None:
    with pytest.raises(LoadError) as caught:
        runner.run(PLAY.format(task))
    assert message in str(caught.value)
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
def test_a_file_that_an_earlier_task_may_create_is_checked_by_its_task(
    runner: PlayRunner, task: str
) -> None:
    assert runner.run(PLAY.format(task)).exit in (0, 2)


def test_tasks_on_the_controller_may_create_the_file(runner: PlayRunner) -> None:
    inventory = "all: {hosts: {h1: {ansible_connection: local}}}"
    assert runner.run(PLAY.format(COPY), inventory=inventory).exit == 2
    assert runner.run(PLAY.format(COPY), hosts=["localhost"]).exit == 2


def test_a_file_of_a_role_is_searched_as_the_task_does(runner: PlayRunner) -> None:
    runner.write("roles/r/tasks/main.yml", f"- {COPY.replace('/x', str(runner.folder / 'x'))}")
    play = "[{hosts: all, roles: [r]}]"
    with pytest.raises(LoadError, match="roles/r/files/none"):
        runner.run(play)
    runner.write("roles/r/files/none", "")
    assert runner.run(play).exit == 0
