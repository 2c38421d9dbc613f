"""Plugins that Ansible has and provision has not: they load, and fail the host that comes to them.
A name that nobody has is refused at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import LoadError
from provisioner.loading.playbook import load_playbook
from provisioner.modules import exists
from tests.engine.fleet import Fleet

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
    got = Fleet(tmp_path).run(play)
    first, last = got.finished()
    assert (first.outcome, last.outcome, got.exit) == ("changed", "failed", 2)
    assert f"provision does not have the {what} of Ansible" in last.message


@pytest.mark.parametrize(("task", "what"), MISSING)
def test_it_is_no_failure_where_no_host_comes_to_it(tmp_path: Path, task: str, what: str) -> None:
    play = f"- hosts: all\n  tasks:\n    - when: false\n      block:\n        - {task}\n"
    assert Fleet(tmp_path).run(play).exit == 0


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
