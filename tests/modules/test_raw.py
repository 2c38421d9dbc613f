"""The module raw."""

from __future__ import annotations

from tests.modules.conftest import Host


def test_a_look_at_a_raw_line_runs_nothing(host: Host) -> None:
    assert "check" in host.look("raw", cmd=f"touch {host.root}/x").records
    assert not list(host.root.iterdir())


def test_the_line_is_run_by_the_shell_unchanged(host: Host) -> None:
    report = host.run("raw", cmd="printf '%s' \"a  b\" | tr a-z A-Z; exit 0")
    assert report.get("stdout") == "A  B"
    assert host.run("raw", cmd="exit 7").failed == "exit 7"
    assert host.run("raw", cmd="echo $0", executable="/bin/bash").get("stdout") == "/bin/bash\n"
