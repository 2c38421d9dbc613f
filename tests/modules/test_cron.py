"""The module cron, with a fake crontab command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing


@pytest.fixture
def tab(host: Host) -> Path:
    """The file of the fake crontab."""
    path = host.root / "tab"
    host.fake(
        "crontab",
        f"case $1 in -l) cat {path} 2>/dev/null || exit 1 ;; -) cat >{path} ;; esac",
    )
    return path


JOB = {"name": "back up", "job": "/bin/backup > /dev/null # 100%", "minute": "*/5"}

LINES = "#Ansible: back up\n*/5 * * * * /bin/backup > /dev/null # 100%\n"

JOBS: list[tuple[str, dict[str, Any], str]] = [
    ("", JOB, LINES),
    ("X=1\n0 0 * * * other", JOB, f"X=1\n0 0 * * * other\n{LINES}"),
    ("#Ansible: back up\n1 1 * * * old\n# end\n", JOB, f"{LINES}# end\n"),
    (LINES, {"name": "back up", "state": "absent"}, ""),
    (f"{LINES}\n   \n\t\n", {"name": "back up", "state": "absent"}, ""),
    ("A=1\n*/5 * * * * /bin/backup > /dev/null # 100%\nB=2\n", JOB, f"A=1\n{LINES}B=2\n"),
    (
        "",
        {"name": "n", "job": "x", "special_time": "reboot", "disabled": True},
        "#Ansible: n\n#@reboot x\n",
    ),
    (LINES, {"name": "MAILTO", "job": "me", "env": True}, f'MAILTO="me"\n{LINES}'),
    ('A="1"\nB="2"\n', {"name": "A", "job": "3", "env": True}, 'A="3"\nB="2"\n'),
    (
        'A="1"\nB="2"\n',
        {"name": "C", "job": "3", "env": True, "insertafter": "A"},
        'A="1"\nC="3"\nB="2"\n',
    ),
    ('A="1"\n', {"name": "A", "env": True, "state": "absent"}, ""),
]


@pytest.mark.parametrize(("before", "arguments", "after"), JOBS)
def test_a_crontab_is_changed_once_to_the_expected_lines(
    host: Host, tab: Path, before: str, arguments: dict[str, Any], after: str
) -> None:
    if before:
        tab.write_text(before)
    listed = listing(host.root)
    assert host.look("cron", **arguments).changes
    assert listing(host.root) == listed
    report = host.run("cron", **arguments)
    assert report.done, report.failed
    assert report.changes
    assert tab.read_text() == after
    assert not host.run("cron", **arguments).changes


def test_a_file_in_cron_d_has_the_user_and_is_removed_when_it_is_empty(host: Host) -> None:
    path = host.root / "mine"
    args = {"name": "n", "job": "x", "user": "root", "cron_file": str(path)}
    assert host.run("cron", **args).changes
    assert path.read_text() == "#Ansible: n\n* * * * * root x\n"
    assert not host.run("cron", **args).changes
    assert host.run("cron", name="n", cron_file=str(path), state="absent").changes
    assert not path.exists()
    assert not host.run("cron", name="n", cron_file=str(path), state="absent").changes


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "n"},
        {"name": "n", "job": "x", "cron_file": "f"},
        {"name": "n", "job": "x", "special_time": "daily", "hour": "1"},
        {"name": "n", "job": "x\ny"},
        {"name": "n", "job": "x", "insertafter": "A"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("cron").from_arguments(arguments)
