"""Options of `provision run` about tasks, questions, inventories and become."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command

TASKS = """
- hosts: all
  gather_facts: false
  handlers:
    - {name: handler, debug: {msg: handler}}
  tasks:
    - {name: first, command: echo, notify: handler}
    - {name: second, debug: {msg: x}}
    - {name: third, debug: {msg: x}}
"""


@pytest.mark.parametrize(
    ("answers", "ran"),
    [
        ("y\ny\ny\ny\n", ["first", "second", "third", "handler"]),
        ("n\nyes\nn\n", ["second"]),
        ("n\nc\n", ["second", "third"]),
        ("\n\n\n", []),
        ("y\nn\nn\nn\n", ["first"]),
        ("y\n", ["first"]),
    ],
)
def test_step_asks_once_before_each_task_for_all_hosts(
    provision: Command, monkeypatch: pytest.MonkeyPatch, answers: str, ran: list[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(answers.encode())))
    done = provision.play(TASKS, "--step")
    for name in ("first", "second", "third", "handler"):
        both = done.out.count(f" {name}\n") + done.out.count(f" {name}:")
        assert both == (2 if name in ran else 0), done.out


def test_a_task_name_in_a_question_is_escaped(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    done = provision.play('[{hosts: all, tasks: [{name: "a\\e[2Jb", debug: }]}]', "--step")
    assert r"task: a\x1b[2Jb (N)o" in done.err


def test_step_with_a_closed_input_stops_the_run_like_ctrl_c(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert provision.play(TASKS, "--step").exit == 130


PAUSE = """
- hosts: all
  tasks:
    - {name: look, pause: {prompt: Is the load balancer drained?}, register: answer}
    - {debug: {msg: "<{{ answer.user_input }}>"}}
"""


def test_a_pause_returns_the_typed_answer(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = io.TextIOWrapper(io.BytesIO(b"yes\n"))
    typed.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", typed)
    done = provision.play(PAUSE)
    assert "[look] Is the load balancer drained?" in done.err
    assert "<yes>" in done.out


def test_a_pause_without_a_terminal_does_not_wait(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    done = provision.play(PAUSE)
    message = "drained?: continuing without an answer: standard input is not a terminal"
    assert message in done.err
    assert (done.exit, "<>" in done.out) == (0, True)


@pytest.mark.parametrize("name", ["second", "sec*", "[rs]econd"])
def test_start_at_task_takes_a_name_or_a_pattern(provision: Command, name: str) -> None:
    done = provision.play(TASKS, "--start-at-task", name)
    assert done.exit == 0
    assert " first" not in done.out
    assert " third" in done.out


def test_the_option_connection_is_for_hosts_without_ansible_connection(provision: Command) -> None:
    play = provision.write("play.yml", TASKS)
    assert provision("h1,h2,", play, "-c", "local").exit == 0
    ssh = "ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1"
    provision.write("hosts", f"h1 {ssh}\nh2\n")
    assert provision("hosts", play, "--connection", "local").exit == 4


TAGGED = """
- hosts: all
  gather_facts: false
  vars: {mine: [one, two], other: "three,four"}
  tasks:
    - {name: first, debug: {msg: x}, tags: "{{ mine }}"}
    - {name: second, debug: {msg: x}, tags: ["{{ other }}", five]}
    - block: [{name: third, debug: {msg: x}}]
      tags: "{{ given | default('six') }}"
"""


@pytest.mark.parametrize(
    ("options", "ran"),
    [
        ("--tags two", "first"),
        ("--tags four", "second"),
        ("--tags six", "third"),
        ("--tags seven -e given=seven", "third"),
        ("--skip-tags one,three", "third"),
    ],
)
def test_tags_may_be_templates_with_variables_that_need_no_host(
    provision: Command, options: str, ran: str
) -> None:
    done = provision.play(TAGGED, "--list-tasks", *options.split())
    tasks = [line.split("\t")[0].strip() for line in done.out.splitlines() if "TAGS" in line]
    assert tasks == [ran]


def test_tags_that_need_a_host_variable_exit_with_3(provision: Command) -> None:
    done = provision.play(TAGGED.replace("mine: [", "none: ["))
    assert done.exit == 3
    assert "play.yml:6:44" in done.err
    assert "before any host" in done.err


ONE = "all: {hosts: {a: {x: 1}}, children: {g: {hosts: {c: }}}}"
TWO = "all: {hosts: {a: {x: 2}, b: }, vars: {y: 1}}"


def test_several_inventories_are_merged_and_the_last_one_wins(provision: Command) -> None:
    provision.write("one/hosts.yml", ONE)
    provision.write("one/group_vars/all.yml", "z: one")
    provision.write("two.yml", TWO)
    play = provision.write(
        "play.yml",
        """
        - hosts: all
          gather_facts: false
          connection: local
          tasks:
            - debug: msg="{{ inventory_hostname }} {{ x | default('-') }} {{ y }} {{ z }}
                {{- ' ' + inventory_file | basename }}"
        """,
    )
    done = provision("-i", "one", "-i", "two.yml", "-i", "d,", play)
    assert done.exit == 0, done.err
    for text in ("a 2 1 one hosts.yml", "b - 1 one two.yml", "c - 1 one hosts.yml", "d - 1 one"):
        assert text in done.out


def test_the_inventory_is_the_first_argument_or_an_option(provision: Command) -> None:
    provision.write("one.yml", ONE)
    play = provision.write("play.yml", TASKS)
    expected = provision("one.yml", play, "--list-hosts").out
    assert provision(play, "-i", "one.yml", "--list-hosts").out == expected
    assert provision("-i", "one.yml", play, "--list-hosts").out == expected
    assert provision("inventory", "-i", "one.yml", "g", "--graph").out == "@g:\n  |--c\n"
    assert provision(play, "--inventory").exit == 5
    assert provision().exit == 5


def test_files_in_a_list_of_hosts_are_refused_with_the_right_options(provision: Command) -> None:
    provision.write("one.yml", ONE)
    done = provision("one.yml,two.yml", "docker", "--list-hosts")
    assert done.exit == 3
    assert "-i one.yml -i two.yml" in done.err


@pytest.mark.parametrize("method", ["sudo", "su"])
def test_become_method_selects_the_program(
    provision: Command, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    for name in ("sudo", "su"):
        fake = provision.write(f"bin/{name}", f"#!/bin/sh\necho {name} >> {provision.folder}/log\n")
        fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{provision.folder}/bin:{os.environ['PATH']}")
    play = "[{hosts: all, gather_facts: false, tasks: [{command: id}]}]"
    options = ("--become", "--become-user", "nobody", "--become-method", method)
    done = provision.play(play, *options, hosts="h1,")
    assert done.exit in (2, 4)  # the fake program does not run the command
    assert set(Path("log").read_text().split()) == {method}


@pytest.mark.parametrize(
    ("play", "options", "question"),
    [(TASKS, ["--step"], b"ontinue: "), (PAUSE, [], b"drained?: ")],
)
def test_ctrl_c_ends_the_run_during_a_question(
    provision: Command, play: str, options: list[str], question: bytes
) -> None:
    path = provision.write("play.yml", play)
    command = [sys.executable, "-m", "provisioner", "h,", str(path), *options]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command, "-e", "ansible_connection=local"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        asked = b""
        while not asked.endswith(question):
            asked += process.stderr.read(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 130
