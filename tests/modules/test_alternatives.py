"""The module alternatives, with fake commands."""

from __future__ import annotations

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing


def test_a_name_with_a_slash_is_refused() -> None:
    with pytest.raises(InvalidArguments):
        find_module("alternatives").from_arguments({"name": "../x", "path": "/x"})


DISPLAY = r"""
list={root}/list mode={root}/mode
case $1 in
    --display) echo "$2 - status is $(cat $mode)."; cat $list ;;
    --install) echo "$4 - priority $5" >>$list ;;
    --set) echo manual >$mode; echo "$3" >{root}/current ;;
    --auto) echo auto >$mode ;;
    --remove) grep -v "^$3 - " $list >$list.new; mv $list.new $list ;;
esac
"""


def test_an_alternative_is_added_chosen_automatic_and_removed(host: Host) -> None:
    (host.root / "mode").write_text("auto\n")
    for name in ("list", "current"):
        (host.root / name).touch()
    host.fake("alternatives", DISPLAY.replace("{root}", str(host.root)))
    host.fake("readlink", f"cat {host.root}/current")
    args = {"name": "mytool", "path": "/bin/sh", "link": "/usr/bin/mytool", "priority": 7}
    before = listing(host.root)
    assert len(host.look("alternatives", **args).changes) == 2
    assert listing(host.root) == before
    slave = {"name": "m.1", "link": "/usr/share/m.1", "path": "/opt/m.1"}
    assert len(host.run("alternatives", **args, subcommands=[slave]).changes) == 2
    words = "/usr/bin/mytool mytool /bin/sh 7 --slave /usr/share/m.1 m.1 /opt/m.1"
    assert f"alternatives --install {words}" in host.calls()
    assert not host.run("alternatives", **args).changes
    assert len(host.run("alternatives", **args, state="auto").changes) == 1
    assert len(host.run("alternatives", **args, state="absent").changes) == 1
    assert not host.run("alternatives", **args, state="absent").changes


def test_a_missing_program_can_not_be_chosen(host: Host) -> None:
    host.fake("alternatives", "exit 2")
    report = host.run("alternatives", name="x", path=str(host.root / "no"))
    assert "does not exist: install its package" in (report.failed or "")
    assert host.look("alternatives", name="x", path=str(host.root / "no")).changes
