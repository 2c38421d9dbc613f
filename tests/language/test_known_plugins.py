"""Plugins that Ansible has and provision has not: they load, and fail the host that comes to them.
A name that nobody has is refused at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import LoadError
from provisioner.loading.playbook import load_playbook
from provisioner.modules import exists
from tests.engine.play_runner import PlayRunner

MISSING = [
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


@pytest.mark.parametrize(("task", "what"), MISSING)
def test_what_only_ansible_has_fails_the_host_that_comes_to_it(
    tmp_path: Path, task: str, what: str
) -> None:
    play = f"- hosts: all\n  tasks:\n    - command: echo before\n    - {task}\n"
    got = PlayRunner(tmp_path).run(play)
    first, last = got.finished()
    assert (first.outcome, last.outcome, got.exit) == ("changed", "failed", 2)
    assert f"provision does not have the {what} of Ansible" in last.message


@pytest.mark.parametrize(("task", "what"), MISSING)
def test_it_is_no_failure_where_no_host_comes_to_it(tmp_path: Path, task: str, what: str) -> None:
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


@pytest.mark.parametrize(("task", "said", "hint"), REFUSED)
def test_a_name_that_nobody_has_is_refused_with_a_suggestion(
    tmp_path: Path, task: str, said: str, hint: str
) -> None:
    path = tmp_path / "play.yml"
    path.write_text(f"- hosts: all\n  tasks:\n    - {task}\n")
    with pytest.raises(LoadError, match=said) as caught:
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
def test_every_module_of_ansible_itself_is_known(name: str) -> None:
    assert exists(name)
    assert exists(f"ansible.builtin.{name}")
    assert exists(f"ansible.legacy.{name}")


LACKING = """
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
    ("module", "ran"),
    [
        ("mongodb_user", "ask, inner always, outer always"),
        ("apt", "ask, inner rescue, inner always, outer always, later"),
    ],
)
def test_nothing_rescues_what_provision_lacks_unless_it_fails_on_centos_with_ansible_too(
    tmp_path: Path, module: str, ran: str
) -> None:
    got = PlayRunner(tmp_path).run(LACKING.replace("MODULE", module))
    assert ", ".join(task for task, _ in got.tasks()) == ran
    assert got.exit == (0 if "later" in ran else 2)


@pytest.mark.parametrize("word", ["ignore_errors: true", "failed_when: false"])
@pytest.mark.parametrize(("register", "goes_on"), [("register: it", False), ("vars: {}", True)])
@pytest.mark.parametrize("loop", ["name: ask", "loop: [1, 2]"])
def test_what_provision_lacks_is_passed_over_only_where_nobody_looks_at_its_result(
    tmp_path: Path, word: str, register: str, goes_on: bool, loop: str
) -> None:
    task = f"{{mongodb_user: {{name: x}}, {word}, {register}, {loop}}}"
    play = f"- hosts: all\n  gather_facts: false\n  tasks:\n    - {task}\n    - command: echo\n"
    got = PlayRunner(tmp_path).run(play)
    assert (got.tasks()[-1][0] == "command", got.exit) == (goes_on, 0 if goes_on else 2)


SAVES = "block: [{name: fails, command: 'false'}], rescue: [{name: saved, debug: }]"


@pytest.mark.parametrize(
    "before",
    [
        "mongodb_user: {name: x}, failed_when: false",
        "mongodb_user: {name: x}, ignore_errors: true",
        "block: [{mongodb_user: {name: x}}], always: [{meta: clear_host_errors}]",
    ],
)
def test_what_was_forgiven_bars_no_later_rescue(tmp_path: Path, before: str) -> None:
    got = PlayRunner(tmp_path).run(f"[{{hosts: all, tasks: [{{{before}}}, {{{SAVES}}}]}}]")
    assert got.tasks()[-2:] == [("fails", "failed"), ("saved", "ok")]


@pytest.mark.parametrize(
    "tasks",
    [
        "{block: [{mongodb_user: {name: x}, run_once: true}], rescue: [{debug: }]}",
        "{mongodb_user: {name: x}, run_once: true, ignore_errors: true, register: x}, {debug: }",
    ],
)
def test_what_is_lacking_once_for_all_ends_all(tmp_path: Path, tasks: str) -> None:
    got = PlayRunner(tmp_path).run(f"[{{hosts: all, tasks: [{tasks}]}}]", 2)
    assert [summary.status for summary in got.hosts.values()] == ["failed", "failed"]
    assert (len(got.tasks("h1")), got.tasks("h2")) == (1, [])
