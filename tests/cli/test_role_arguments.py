"""Arguments of roles that are wrong by the spec are refused before any host is contacted."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command

SPEC = """\
argument_specs:
  main:
    options:
      size: {type: str, choices: [small, large]}
      count: {type: int}
"""
TASKS = "- {name: Ran, debug: {msg: ran}}\n"
PLAY = "- hosts: all\n  gather_facts: false\n  roles: [r]\n"
WRONG = "value of size must be one of: small, large, got: huge"


@pytest.fixture
def role(provision: Command) -> Command:
    """The command, with a role `r` that takes `size` and `count`."""
    provision.write("roles/r/meta/argument_specs.yml", SPEC)
    provision.write("roles/r/tasks/main.yml", TASKS)
    provision.write("roles/r/defaults/main.yml", "size: small\n")
    provision.write("hosts.yml", "all: {hosts: {h1: , h2: , h3: {count: 1}}}\n")
    return provision


def run(command: Command, play: str = PLAY, *words: str) -> tuple[int, str]:
    """The exit status and everything that was printed."""
    done = command.play(play, *words, hosts="hosts.yml")
    return done.exit, done.out + done.err


def test_values_that_are_right_are_accepted(role: Command) -> None:
    assert run(role)[0] == 0


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("group_vars/all.yml", "# sizes\nsize: huge\n", "group_vars/all.yml:2:7: "),
        ("host_vars/h2.yml", "size: huge\n", "host_vars/h2.yml:1:7: "),
        ("hosts.yml", "all: {hosts: {h2: {size: huge}}}\n", "hosts.yml:1:26: "),
        ("hosts.yml", "all: {hosts: {h2: }, vars: {size: huge}}\n", "hosts.yml:1:35: "),
        ("hosts.yml", "web:\n  children:\n    a: {hosts: {h2: }, vars: {size: huge}}\n",
         "hosts.yml:3:37: "),
    ],
    ids=["group_vars", "host_vars", "host", "all", "child group"],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_its_place_and_no_task_runs(
    role: Command, file: str, text: str, place: str
) -> None:
    role.write(file, text)
    exit_status, output = run(role)
    assert exit_status == 3
    assert f"{place}{WRONG} (role r; " in output
    assert "ran" not in output


def test_a_wrong_extra_variable_is_refused(role: Command) -> None:
    exit_status, output = run(role, PLAY, "-e", "size=huge")
    assert exit_status == 3
    assert f"--extra-vars: {WRONG} (role r; hosts h1, h2, h3)" in output


def test_a_value_of_the_wrong_type_is_refused_for_the_hosts_that_have_it(role: Command) -> None:
    role.write("host_vars/h1.yml", "count: many\n")
    exit_status, output = run(role)
    assert exit_status == 3
    assert "argument 'count' is of type <class 'str'>" in output
    assert "(role r; host h1)" in output


def test_hosts_outside_the_limit_are_not_checked(role: Command) -> None:
    role.write("host_vars/h1.yml", "size: huge\n")
    assert run(role, PLAY, "--limit", "h2")[0] == 0


def test_an_ini_inventory_has_no_places_but_its_values_are_checked(role: Command) -> None:
    role.write("hosts.yml", "").unlink()
    role.write("hosts", "h1 size=huge\n")
    done = role.play(PLAY, hosts="hosts")
    assert done.exit == 3
    assert f"{WRONG} (role r; host h1)" in done.err


def test_a_role_whose_condition_is_false_is_not_checked(role: Command) -> None:
    play = PLAY.replace("[r]", "[{role: r, when: wanted | bool}]")
    words = ("-e", "size=huge", "-e", "wanted=false")
    assert run(role, play, *words)[0] == 0


def test_a_role_whose_condition_is_true_is_checked(role: Command) -> None:
    play = PLAY.replace("[r]", "[{role: r, when: wanted | bool}]")
    assert run(role, play, "-e", "size=huge", "-e", "wanted=true")[0] == 3


@pytest.mark.parametrize(
    "before",
    [
        "set_fact: {size: large}",
        "include_vars: {file: more.yml}",
        "include_tasks: {file: tasks.yml}",
    ],
)
def test_a_value_that_an_earlier_task_may_replace_is_checked_on_the_host(
    role: Command, before: str
) -> None:
    role.write("group_vars/all.yml", "size: huge\n")
    role.write("more.yml", "size: large\n")
    role.write("tasks.yml", "- set_fact: {size: large}\n")
    assert run(role, PLAY + f"  pre_tasks: [{{{before}}}]\n")[0] == 0


@pytest.mark.parametrize(
    "value", ["{{ lookup('env', 'HOME') }}", "{{ found.stdout }}", "{{ kind }}"]
)
def test_a_value_that_is_not_known_before_the_run_is_checked_on_the_host(
    role: Command, value: str
) -> None:
    role.write("group_vars/all.yml", f'size: "{value}"\nkind: other\n')
    before = "  pre_tasks:\n    - {command: echo huge, register: found}\n"
    exit_status, output = run(role, PLAY + before + "    - set_fact: {kind: huge}\n")
    assert exit_status == 2
    assert "value of size must be one of: small, large, got: " in output


def test_a_wrong_value_that_a_block_rescues_is_left_to_it(role: Command) -> None:
    play = """\
    - hosts: all
      gather_facts: false
      tasks:
        - block: [{import_role: {name: r}}]
          rescue: [{debug: {msg: rescued}}]
    """
    assert run(role, play, "-e", "size=huge")[0] == 0


@pytest.mark.parametrize("keyword", ["ignore_errors: true", "run_once: true"])
def test_a_role_that_may_go_on_with_a_wrong_value_is_checked_on_the_host(
    role: Command, keyword: str
) -> None:
    role.write("host_vars/h3.yml", "size: huge\n")
    assert run(role, PLAY.replace("[r]", f"[{{role: r, {keyword}}}]"))[0] == 0


def test_a_later_play_is_checked_before_the_first_one_runs(role: Command) -> None:
    first = "- hosts: all\n  gather_facts: false\n  tasks: [{debug: {msg: ran}}]\n"
    exit_status, output = run(role, first + PLAY, "-e", "size=huge")
    assert exit_status == 3
    assert "ran" not in output
