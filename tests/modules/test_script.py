"""The module script."""

from __future__ import annotations

from tests.modules.conftest import Host, listing


def write_script(host: Host, name: str, text: str) -> None:
    (host.context.folder / name).write_text(text)


def test_a_script_runs_with_its_arguments(host: Host) -> None:
    write_script(host, "go.sh", 'printf "%s|" "$0" "$@" | sed "s/^[^|]*//"\nexit 0\n')
    report = host.run("script", cmd="go.sh 'a b' \"it's\" '$(id)'")
    assert report.done, report.failed
    assert report.get("stdout") == "|a b|it's|$(id)|"
    assert report.changes


def test_the_interpreter_is_that_of_the_first_line(host: Host) -> None:
    write_script(host, "x", "#!/usr/bin/sed -n\ns/.*/no script/p\n")
    assert host.run("script", cmd="x x").failed
    write_script(host, "y", "#!/bin/bash\necho ${BASH_VERSION:+bash}\n")
    assert host.run("script", cmd="y").get("stdout") == "bash\n"
    assert host.run("script", cmd="y", executable="cat").get("stdout").startswith("#!/bin/bash")


def test_a_script_arrives_byte_for_byte(host: Host) -> None:
    data = "cat <<'E'\n" + "ü'\"\\$x\n" * 30000 + "E\n"
    write_script(host, "big.sh", data)
    assert host.run("script", cmd="big.sh").get("stdout") == "ü'\"\\$x\n" * 30000


def test_a_failing_script_returns_its_status_and_stderr(host: Host) -> None:
    write_script(host, "bad.sh", "echo why >&2; exit 3")
    report = host.run("script", cmd="bad.sh")
    assert (report.failed, report.get("stderr"), report.get("rc")) == ("exit 3", "why\n", "3")


def test_creates_removes_and_chdir_are_obeyed(host: Host) -> None:
    write_script(host, "go.sh", "pwd; touch made")
    made = str(host.root / "made")
    before = listing(host.root)
    assert host.look("script", cmd="go.sh", creates=made).changes
    assert listing(host.root) == before
    report = host.run("script", cmd="go.sh", creates=made, chdir=str(host.root))
    assert report.get("stdout") == f"{host.root}\n"
    assert not host.run("script", cmd="go.sh", creates=made).changes
    assert not host.run("script", cmd="go.sh", removes=f"{made}.not").changes


def test_a_look_at_a_script_runs_nothing(host: Host) -> None:
    write_script(host, "go.sh", f"touch {host.root}/x")
    assert "check" in host.look("script", cmd="go.sh").records
    assert not list(host.root.iterdir())
