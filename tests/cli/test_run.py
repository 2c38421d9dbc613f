"""provision run: the contract of exit statuses, listings, and what the options mean."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import provisioner.plan
from provisioner.bundled_files import playbooks
from provisioner.cli import SUBCOMMANDS
from provisioner.loading import vault
from provisioner.loading.vault import Secret
from tests.cli.conftest import Command, Prompts
from tests.lab.processes import wait_for

PATIENCE = 120
"""Seconds that a process may take before it counts as hung."""

OK = """
- hosts: all
  gather_facts: false
  tasks:
    - debug: msg=hello
"""
FAILS = """
- hosts: all
  gather_facts: false
  tasks:
    - fail: msg=no
"""


def test_0_when_every_host_is_as_it_should_be(provision: Command) -> None:
    assert provision.play(OK).exit == 0


def test_1_for_a_bug_which_says_that_it_is_one(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("no")

    monkeypatch.setattr(provisioner.plan, "plan", broken)
    done = provision.play(OK)
    assert done.exit == 1
    assert "this is a bug in provision: KeyError: 'no'" in done.err


def test_2_when_a_host_failed(provision: Command) -> None:
    assert provision.play(FAILS).exit == 2


RUNS = OK.replace("debug: msg=hello", "command: 'true'")
BREAKS = OK.replace("debug: msg=hello", "command: 'false'")
CLOSED = "all: {hosts: {dead: {ansible_host: 127.0.0.1, ansible_port: 1}}}"
MIXED = "all: {hosts: {dead: {ansible_host: 127.0.0.1, ansible_port: 1}, here: {%s}}}"
LOCAL = "ansible_connection: local"


@pytest.mark.parametrize(
    ("inventory", "playbook", "status"),
    [(CLOSED, RUNS, 4), (MIXED % LOCAL, RUNS, 4), (MIXED % LOCAL, BREAKS, 6)],
)
def test_4_and_6_when_a_host_cannot_be_reached(
    provision: Command, inventory: str, playbook: str, status: int
) -> None:
    hosts = provision.write("hosts.yml", inventory)
    assert provision(hosts, provision.write("play.yml", playbook)).exit == status


BAD = [
    ("play.yml", "- hosts: all\n  taks: []\n", "play.yml:2:3", 'did you mean "tasks"?'),
    ("play.yml", "- hosts: all\n  tasks:\n    - comand: id\n", "play.yml:3:7", '"command"?'),
    ("play.yml", "- hosts: all\n\ttasks:\n", "play.yml:2:1", "use spaces"),
    ("play.yml", "- hosts: all\n  hosts: b\n", "play.yml:2:3", "occurs twice"),
    ("play.yml", "hosts: all\n", "play.yml:1:1", "a playbook must be a list of plays"),
    ("play.yml", "", "play.yml:1:1", "a playbook must be a list of plays\n    this file is empty"),
    ("play.yml", "- hosts: all\n  tasks: {id: }\n", "play.yml:2:10", "each task begins with a `-`"),
    ("play.yml", "- hosts: all\n  tasks: [rescue: []]\n", "play.yml:2:11", "beside `block`"),
    ("play.yml", "- hosts: !!python/object:os.system x\n", "play.yml:1:10", "not supported"),
    ("play.yml", "- hosts: all\n  vars: {t: 22:22}\n", "play.yml:2:13", 'quote it: "22:22"'),
    (
        "hosts",
        "[web\n",
        "hosts:1:1",
        "a section is written [group], [group:children] or [group:vars]",
    ),
    ("hosts", "web=1\n[a:vars]\nx=1\n", "hosts:2:1", 'the group "a", which is not declared'),
    ("group_vars/all.yml", "- a\n", "all.yml:1:1", "a mapping of names to values"),
    ("group_vars/all.yml", "a: {{ b }}\n", "all.yml:1:5", 'must be quoted: "{{ … }}"'),
    ("host_vars/web.yml", "a: [\n", "web.yml:1:", "bracket is not closed"),
]


@pytest.mark.parametrize(("name", "text", "place", "told"), BAD)
@pytest.mark.parametrize("option", ["--syntax-check", "--list-tasks", "--check"])
def test_3_for_bad_input_with_place_excerpt_and_hint(
    provision: Command, name: str, text: str, place: str, told: str, option: str
) -> None:
    provision.write("hosts", "web ansible_connection=local\n")
    provision.write("play.yml", OK)
    provision.write(name, text)
    done = provision("hosts", "play.yml", option)
    assert done.exit == 3
    assert place in done.err
    assert told in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_3_for_files_that_are_not_there_with_a_suggestion(provision: Command) -> None:
    provision.write("hosts.yml", "all: {hosts: {a: }}")
    for arguments, told in (
        (["hosts.yaml"], 'did you mean "hosts.yml"?'),
        (["hosts.yml", "dokcer"], 'did you mean "docker"?'),
        (["hosts.yml", "none.yml"], "there is no playbook none.yml"),
        (["nobody"], "add a comma: nobody,"),
        (["inventry", "hosts.yml"], 'provision: did you mean "inventory"?'),
        (["hosts.yml", "-e", "@none"], "the variables file none can't be read"),
        (["hosts.yml", "--vault-password-file", "none"], "vault password file none can't be read"),
    ):
        done = provision(*arguments)
        assert (done.exit, done.out) == (3, "")
        assert told in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--frob", "h,"], "No such option"),
        (["h,", "--chekc"], "--check"),
        ([], "Missing argument 'INVENTORY'"),
        (["h,", "-f", "0"], "'-f' / '--forks'"),
        (["h,", "--json", "--list-hosts"], "--json is for runs"),
        (["h,", "--become-method", "magic"], "--become-method"),
        (["h,", "--limit"], "requires an argument"),
        (["h,", "--ssh-common-args", "-o 'x"], "'--ssh-common-args': unbalanced quotes"),
        (["h,", "--ssh-common-args", "-oPort="], "'--ssh-common-args': 'Port' has no value"),
        (["h,", "--timeout", "-1"], "'-T' / '--timeout'"),
        (["inventory", "h,"], "one of --list, --graph and --host"),
        (["vault", "frob"], "No such command 'frob'"),
    ],
)
def test_5_for_a_command_line_that_makes_no_sense(
    provision: Command, arguments: list[str], told: str
) -> None:
    done = provision(*arguments)
    assert (done.exit, done.out) == (5, "")
    assert told in done.err


def test_5_when_nobody_answers_a_question(provision: Command) -> None:
    play = provision.write("play.yml", OK)
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", "h,", play, "-c", "local", "--ask-become-pass"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,  # without a terminal to ask on
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert "nobody answers" in done.stderr
    assert "GetPassWarning" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["h,", "play.yml", "--list-tasks"],
        ["doc", "yum"],
        ["schema"],
        ["inventory", "h,", "--list"],
        ["--help"],
        ["--version"],
        ["vault", "--help"],
    ],
)
def test_7_when_the_disk_is_full_for_what_is_listed(provision: Command, words: list[str]) -> None:
    provision.write("play.yml", OK)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "provisioner", *words],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 7
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("words", "status"),
    [(["h,", "play.yml"], 0), (["h,", "play.yml", "--json"], 0), (["h,", "none.yml"], 3),
     (["--help"], 0), (["--nonsense"], 5), (["h,", "play.yml", "-K"], 5)],
)  # fmt: skip
def test_closed_standard_files_are_no_bug(
    provision: Command, closed: str, words: list[str], status: int
) -> None:
    provision.write("play.yml", OK)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "provisioner", *words],
        capture_output=True, text=True, check=False, start_new_session=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (status, False)


@pytest.mark.parametrize(
    ("inventory", "hosts", "limit", "told"),
    [
        ("web: {hosts: {h1: }}", "all", "h1:!h1", "--limit h1:!h1 excludes every host"),
        ("web: {hosts: {h1: }}", "webb", "all", 'did you mean "web"?'),
        ("web: {vars: {a: 1}}", "all", "all", "the inventory has no hosts"),
    ],
)
def test_5_when_no_hosts_match(
    provision: Command, inventory: str, hosts: str, limit: str, told: str
) -> None:
    provision.write("hosts.yml", inventory)
    provision.write("play.yml", OK.replace("all", hosts))
    done = provision("hosts.yml", "play.yml", "--limit", limit)
    assert (done.exit, done.out) == (5, "")
    assert "no hosts matched: " in done.err
    assert told in done.err


def test_tags_that_leave_nothing_to_do_are_told(provision: Command) -> None:
    play = provision.write("play.yml", OK + "      tags: packages\n")
    done = provision("h1,", play, "-c", "local", "--tags", "pakages")
    assert '--tags pakages leaves no task to run; did you mean "packages"?' in done.out
    assert "leaves nothing" not in provision("h1,", play, "-c", "local", "--tags", "packages").out


def test_7_when_a_report_cannot_be_written(provision: Command) -> None:
    done = provision.play(OK, "--junit", "/nowhere/report.xml")
    assert done.exit == 7
    told = "the report /nowhere/report.xml could not be written: No such file or directory"
    assert told in done.err


CHANGES = """
- hosts: all
  gather_facts: false
  tasks:
    - copy: {content: x, dest: "{{ folder }}/{{ inventory_hostname }}"}
"""


def test_10_when_check_finds_changes_and_is_asked_for_them(provision: Command) -> None:
    folder = f"folder={provision.folder}"
    assert provision.play(CHANGES, "-e", folder, "--check").exit == 0
    assert provision.play(CHANGES, "-e", folder, "-C", "--detailed-exitcode").exit == 10
    assert not (provision.folder / "h1").exists()
    assert provision.play(CHANGES, "-e", folder).exit == 0
    assert provision.play(CHANGES, "-e", folder, "-C", "--detailed-exitcode").exit == 0


SLOW = """
- hosts: all
  gather_facts: false
  tasks:
    - shell: touch started; until [ -e go ]; do sleep 0.05; done
      args: {chdir: "{{ playbook_dir }}"}
    - shell: touch second
      args: {chdir: "{{ playbook_dir }}"}
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_run_after_the_task_under_way(
    provision: Command, number: signal.Signals, status: int
) -> None:
    play = provision.write("play.yml", SLOW)
    command = [sys.executable, "-m", "provisioner", "h,", str(play)]
    command += ["-e", "ansible_connection=local"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_for((provision.folder / "started").exists, PATIENCE, "the task to begin")
        process.send_signal(number)
        assert process.stderr is not None
        assert b"stopping" in process.stderr.readline()
        (provision.folder / "go").touch()
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status, err.decode()
    assert not (provision.folder / "second").exists()


# Listings


LISTED = """
- name: First
  hosts: h1
  tags: [base]
  tasks:
    - name: One
      debug:
      tags: [one]
    - name: Never
      debug:
      tags: [never]
- hosts: all
  tasks:
    - debug:
"""


LATE = """
- hosts: web
  gather_facts: no
  tasks:
    - set_fact: {later: db}
- hosts: "{{ hostvars.web.%s }}"
  gather_facts: no
  tasks:
    - ping:
"""


def test_hosts_that_hostvars_name_are_listed_as_far_as_files_say(provision: Command) -> None:
    provision.write("hosts", "web near=db\ndb\n")
    done = provision("hosts", provision.write("p.yml", LATE % "near"), "--list-hosts")
    assert done.out.splitlines()[-2:] == ["  hosts (1):", "    db"]
    done = provision("hosts", provision.write("p.yml", LATE % "later"), "--list-hosts")
    assert done.out.splitlines()[-1] == "  hosts: known when the play begins"


def test_2_for_a_play_whose_hosts_turn_out_to_be_nowhere(provision: Command) -> None:
    """3 would say that nobody was contacted."""
    hosts = provision.write("hosts", "web ansible_connection=local\n")
    done = provision(hosts, provision.write("p.yml", LATE % "nowhere"))
    assert done.exit == 2
    assert "a play could not be run" in done.out


def test_hosts_tasks_and_tags_are_listed_without_contacting_anybody(provision: Command) -> None:
    done = provision(
        "h1,h2,", provision.write("p.yml", LISTED), "--list-hosts", "--list-tasks", "--list-tags"
    )
    assert done.exit == 0
    assert done.out.splitlines() == [
        "play #1 (First)",
        "  hosts (1):",
        "    h1",
        "  tasks:",
        "    One\tTAGS: [base, one]",
        "  tags: base, one",
        "play #2 (all)",
        "  hosts (2):",
        "    h1",
        "    h2",
        "  tasks:",
        "    debug\tTAGS: []",
        "  tags: none",
    ]


def test_tags_choose_what_is_listed(provision: Command) -> None:
    play = provision.write("p.yml", LISTED)
    assert "Never" in provision("h1,", play, "--list-tasks", "-t", "never").out
    assert "One" not in provision("h1,", play, "--list-tasks", "--skip-tags", "one,x").out


def test_a_syntax_check_names_the_playbooks(provision: Command) -> None:
    play = provision.write("p.yml", OK)
    assert provision("h1,", play, "--syntax-check").out == f"{play}: ok\n"


def test_a_limit_with_a_typo_is_refused_with_a_suggestion(provision: Command) -> None:
    hosts = provision.write("hosts", "[web]\nweb1\n")
    for limit, near in (("wbe", "web"), ("all:!wbe1", "web1")):
        done = provision(hosts, provision.write("p.yml", OK), "--limit", limit, "--list-hosts")
        assert done.exit == 3
        assert "is neither a host nor a group" in done.err
        assert f'did you mean "{near}"?' in done.err


def test_a_directory_is_an_inventory(provision: Command) -> None:
    provision.write("inv/web", "[web]\nw1\n")
    provision.write("inv/db.yml", "db: {hosts: {d1: }}")
    done = provision("inv", provision.write("p.yml", OK), "--list-hosts", "--limit", "db")
    assert done.out.splitlines()[-2:] == ["  hosts (1):", "    d1"]


# Variables and secrets

KEEP = """
- hosts: all
  gather_facts: false
  tasks:
    - copy: {content: "{{ a | to_json }}", dest: "{{ playbook_dir }}/kept"}
"""
SHOW = """
- hosts: all
  gather_facts: false
  tasks:
    - debug: {msg: "{{ a }}"}
"""


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["-e", "a=1"], "1"),
        (["-e", "a=1", "-e", "a=2"], "2"),
        (["-e", '{"a": [1, true]}'], [1, True]),
        (["-e", "{a: {b: 1}}"], {"b": 1}),
        (["-e", "a='x y'"], "x y"),
        (["-e", "a={{ b }}", "-e", "b=deep"], "deep"),
        (["-e", "@vars.yml"], "file"),
    ],
)
def test_extra_vars_reach_the_tasks(
    provision: Command, arguments: list[str], shown: object
) -> None:
    provision.write("vars.yml", "a: file\n")
    assert provision.play(KEEP, *arguments, hosts="h,").exit == 0
    assert json.loads((provision.folder / "kept").read_text()) == shown


def test_with_json_nothing_else_is_on_stdout(provision: Command) -> None:
    done = provision.play(FAILS, "--json")
    events = [json.loads(line)["event"] for line in done.out.splitlines()]
    assert (events[0], events[-1]) == ("run_started", "run_finished")


PASSWORD = "pass word"
TOLD = "topsecretvalue"


def sealed(text: str) -> bytes:
    from provisioner.loading.vault import DEFAULT, Secret, encrypt

    return encrypt(text.encode(), Secret(DEFAULT, PASSWORD.encode()))


@pytest.fixture
def secret_play(provision: Command) -> list[str]:
    """A play that shows what is encrypted in group_vars; beside it a right and a wrong password."""
    provision.write("hosts", "h ansible_connection=local\n")
    (provision.folder / "group_vars").mkdir()
    (provision.folder / "group_vars/all.yml").write_bytes(sealed(f"a: {TOLD}\n"))
    provision.write("pw", PASSWORD + "\n")
    provision.write("wrong", "wrong\n")
    provision.write("script", f"#!/bin/sh\necho '{PASSWORD}'\n").chmod(0o700)
    provision.write("play.yml", SHOW.replace("{{ a }}", "is {{ a | length }} {{ a }}"))
    return ["hosts", "play.yml"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--vault-password-file", "pw"],
        ["--vault-pass-file", "./script"],
        ["--vault-id", "pw"],
        ["--vault-id", "dev@pw"],
        ["--vault-id", "dev@wrong", "--vault-id", "prod@pw"],
    ],
)
def test_a_vault_password_comes_from_files_and_programs(
    provision: Command, secret_play: list[str], arguments: list[str]
) -> None:
    done = provision(*secret_play, *arguments)
    assert done.exit == 0
    assert f"is {len(TOLD)} ********" in done.out
    assert TOLD not in done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "question"),
    [
        (["--ask-vault-pass"], "Vault password"),
        (["-J"], "Vault password"),
        (["--vault-id", "dev@prompt"], "Vault password (dev)"),
    ],
)
def test_a_vault_password_is_asked_for(
    provision: Command,
    secret_play: list[str],
    prompts: Prompts,
    arguments: list[str],
    question: str,
) -> None:
    asked = prompts(PASSWORD)
    assert provision(*secret_play, *arguments).exit == 0
    assert asked == [question]


def test_a_vault_password_file_may_be_named_by_the_environment(
    provision: Command, secret_play: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    provision.write("pass word", PASSWORD)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", "pass word")
    assert provision(*secret_play).exit == 0


def test_without_or_with_a_wrong_vault_password_nobody_is_contacted(
    provision: Command, secret_play: list[str]
) -> None:
    for arguments, told in (
        ([], "give the password: --ask-vault-pass"),
        (["--vault-password-file", "wrong"], "no password opens it; tried: default"),
        (["--vault-id", "dev@wrong"], "no password opens it; tried: dev"),
    ):
        done = provision(*secret_play, *arguments)
        assert (done.exit, done.out) == (3, "")
        assert told in done.err
        assert "group_vars/all.yml" in done.err


INLINE = """
- hosts: all
  gather_facts: false
  vars:
    secret: !vault |
%s
  tasks:
    - debug: {msg: "%s"}
"""


@pytest.mark.parametrize(
    ("shown", "arguments", "status", "told"),
    [
        ("nothing of it", [], 0, "nothing of it"),
        ("is {{ secret }}", [], 2, "this is encrypted: give the password: --ask-vault-pass"),
        ("is {{ secret }}", ["--vault-id", "pw"], 0, "is ********"),
    ],
)
def test_a_value_under_vault_needs_its_password_when_it_is_used(
    provision: Command, shown: str, arguments: list[str], status: int, told: str
) -> None:
    provision.write("pw", PASSWORD)
    lines = textwrap.indent(sealed(TOLD).decode(), " " * 6).rstrip()
    done = provision.play(INLINE % (lines, shown), *arguments, hosts="h,")
    assert done.exit == status
    assert told in done.out + done.err
    assert TOLD not in done.out + done.err


ENCRYPTED_FILES = """
- hosts: all
  gather_facts: false
  vars: {number: 5}
  tasks:
    - template: {src: t.j2, dest: %(out)s/template}
    - copy: {src: f, dest: %(out)s/copy}
    - copy: {src: f, dest: %(out)s/raw, decrypt: false}
    - copy: {src: d/, dest: %(out)s/d/}
    - assemble: {src: d, dest: %(out)s/assembled, remote_src: false}
    - debug: {msg: "{{ lookup('template', 't.j2') }} {{ lookup('file', 'f') }}"}
    - unarchive: {src: f, dest: %(out)s}
      ignore_errors: true
"""


def test_encrypted_files_are_opened_by_whatever_reads_them_and_shown_by_nothing(
    provision: Command,
) -> None:
    out = provision.folder / "out"
    for folder in ("templates", "files/d", "out"):
        (provision.folder / folder).mkdir(parents=True)
    (provision.folder / "templates/t.j2").write_bytes(sealed(f"{TOLD} {{{{ number }}}}\n"))
    (provision.folder / "files/f").write_bytes(sealed(f"{TOLD}\n"))
    (provision.folder / "files/d/1").write_bytes(sealed(f"{TOLD}\n"))
    provision.write("pw", PASSWORD)
    options = ("-c", "local", "--diff", "--vault-id", "pw")
    done = provision.play(ENCRYPTED_FILES % {"out": out}, *options, hosts="h,")
    assert done.exit == 0
    assert (out / "template").read_text() == f"{TOLD} 5\n"
    for name in ("copy", "d/1", "assembled"):
        assert (out / name).read_text() == f"{TOLD}\n"
    assert (out / "raw").read_text().startswith("$ANSIBLE_VAULT;")
    assert "f is encrypted with vault: copy it to the host" in done.out
    assert TOLD not in done.out + done.err


# Imports


HEAVY = ["cryptography", "jinja2", "paramiko", "pydantic", "rich", "yaml"]


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["--frob"], ["inventory", "--help"], ["vault", "--help"],
     ["vault", "edit", "--help"]],
    ids=" ".join,
)  # fmt: skip
def test_help_imports_none_of_the_heavy_libraries(arguments: list[str]) -> None:
    code = (
        "import sys; from provisioner.cli import dispatch; dispatch(sys.argv[1:]); "
        f"print('LOADED', *sorted(set({HEAVY}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].split() == ["LOADED"]


OPTIONS = """
--limit --tags --skip-tags --extra-vars --forks --check --diff --user --ask-pass --private-key
--become --become-user --become-method --ask-become-pass --timeout --start-at-task --list-hosts
--list-tasks --list-tags --syntax-check --flush-cache --force-handlers --vault-password-file
--ask-vault-pass --vault-id --ssh-common-args --json --junit --report --accept-new-host-keys
--detailed-exitcode --step --retry --inventory --connection
"""


def test_help_tells_of_every_option_of_the_contract(provision: Command) -> None:
    done = provision("--help")
    assert done.exit == 0
    missing = [option for option in OPTIONS.split() if option not in done.out]
    assert not missing
    for word in (*SUBCOMMANDS.keys() - {"run"}, *playbooks()):
        assert re.search(rf"\b{word}\b", done.out)


def test_the_package_runs_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", "--version"],
        cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("provision ")


def test_values_that_no_vault_password_opens_are_told_and_matter_to_who_uses_them(
    provision: Command,
) -> None:
    sealed = vault.encrypt(b"x", Secret("dev", b"right")).decode().replace("\n", "\n  ")
    hosts = provision.write("hosts", "h ansible_connection=local\n")
    provision.write("group_vars/all.yml", f"a: !vault |\n  {sealed}\nb: !vault |\n  {sealed}\n")
    provision.write("wrong", "wrong\n")
    done = provision(hosts, provision.write("p.yml", OK), "--vault-id", "dev@wrong")
    assert done.exit == 0
    assert "no password opens it; tried: dev (1 more like it); a task that uses it" in done.out
    uses = "- hosts: all\n  gather_facts: no\n  tasks: [{debug: {msg: '{{ a }}'}}]\n"
    assert provision(hosts, provision.write("p.yml", uses), "--vault-id", "dev@wrong").exit == 2


def test_nothing_is_said_of_patterns_that_python_may_read_otherwise_one_day(
    provision: Command,
) -> None:
    provision.write("file", "a\n")
    provision.write(
        "play.yml",
        """
        - hosts: all
          gather_facts: false
          tasks:
            - lineinfile: {path: "{{ playbook_dir }}/file", regexp: '[[x]y', line: b}
            - replace: {path: "{{ playbook_dir }}/file", regexp: 'z[a&&b]', replace: b}
        """,
    )
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", "h,", "play.yml", "-c", "local"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
