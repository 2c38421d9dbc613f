"""The module sefcontext, with a fake semanage that writes the files of a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.sefcontext import Sefcontext
from tests.modules.conftest import Host, listing

SEMANAGE = r"""
cd %s/mine/contexts/files || exit
[ "$1" = fcontext ] || exit 2
shift
[ "$1" != -N ] || shift
verb=$1 mark='' user=system_u range=s0 type='' equal=''
shift
while [ $# -gt 1 ]; do
    case $1 in
        -f) [ "$2" = a ] || { mark=-$2; [ "$2" != f ] || mark=--; } ;;
        -s) user=$2 ;;
        -r) range=$2 ;;
        -t) type=$2 ;;
        -e) equal=$2 ;;
    esac
    shift 2
done
line="$1 ${mark:+$mark }"
if [ -n "$equal" ]; then
    grep -vxF "$1 $equal" file_contexts.subs >new; mv new file_contexts.subs
    [ $verb = -d ] || echo "$1 $equal" >>file_contexts.subs
    exit
fi
[ $verb != -a ] || ! grep -qF "$line" file_contexts file_contexts.local || exit 1
grep -vF "$line" file_contexts.local >new; mv new file_contexts.local
context="$user:object_r:$type:$range"
[ "$type" != '<<none>>' ] || context=$type
[ $verb = -d ] || echo "$line   $context" >>file_contexts.local
"""
POLICY = """/var/www(/.*)?\tsystem_u:object_r:httpd_sys_content_t:s0
/var/www(/.*)?\t-d\tsystem_u:object_r:www_dir_t:s0
"""
TARGET = "/srv/x(/.*)?"
COMMON: dict[str, Any] = {"ignore_selinux_state": True}


@pytest.fixture
def policy(host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host with a policy named `mine`."""
    folder = host.root / "mine" / "contexts" / "files"
    folder.mkdir(parents=True)
    (host.root / "config").write_text("# x\nSELINUX=enforcing\nSELINUXTYPE=mine\n")
    (folder / "file_contexts").write_text(POLICY)
    (folder / "file_contexts.local").write_text("# made by semanage\n")
    (folder / "file_contexts.subs").touch()
    host.fake("semanage", SEMANAGE % host.root)
    monkeypatch.setattr(Sefcontext, "settings", str(host.root))
    return host


def local(host: Host, name: str = "local") -> list[str]:
    text = (host.root / "mine" / "contexts" / "files" / f"file_contexts.{name}").read_text()
    return [" ".join(line.split()) for line in text.splitlines() if not line.startswith("#")]


def run_twice(host: Host, **arguments: Any) -> list[str]:
    """Look, run and run again. Return the local lines."""
    before = listing(host.root)
    assert host.look("sefcontext", **COMMON, **arguments).changes
    assert listing(host.root) == before
    report = host.run("sefcontext", **COMMON, **arguments)
    assert (report.failed, len(report.changes)) == (None, 1)
    host.calls()
    assert not host.run("sefcontext", **COMMON, **arguments).changes
    assert host.calls() == []
    return local(host)


def test_a_context_is_set_changed_and_removed(policy: Host) -> None:
    args = {"target": TARGET, "setype": "a_t"}
    assert run_twice(policy, **args) == [f"{TARGET} system_u:object_r:a_t:s0"]
    assert run_twice(policy, **args, ftype="d", seuser="me_u", serange="s0:c1") == [
        f"{TARGET} system_u:object_r:a_t:s0",
        f"{TARGET} -d me_u:object_r:a_t:s0:c1",
    ]
    assert run_twice(policy, path=TARGET, setype="b_t", ftype="d")[1].endswith(
        "me_u:object_r:b_t:s0:c1"
    )
    assert run_twice(policy, target=TARGET, ftype="d", state="absent") == [
        f"{TARGET} system_u:object_r:a_t:s0"
    ]
    assert not policy.run("sefcontext", **COMMON, target="/none", state="absent").changes


def test_a_context_of_the_distribution_needs_no_change(policy: Host) -> None:
    args = {"target": "/var/www(/.*)?", "ftype": "d"}
    assert not policy.run("sefcontext", **COMMON, **args, setype="www_dir_t").changes
    assert run_twice(policy, **args, setype="<<none>>") == ["/var/www(/.*)? -d <<none>>"]


def test_a_path_is_labelled_like_another(policy: Host) -> None:
    args = {"target": "/srv/home", "substitute": "/home"}
    run_twice(policy, **args)
    assert local(policy, "subs") == ["/srv/home /home"]
    run_twice(policy, **args, state="absent")
    assert local(policy, "subs") == []


def test_without_reload_the_policy_is_not_reloaded(policy: Host) -> None:
    policy.run("sefcontext", **COMMON, target=TARGET, setype="a_t", reload=False)
    assert policy.calls()[0].startswith("semanage fcontext -N ")


@pytest.mark.skipif(Path("/sys/fs/selinux/enforce").exists(), reason="for a host without SELinux")
def test_without_selinux_a_look_reports_a_change_and_a_run_fails_with_a_hint(policy: Host) -> None:
    args = {"target": TARGET, "setype": "a_t"}
    assert policy.look("sefcontext", **args).changes
    assert "SELinux is disabled" in (policy.run("sefcontext", **args).failed or "")


@pytest.mark.parametrize(
    "arguments",
    [
        {"target": "/x"},
        {"target": "/x", "setype": "a", "substitute": "/y"},
        {"target": "/a b", "setype": "a"},
        {"target": "/x", "substitute": "/y", "ftype": "d"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("sefcontext").from_arguments(arguments)
