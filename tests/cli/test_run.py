"""provision run: exit statuses, listings, variables, secrets and imports."""

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

TIMEOUT = 120
"""Seconds after which a process counts as hung."""

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


def test_exit_0_if_every_host_converged(provision: Command) -> None:
    assert provision.play(OK).exit == 0


def test_exit_1_for_a_bug_with_a_message(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("no")

    monkeypatch.setattr(provisioner.plan, "plan", broken)
    done = provision.play(OK)
    assert done.exit == 1
    assert "this is a bug in provision: KeyError: 'no'" in done.err
    assert "Please report it with this traceback:\nTraceback" in done.err


def test_exit_2_if_a_host_failed(provision: Command) -> None:
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
def test_exit_4_or_6_if_a_host_is_unreachable(
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


@pytest.mark.parametrize(("name", "text", "place", "message"), BAD)
@pytest.mark.parametrize("option", ["--syntax-check", "--list-tasks", "--check"])
def test_exit_3_for_invalid_input_with_place_excerpt_and_hint(
    provision: Command, name: str, text: str, place: str, message: str, option: str
) -> None:
    provision.write("hosts", "web ansible_connection=local\n")
    provision.write("play.yml", OK)
    provision.write(name, text)
    done = provision("hosts", "play.yml", option)
    assert done.exit == 3
    assert place in done.err
    assert message in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_exit_3_for_missing_files_with_a_suggestion(provision: Command) -> None:
    provision.write("hosts.yml", "all: {hosts: {a: }}")
    for arguments, message in (
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
        assert message in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frob", "h,"], "No such option"),
        (["h,", "--chekc"], "--check"),
        ([], "Missing argument 'INVENTORY'"),
        (["h,", "-f", "0"], "'-f' / '--forks'"),
        (["h,", "--json", "--list-hosts"], "--json cannot be used with --syntax-check"),
        (["h,", "--become-method", "magic"], "--become-method"),
        (["h,", "--limit"], "requires an argument"),
        (["h,", "--ssh-common-args", "-o 'x"], "'--ssh-common-args': a quote is not closed"),
        (["h,", "--ssh-common-args", "-oPort="], "'--ssh-common-args': 'Port' has no value"),
        (["h,", "--timeout", "-1"], "'-T' / '--timeout'"),
        (["inventory", "h,"], "one of --list, --graph and --host"),
        (["vault", "frob"], "No such command 'frob'"),
    ],
)
def test_exit_5_for_an_invalid_command_line(
    provision: Command, arguments: list[str], message: str
) -> None:
    done = provision(*arguments)
    assert (done.exit, done.out) == (5, "")
    assert message in done.err


def test_exit_5_if_standard_input_is_closed_at_a_question(provision: Command) -> None:
    play = provision.write("play.yml", OK)
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", "h,", play, "-c", "local", "--ask-become-pass"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,  # without a controlling terminal
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert "no answer to the question: standard input is closed" in done.stderr
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
def test_exit_7_if_the_disk_is_full_for_a_listing(provision: Command, words: list[str]) -> None:
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
def test_closed_standard_files_do_not_crash(
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
    ("inventory", "hosts", "limit", "message"),
    [
        ("web: {hosts: {h1: }}", "all", "h1:!h1", "--limit h1:!h1 excludes every host"),
        ("web: {hosts: {h1: }}", "webb", "all", 'did you mean "web"?'),
        ("web: {vars: {a: 1}}", "all", "all", "the inventory has no hosts"),
    ],
)
def test_exit_5_if_no_hosts_match(
    provision: Command, inventory: str, hosts: str, limit: str, message: str
) -> None:
    provision.write("hosts.yml", inventory)
    provision.write("play.yml", OK.replace("all", hosts))
    done = provision("hosts.yml", "play.yml", "--limit", limit)
    assert (done.exit, done.out) == (5, "")
    assert "no hosts matched: " in done.err
    assert message in done.err


def test_tags_that_select_no_task_are_a_warning(provision: Command) -> None:
    play = provision.write("play.yml", OK + "      tags: packages\n")
    done = provision("h1,", play, "-c", "local", "--tags", "pakages")
    assert '--tags pakages leaves no task to run; did you mean "packages"?' in done.out
    assert "leaves no task" not in provision("h1,", play, "-c", "local", "--tags", "packages").out


def test_exit_7_if_a_report_cannot_be_written(provision: Command) -> None:
    done = provision.play(OK, "--junit", "/nowhere/report.xml")
    assert done.exit == 7
    message = "the report /nowhere/report.xml could not be written: No such file or directory"
    assert message in done.err


CHANGES = """
- hosts: all
  gather_facts: false
  tasks:
    - copy: {content: x, dest: "{{ folder }}/{{ inventory_hostname }}"}
"""


def test_exit_10_for_pending_changes_with_detailed_exitcode(provision: Command) -> None:
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
def test_a_signal_ends_the_run_after_the_running_task(
    provision: Command, number: signal.Signals, status: int
) -> None:
    play = provision.write("play.yml", SLOW)
    command = [sys.executable, "-m", "provisioner", "h,", str(play)]
    command += ["-e", "ansible_connection=local"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_for((provision.folder / "started").exists, TIMEOUT, "the task to begin")
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.readline().decode() == (
            "provision: stopping after the running tasks; press Ctrl-C again to kill them\n"
        )
        (provision.folder / "go").touch()
        _, err = process.communicate(timeout=TIMEOUT)
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


def test_hosts_from_hostvars_are_listed_if_the_inventory_files_name_them(
    provision: Command,
) -> None:
    provision.write("hosts", "web near=db\ndb\n")
    done = provision("hosts", provision.write("p.yml", LATE % "near"), "--list-hosts")
    assert done.out.splitlines()[-2:] == ["  hosts (1):", "    db"]
    done = provision("hosts", provision.write("p.yml", LATE % "later"), "--list-hosts")
    assert done.out.splitlines()[-1] == "  hosts: known when the play starts"


def test_exit_2_for_a_play_whose_host_pattern_fails_during_the_run(provision: Command) -> None:
    """Exit 3 would mean that no host was contacted."""
    hosts = provision.write("hosts", "web ansible_connection=local\n")
    done = provision(hosts, provision.write("p.yml", LATE % "nowhere"))
    assert done.exit == 2
    assert "a play could not be run" in done.out


def test_hosts_tasks_and_tags_are_listed_without_contacting_a_host(provision: Command) -> None:
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


def test_tags_select_the_listed_tasks(provision: Command) -> None:
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
SECRET = "topsecretvalue"


def encrypted(text: str) -> bytes:
    from provisioner.loading.vault import DEFAULT, Secret, encrypt

    return encrypt(text.encode(), Secret(DEFAULT, PASSWORD.encode()))


@pytest.fixture
def secret_play(provision: Command) -> list[str]:
    """A play that shows an encrypted variable; beside it, a right and a wrong password file."""
    provision.write("hosts", "h ansible_connection=local\n")
    (provision.folder / "group_vars").mkdir()
    (provision.folder / "group_vars/all.yml").write_bytes(encrypted(f"a: {SECRET}\n"))
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
def test_a_vault_password_is_read_from_a_file_or_program(
    provision: Command, secret_play: list[str], arguments: list[str]
) -> None:
    done = provision(*secret_play, *arguments)
    assert done.exit == 0
    assert f"is {len(SECRET)} ********" in done.out
    assert SECRET not in done.out + done.err


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


def test_a_vault_password_file_may_come_from_the_environment(
    provision: Command, secret_play: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    provision.write("pass word", PASSWORD)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", "pass word")
    assert provision(*secret_play).exit == 0


def test_without_the_right_vault_password_no_host_is_contacted(
    provision: Command, secret_play: list[str]
) -> None:
    for arguments, message in (
        ([], "give the password: --ask-vault-pass"),
        (["--vault-password-file", "wrong"], "no password opens it; tried: default"),
        (["--vault-id", "dev@wrong"], "no password opens it; tried: dev"),
    ):
        done = provision(*secret_play, *arguments)
        assert (done.exit, done.out) == (3, "")
        assert message in done.err
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
    ("shown", "arguments", "status", "message"),
    [
        ("nothing of it", [], 0, "nothing of it"),
        ("is {{ secret }}", [], 2, "this is encrypted: give the password: --ask-vault-pass"),
        ("is {{ secret }}", ["--vault-id", "pw"], 0, "is ********"),
    ],
)
def test_an_encrypted_value_needs_its_password_when_it_is_used(
    provision: Command, shown: str, arguments: list[str], status: int, message: str
) -> None:
    provision.write("pw", PASSWORD)
    lines = textwrap.indent(encrypted(SECRET).decode(), " " * 6).rstrip()
    done = provision.play(INLINE % (lines, shown), *arguments, hosts="h,")
    assert done.exit == status
    assert message in done.out + done.err
    assert SECRET not in done.out + done.err


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


def test_encrypted_files_are_decrypted_for_use_and_never_shown(
    provision: Command,
) -> None:
    out = provision.folder / "out"
    for folder in ("templates", "files/d", "out"):
        (provision.folder / folder).mkdir(parents=True)
    (provision.folder / "templates/t.j2").write_bytes(encrypted(f"{SECRET} {{{{ number }}}}\n"))
    (provision.folder / "files/f").write_bytes(encrypted(f"{SECRET}\n"))
    (provision.folder / "files/d/1").write_bytes(encrypted(f"{SECRET}\n"))
    provision.write("pw", PASSWORD)
    options = ("-c", "local", "--diff", "--vault-id", "pw")
    done = provision.play(ENCRYPTED_FILES % {"out": out}, *options, hosts="h,")
    assert done.exit == 0
    assert (out / "template").read_text() == f"{SECRET} 5\n"
    for name in ("copy", "d/1", "assembled"):
        assert (out / name).read_text() == f"{SECRET}\n"
    assert (out / "raw").read_text().startswith("$ANSIBLE_VAULT;")
    assert "f is encrypted with vault: copy it to the host" in done.out
    assert SECRET not in done.out + done.err


# Imports


SLOW_LIBRARIES = ["cryptography", "jinja2", "paramiko", "rich", "yaml"]


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["--frob"], ["inventory", "--help"], ["vault", "--help"],
     ["vault", "edit", "--help"]],
    ids=" ".join,
)  # fmt: skip
def test_help_imports_no_slow_library(arguments: list[str]) -> None:
    code = (
        "import sys; from provisioner.cli import dispatch; dispatch(sys.argv[1:]); "
        f"print('LOADED', *sorted(set({SLOW_LIBRARIES}) & set(sys.modules)))"
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


def test_help_contains_every_option_of_the_contract(provision: Command) -> None:
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


def test_undecryptable_values_are_a_warning_and_fail_the_tasks_that_use_them(
    provision: Command,
) -> None:
    envelope = vault.encrypt(b"x", Secret("dev", b"right")).decode().replace("\n", "\n  ")
    hosts = provision.write("hosts", "h ansible_connection=local\n")
    provision.write("group_vars/all.yml", f"a: !vault |\n  {envelope}\nb: !vault |\n  {envelope}\n")
    provision.write("wrong", "wrong\n")
    done = provision(hosts, provision.write("p.yml", OK), "--vault-id", "dev@wrong")
    assert done.exit == 0
    message = "no password opens it; tried: dev (and 1 more value); a task that uses it fails"
    assert message in done.out
    uses = "- hosts: all\n  gather_facts: no\n  tasks: [{debug: {msg: '{{ a }}'}}]\n"
    assert provision(hosts, provision.write("p.yml", uses), "--vault-id", "dev@wrong").exit == 2


def test_no_warning_of_python_about_patterns_is_shown(
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
