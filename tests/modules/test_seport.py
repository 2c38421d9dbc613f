"""The module seport, with a fake semanage that keeps ports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

SEMANAGE = r"""
[ "$1" = port ] || exit 2
shift
cd %s || exit
if [ "$1" = -l ]; then
    printf 'SELinux Port Type              Proto    Port Number\n\n'
    [ "${2-}" = -C ] || cat policy
    cat local
    exit
fi
[ "$1" != -N ] || shift
[ "$2 $4" = '-t -p' ] || exit 2
owner=$(grep -hE "^[a-z_]+ +$5 +(.*, )?$6(,|\$)" policy local)
case $1 in
    -a) [ -z "$owner" ] || { echo "Port $5/$6 already defined" >&2; exit 1; } ;;
    -m) [ -n "$owner" ] || { echo "Port $5/$6 is not defined" >&2; exit 1; } ;;
    -d) grep -qE " $6\$" local || { echo "Port $5/$6 is defined in policy" >&2; exit 1; } ;;
esac
grep -vE " +$5 +$6\$" local >new
mv new local
[ "$1" = -d ] || printf '%%-30s %%-8s %%s\n' "$3" "$5" "$6" >>local
"""
POLICY = """http_port_t                    tcp      80, 81, 443, 9000
http_port_t                    udp      8443
ssh_port_t                     tcp      22
vnc_port_t                     tcp      5985-5999, 5900-5983
"""
COMMON: dict[str, Any] = {"ignore_selinux_state": True, "proto": "tcp"}


@pytest.fixture
def policy(host: Host) -> Host:
    (host.root / "policy").write_text(POLICY)
    (host.root / "local").touch()
    host.fake("semanage", SEMANAGE % host.root)
    return host


def local(host: Host) -> list[str]:
    return [" ".join(line.split()) for line in (host.root / "local").read_text().splitlines()]


def run_twice(host: Host, **arguments: Any) -> list[str]:
    """Look, run and run again. Return the ports that were set."""
    before = listing(host.root)
    assert host.look("seport", **COMMON, **arguments).changes
    assert listing(host.root) == before
    report = host.run("seport", **COMMON, **arguments)
    assert report.failed is None
    assert report.changes
    assert not host.run("seport", **COMMON, **arguments).changes
    return local(host)


def test_the_type_of_ports_is_set_and_removed(policy: Host) -> None:
    args = {"ports": [2222, "3000-3010", "22"], "setype": "ssh_port_t"}
    assert run_twice(policy, **args) == ["ssh_port_t tcp 2222", "ssh_port_t tcp 3000-3010"]
    assert run_twice(policy, ports="2222", setype="ssh_port_t", state="absent") == [
        "ssh_port_t tcp 3000-3010"
    ]
    assert not policy.run("seport", **COMMON, ports=1, setype="ssh_port_t", state="absent").changes


def test_a_port_of_another_type_is_modified(policy: Host) -> None:
    assert run_twice(policy, ports="80", setype="ssh_port_t") == ["ssh_port_t tcp 80"]


def test_ports_of_the_policy_need_no_change_unless_local_is_set(policy: Host) -> None:
    args = {"ports": "443,9000", "setype": "http_port_t"}
    assert not policy.run("seport", **COMMON, **args).changes
    assert policy.look("seport", **COMMON, **args, local=True).changes


def test_semanage_is_called_once_for_an_unchanged_list(policy: Host) -> None:
    policy.run("seport", **COMMON, ports=[80, 81, 443], setype="http_port_t")
    assert policy.calls() == ["semanage port -l"]


def test_a_port_of_the_policy_can_not_be_removed(policy: Host) -> None:
    report = policy.run("seport", **COMMON, ports=22, setype="ssh_port_t", state="absent")
    assert "defined in policy" in (report.failed or "") + report.get("stderr")


def test_without_reload_the_policy_is_not_reloaded(policy: Host) -> None:
    policy.run("seport", **COMMON, ports=8, setype="http_port_t", reload=False)
    assert "semanage port -N -a -t http_port_t -p tcp 8" in policy.calls()


@pytest.mark.skipif(Path("/sys/fs/selinux/enforce").exists(), reason="for a host without SELinux")
def test_without_selinux_a_look_reports_a_change_and_a_run_fails_with_a_hint(policy: Host) -> None:
    args = {"ports": 8, "proto": "udp", "setype": "x_t"}
    assert policy.look("seport", **args).changes
    assert "SELinux is disabled" in (policy.run("seport", **args).failed or "")


@pytest.mark.parametrize("ports", ["ssh", "1-", "-1", "1 2"])
def test_an_invalid_port_is_refused(ports: str) -> None:
    with pytest.raises(InvalidArguments):
        find_module("seport").from_arguments({"ports": ports, "proto": "tcp", "setype": "x_t"})
