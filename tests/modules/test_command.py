"""The modules command and shell."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.remote.shell import Program, Report, Step
from tests.modules.conftest import Host


def test_a_command_runs_and_gives_rc_stdout_and_stderr(host: Host) -> None:
    report = host.run("shell", cmd="echo out; echo err >&2")
    assert (report.get("rc"), report.get("stdout"), report.get("stderr")) == ("0", "out\n", "err\n")
    assert report.changes


OUTPUTS = {
    "empty": "true",
    "no_newline_at_the_end": "printf '\\na\\n\\n b\\t'",
    "backslashes": "printf '%s' '\\0 \\n \\\\ %d'",
    "a_nul": "printf 'a\\0b\\n'",
    "nuls_only": "printf '\\0\\0'",
    "every_byte": "awk 'BEGIN { for (i = 0; i < 256; i++) printf \"%c\", i }'",
    "every_byte_but_nul": "awk 'BEGIN { for (i = 1; i < 256; i++) printf \"%c\", i }'",
    "as_much_as_the_shell_reads": "yes | head -c 2048",
    "a_byte_more": "yes | head -c 2049",
    "one_long_line": "head -c 5000 /dev/zero | tr '\\0' x",
    "opened_anew": "echo a >>/dev/stdout; printf 'b\\0' >>/dev/stdout",
    "in_part_opened_anew": "printf abc; printf 'xyz\\0' >>/dev/stdout",
    "truncated": "echo abcdef; echo x >/dev/stdout",
}


@pytest.mark.parametrize("case", OUTPUTS)
def test_output_arrives_byte_for_byte(host: Host, case: str) -> None:
    cmd = f"({OUTPUTS[case]}) 2>/dev/null"
    expected = subprocess.run(
        ["dash", "-c", f"exec >>{host.root}/out; {cmd}"], env={**os.environ, "LC_ALL": "C"}
    )
    assert expected.returncode == 0
    report = host.run("shell", cmd=cmd)
    text = (host.root / "out").read_bytes().decode("utf-8", "surrogateescape")
    assert report.get("stdout") == text
    assert report.totals["stdout"] == len((host.root / "out").read_bytes())
    assert report.get("rc") == "0"


def reads(host: Host, *commands: str) -> list[Report]:
    """Return the reports of commands that are declared to change nothing, sent as one frame."""
    programs = (
        find_module("shell").from_arguments({"cmd": cmd}).program(host.context) for cmd in commands
    )
    return list(
        host.session.exchange([Step(program, "read", tolerant=True) for program in programs])
    )


def test_a_profile_with_a_timeout_or_colours_has_no_effect(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMOUT", "1")
    monkeypatch.setenv("GREP_OPTIONS", "--color=always")
    command = "echo ${TMOUT-none} ${GREP_OPTIONS-none}"
    assert host.run("shell", cmd=command).get("stdout") == "none none\n"
    time.sleep(1.5)  # bash ends a read after TMOUT seconds
    assert host.run("shell", cmd=command).get("stdout") == "none none\n"


def test_each_read_of_a_frame_has_its_own_output(host: Host) -> None:
    long, short = "yes | head -c 300000; seq 5000 >&2", "echo a; printf b >&2"
    sent = ("true", long, short, "kill -9 $$", "exit 3", long, "printf 'x\\0y'")
    outputs = [(r.get("stdout"), r.get("stderr"), r.get("rc")) for r in reads(host, *sent)]
    numbers = "".join(f"{n}\n" for n in range(1, 5001))
    much = ("y\n" * 150000, numbers, "0")
    assert outputs == [
        ("", "", "0"),
        much,
        ("a\n", "b", "0"),
        ("", "", "137"),
        ("", "", "3"),
        much,
        ("x\0y", "", "0"),
    ]
    assert reads(host, "echo again")[0].get("stdout") == "again\n"


def test_a_change_after_reads_has_its_own_output_which_a_daemon_may_keep_open(host: Host) -> None:
    daemon = (
        f"(until [ -e {host.root}/go ]; do sleep 0.01; done; echo late; : >{host.root}/ended) &"
    )
    assert reads(host, "echo before")[0].get("stdout") == "before\n"
    assert host.run("shell", cmd=f"echo change; {daemon}").get("stdout") == "change\n"
    waits = f": >{host.root}/go; until [ -e {host.root}/ended ]; do sleep 0.01; done; echo read"
    assert reads(host, waits)[0].get("stdout") == "read\n"


def test_no_descriptor_of_shared_output_reaches_a_program(host: Host) -> None:
    listed = "for n in 3 4 7 8 9; do [ ! -e /proc/self/fd/$n ] || echo $n; done"
    assert reads(host, listed, listed)[1].get("stdout") == ""
    assert host.run("shell", cmd=listed).get("stdout") == ""


OURS = ("uptime", "due", "clock", "at", "say", "report", "task", "stdout", "run_program", "_p")
"""Names of functions in the session's shell."""

BUILTINS = ("echo", "cd", "exit", "set", "export", "true", "eval", "test", "kill", "read", "type")


@pytest.mark.parametrize("name", [*OURS, *BUILTINS])
def test_a_command_is_the_program_even_if_the_shell_has_a_function_of_its_name(
    host: Host, name: str
) -> None:
    host.fake(name, 'echo "the program: $*"')
    report = host.run("command", cmd=f"{name} a b")
    assert report.get("stdout") == "the program: a b\n"
    report = host.run("command", cmd=f"{name} c", stdin="given")
    assert report.get("stdout") == "the program: c\n"


LIKE_OURS = ("look", "status", "what", "argv", "token", "nonce", "path", "_due", "temp")
"""Names that the kernel or a body has variables of."""


@pytest.mark.parametrize("module", ["command", "shell"])
def test_the_environment_may_have_any_name(host: Host, module: str) -> None:
    host.environment |= {name: f"its {name}" for name in (*LIKE_OURS, "UPPER", "http_proxy")}
    report = host.run(module, cmd=f"printenv {' '.join(host.environment)}")
    assert report.get("stdout").splitlines() == [*host.environment.values()]
    assert host.run(module, cmd="printenv what", stdin="x").get("stdout") == "its what\n"
    assert host.look("command", cmd="true", creates=f"{host.root}/no").changes
    assert host.run("copy", content="x", dest=f"{host.root}/file").changes
    assert [entry.name for entry in host.root.iterdir()] == ["file"]


def test_IFS_of_the_environment_reaches_only_the_program(host: Host) -> None:
    host.environment["IFS"] = "/e"
    assert host.run("command", cmd="printenv IFS").get("stdout") == "/e\n"
    assert host.run("copy", content="x", dest=f"{host.root}/file").changes


def test_only_variables_of_the_environment_are_expanded(host: Host) -> None:
    host.environment |= {"name": "a  b", "UPPER": "c", "_name": "d"}
    report = host.run(
        "command", cmd="printf '%s|' $name ${name}/x $UPPER $look ${status} $NO $_name"
    )
    assert report.get("stdout") == "a  b|a  b/x|c|$look|$status|$NO|d|"
    host.environment["base"] = str(host.root)
    assert host.run("copy", content="x", dest="$base/file").get("dest") == f"{host.root}/file"


def test_a_shell_builtin_without_a_program_is_not_a_command(host: Host) -> None:
    assert host.run("command", argv=["export", "A=b"]).get("rc") == "127"


def test_words_reach_the_program_byte_for_byte(host: Host) -> None:
    words = [
        "printf",
        "%s|",
        "a b",
        "it's",
        '"',
        "$(id)",
        "`id`",
        "\\",
        "*",
        "-n",
        "",
        "\n",
        "é\udcff",
    ]
    report = host.run("command", argv=words, expand_argument_vars=False)
    assert report.get("stdout") == "|".join(words[2:]) + "|"


def test_the_environment_is_expanded_and_unset_variables_stay(host: Host) -> None:
    host.environment["greeting"] = "hi; $(id) 'x'"
    report = host.run("command", cmd="echo $greeting ${greeting}s $unset_one ~/x \\$1")
    assert report.get("stdout").startswith("hi; $(id) 'x' hi; $(id) 'x's $unset_one /")
    assert report.get("stdout").endswith("/home/x $1\n")


@pytest.mark.parametrize(("rc", "text"), [(3, "exit 3"), (126, "exit 126"), (127, "exit 127")])
def test_a_failing_command_says_its_exit_status(host: Host, rc: int, text: str) -> None:
    report = host.run("shell", cmd=f"exit {rc}")
    assert text in (report.failed or "")
    assert report.get("rc") == str(rc)


def test_a_missing_program_is_named_in_the_failure(host: Host) -> None:
    report = host.run("command", cmd="no-such-program x")
    assert report.failed == "no-such-program: not found (exit 127)"


def test_creates_and_removes_make_it_idempotent(host: Host) -> None:
    made = str(host.root / "made here")
    assert host.look("shell", cmd=f"touch '{made}'", creates=made).changes
    assert host.run("shell", cmd=f"touch '{made}'", creates=made).changes
    assert not host.run("shell", cmd="exit 1", creates=f"{host.root}/made*").changes
    assert not host.run("shell", cmd="exit 1", removes=f"{host.root}/none*").changes
    assert host.run("shell", cmd=f"rm '{made}'", removes=made).changes


def test_stdin_reaches_the_command_and_otherwise_it_is_empty(host: Host) -> None:
    assert host.run("command", argv=["cat"], stdin="a'b").get("stdout") == "a'b\n"
    assert host.run("command", argv=["cat"]).get("stdout") == ""


def test_a_command_that_leaves_a_process_behind_returns_at_once(host: Host) -> None:
    report = host.run("shell", cmd="sleep 300 & echo $!")
    assert host.run("shell", cmd=f"kill {report.get('stdout')}").changes


def test_a_process_that_a_body_leaves_running_does_not_block_the_session(host: Host) -> None:
    report = host.exchange(Program("leaves", 'sleep 300 & report pid "$!"'), "apply")
    assert host.run("shell", cmd=f"kill {report.get('pid')}").changes


@pytest.mark.parametrize(
    ("end", "status", "times", "words"), [("exit 3", "3", 2, "why"), ("kill -9 $$", "137", 1, "")]
)
def test_a_failed_quick_command_is_run_again_for_its_message_unless_a_signal_ended_it(
    host: Host, end: str, status: str, times: int, words: str
) -> None:
    command = f"echo why; echo x >>{host.root}/tried; {end}"
    body = 'quick sh -c "$command" || report status "$status" said "$(stderr)"'
    report = host.exchange(Program("fails", body, {"command": command}), "apply")
    assert (report.get("status"), report.get("said")) == (status, words)
    assert (host.root / "tried").read_text() == "x\n" * times


@pytest.mark.parametrize("text", [bytes({*range(1, 256)} - {92}), bytes(range(1, 256)), b"x\n\n"])
def test_a_report_arrives_completely_even_byte_by_byte(host: Host, text: bytes) -> None:
    program = Program("says", 'report text "$text"', {"text": text})
    for mode in ("look", "apply"):
        words = host.exchange(program, mode).get("text")
        assert words.encode("utf-8", "surrogateescape") == text


def test_a_command_cannot_change_the_session_or_read_its_control_stream(host: Host) -> None:
    host.run("shell", cmd="cat; cd /; exit 0")
    assert host.run("command", cmd="pwd", chdir=str(host.root)).get("stdout") == f"{host.root}\n"
    assert host.run("command", cmd="pwd").get("stdout") != f"{host.root}\n"


def test_a_look_at_a_command_runs_nothing(host: Host) -> None:
    report = host.look("shell", cmd=f"touch {host.root}/x")
    assert not list(host.root.iterdir())
    assert not report.changes


@pytest.mark.parametrize(
    ("arguments", "why"),
    [({}, "no command given"), ({"cmd": "a", "argv": ["a"]}, "only command or argv can be given")],
)
def test_both_or_neither_of_cmd_and_argv_are_refused(arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidArguments, match=why):
        find_module("command").from_arguments(arguments)


def test_times_are_reported_only_on_request_and_for_failures(host: Host) -> None:
    host.fake("date", 'exec /bin/date "$@"')
    assert "clock" not in host.run("command", cmd="true").records
    assert host.calls() == []
    assert "clock" in host.run("command", cmd="false").records
    assert len(host.calls()) == 1
    program = find_module("command").from_arguments({"cmd": "sleep 0.05"}).program(host.context)
    timed = replace(program, variables={**program.variables, "timed": True})
    began, ended, clock = host.exchange(timed, "apply").get("clock").split(" ", 2)
    assert float(ended) - float(began) >= 0.04
    assert datetime.fromisoformat(clock[:19])
    assert len(host.calls()) == 1
