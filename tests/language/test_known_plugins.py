"""Plugins that only Ansible has: a playbook with one loads, and a task that uses it fails.

A name that Ansible does not have either is refused when the playbook is loaded.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import LoadError
from provisioner.loading.playbook import load_playbook
from provisioner.modules import exists
from tests.engine.play_runner import PlayRunner

ONLY_IN_ANSIBLE = [
    ("apt: name=x", 'module "apt"'),
    ("ansible.builtin.apt: {name: x, state: latest}", 'module "apt"'),
    ("action: ansible.legacy.apt name=x", 'module "apt"'),
    (
        "community.mongodb.mongodb_user: {name: x}",
        'module "community.mongodb.mongodb_user"',
    ),
    ("mongodb_user: {name: x}", 'module "mongodb_user"'),
    ("win_ping:", 'module "win_ping"'),
    ("amazon.aws.ec2_instance: {id: x}", 'module "amazon.aws.ec2_instance"'),
    ("debug: msg=\"{{ 'x' | community.general.jc('ls') }}\"", 'filter "community.general.jc"'),
    ("debug: msg=\"{{ lookup('aws_ssm', 'x') }}\"", 'lookup "aws_ssm"'),
    ("debug: msg=\"{{ q('community.sops.sops', 'x') }}\"", 'lookup "community.sops.sops"'),
    ("{debug: msg=x, when: \"'x' is ovirt.ovirt.proxied\"}", 'test "ovirt.ovirt.proxied"'),
    ("{debug: msg=x, with_amazon.aws.aws_secret: [x]}", 'lookup "amazon.aws.aws_secret"'),
]


@pytest.mark.parametrize(("task", "plugin"), ONLY_IN_ANSIBLE)
def test_a_task_with_a_plugin_that_only_ansible_has_fails(
    tmp_path: Path, task: str, plugin: str
) -> None:
    play = f"- hosts: all\n  tasks:\n    - command: echo before\n    - {task}\n"
    run = PlayRunner(tmp_path).run(play)
    first, last = run.finished()
    assert (first.outcome, last.outcome, run.exit) == ("changed", "failed", 2)
    assert f"provision does not have the {plugin} of Ansible" in last.message


@pytest.mark.parametrize(("task", "plugin"), ONLY_IN_ANSIBLE)
def test_a_plugin_that_only_ansible_has_is_no_failure_if_no_host_uses_it(
    tmp_path: Path, task: str, plugin: str
) -> None:
    play = f"- hosts: all\n  tasks:\n    - when: false\n      block:\n        - {task}\n"
    assert PlayRunner(tmp_path).run(play).exit == 0


REFUSED = [
    ("atp: name=x", "is neither a keyword", ""),
    ("community.mysql.mysql_dba: {name: x}", "is neither", "community.mysql.mysql_db"),
    ("nobody.knows.this: {name: x}", "is neither", ""),
    ("debug: msg=\"{{ 'x' | uper }}\"", 'no filter "uper"', "upper"),
    ("debug: msg=\"{{ 'x' is defind }}\"", 'no test "defind"', "defined"),
    ("debug: msg=\"{{ lookup('fil', 'x') }}\"", 'no lookup "fil"', "file"),
    ("{debug: msg=x, with_itmes: [x]}", 'no lookup "itmes"', "items"),
    ("{debug: msg=x, with_community.general.flatend: [x]}", "no lookup", ""),
]


@pytest.mark.parametrize(("task", "message", "hint"), REFUSED)
def test_an_unknown_name_is_refused_with_a_suggestion(
    tmp_path: Path, task: str, message: str, hint: str
) -> None:
    path = tmp_path / "play.yml"
    path.write_text(f"- hosts: all\n  tasks:\n    - {task}\n")
    with pytest.raises(LoadError, match=message) as caught:
        load_playbook(path)
    (problem,) = caught.value.problems
    assert hint in str(problem)


BUILTIN = """
add_host apt apt_key apt_repository assemble assert async_status blockinfile command copy cron
deb822_repository debconf debug dnf dnf5 dpkg_selections expect fail fetch file find gather_facts
get_url getent git group group_by hostname include include_role include_tasks include_vars
iptables known_hosts lineinfile meta package package_facts pause ping pip raw reboot replace rpm_key
script service service_facts set_fact set_stats setup shell slurp stat subversion systemd
systemd_service sysvinit tempfile template unarchive uri user validate_argument_spec
wait_for wait_for_connection yum yum_repository
"""


@pytest.mark.parametrize("name", BUILTIN.split())
def test_the_names_of_all_modules_of_ansible_are_known(name: str) -> None:
    assert exists(name)
    assert exists(f"ansible.builtin.{name}")
    assert exists(f"ansible.legacy.{name}")


NESTED_BLOCKS = """
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - block:
            - {name: ask, MODULE: {name: x}}
          rescue: [{name: inner rescue, command: echo}]
          always: [{name: inner always, command: echo}]
      rescue: [{name: outer rescue, command: echo}]
      always: [{name: outer always, command: echo}]
    - {name: later, command: echo}
"""


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("mongodb_user", "ask, inner always, outer always"),
        ("apt", "ask, inner rescue, inner always, outer always, later"),
    ],
)
def test_an_unsupported_module_is_rescued_only_if_ansible_too_fails_with_it_on_centos(
    tmp_path: Path, module: str, expected: str
) -> None:
    run = PlayRunner(tmp_path).run(NESTED_BLOCKS.replace("MODULE", module))
    assert ", ".join(task for task, _ in run.tasks()) == expected
    assert run.exit == (0 if "later" in expected else 2)


@pytest.mark.parametrize("keyword", ["ignore_errors: true", "failed_when: false"])
@pytest.mark.parametrize(("register", "continues"), [("register: it", False), ("vars: {}", True)])
@pytest.mark.parametrize("loop", ["name: ask", "loop: [1, 2]"])
def test_an_unsupported_module_is_ignored_only_if_its_result_is_not_used(
    tmp_path: Path, keyword: str, register: str, continues: bool, loop: str
) -> None:
    task = f"{{mongodb_user: {{name: x}}, {keyword}, {register}, {loop}}}"
    play = f"- hosts: all\n  gather_facts: false\n  tasks:\n    - {task}\n    - command: echo\n"
    run = PlayRunner(tmp_path).run(play)
    assert (run.tasks()[-1][0] == "command", run.exit) == (continues, 0 if continues else 2)


RESCUED_BLOCK = "block: [{name: fails, command: 'false'}], rescue: [{name: saved, debug: }]"


@pytest.mark.parametrize(
    "first_task",
    [
        "mongodb_user: {name: x}, failed_when: false",
        "mongodb_user: {name: x}, ignore_errors: true",
        "block: [{mongodb_user: {name: x}}], always: [{meta: clear_host_errors}]",
    ],
)
def test_an_ignored_failure_does_not_prevent_a_later_rescue(
    tmp_path: Path, first_task: str
) -> None:
    run = PlayRunner(tmp_path).run(
        f"[{{hosts: all, tasks: [{{{first_task}}}, {{{RESCUED_BLOCK}}}]}}]"
    )
    assert run.tasks()[-2:] == [("fails", "failed"), ("saved", "ok")]


@pytest.mark.parametrize(
    "tasks",
    [
        "{block: [{mongodb_user: {name: x}, run_once: true}], rescue: [{debug: }]}",
        "{mongodb_user: {name: x}, run_once: true, ignore_errors: true, register: x}, {debug: }",
    ],
)
def test_an_unsupported_task_with_run_once_ends_the_run_for_all_hosts(
    tmp_path: Path, tasks: str
) -> None:
    run = PlayRunner(tmp_path).run(f"[{{hosts: all, tasks: [{tasks}]}}]", 2)
    assert [summary.status for summary in run.hosts.values()] == ["failed", "failed"]
    assert (len(run.tasks("h1")), run.tasks("h2")) == (1, [])
