"""The module firewalld, with a fake firewall-cmd that keeps its two configurations in files."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

TOOL = r"""
file=now zone=public
for word; do
    case $word in
        --permanent) file=kept ;;
        --zone=*) zone=${word#--zone=} ;;
        --state) [ -e "$root/stopped" ] && exit 252; exit 0 ;;
        --get-zones) cat "$root/zones"; exit ;;
        --new-zone=*) echo "${word#*=}" >>"$root/zones"; exit ;;
        --get-target) cat "$root/target"; exit ;;
        --set-target=*) echo "${word#*=}" >"$root/target"; exit ;;
        --timeout=*) ;;
        --*) action=$word ;;
    esac
done
[ "${0##*/}" != firewall-offline-cmd ] || file=kept
case $action in
    *=bad) echo "Error: INVALID_SERVICE: bad" >&2; exit 101 ;;
    --query-*) grep -qxF -e "$zone ${action#--query-}" "$root/$file" ;;
    --add-* | --change-*)
        action=${action#--add-}
        echo "$zone ${action#--change-}" >>"$root/$file"
        ;;
    --remove-*) grep -vxF -e "$zone ${action#--remove-}" "$root/$file" >"$root/new"
        mv "$root/new" "$root/$file" ;;
esac
"""


@pytest.fixture(autouse=True)
def wall(host: Host) -> None:
    for name in ("now", "kept", "zones", "target"):
        (host.root / name).touch()
    for tool in ("firewall-cmd", "firewall-offline-cmd"):
        host.fake(tool, f"root={host.root}\n{TOOL}")


THINGS: list[tuple[dict[str, Any], str]] = [
    ({"service": "https"}, "public service=https"),
    ({"port": "8080/tcp", "zone": "dmz"}, "dmz port=8080/tcp"),
    ({"source": "10.0.0.0/8"}, "public source=10.0.0.0/8"),
    ({"interface": "eth1"}, "public interface=eth1"),
    ({"masquerade": True}, "public masquerade"),
    (
        {"rich_rule": "rule service name='ftp' accept"},
        "public rich-rule=rule service name='ftp' accept",
    ),
    ({"icmp_block": "echo-request"}, "public icmp-block=echo-request"),
    (
        {"port_forward": [{"port": 80, "proto": "tcp", "toport": 8080}]},
        "public forward-port=port=80:proto=tcp:toport=8080",
    ),
]


@pytest.mark.parametrize(("thing", "line"), THINGS, ids=[row[1] for row in THINGS])
def test_an_element_of_a_zone_is_added_and_removed(
    host: Host, thing: dict[str, Any], line: str
) -> None:
    before = listing(host.root)
    args = {**thing, "permanent": True, "immediate": True}
    assert len(host.look("firewalld", state="enabled", **args).changes) == 2
    assert listing(host.root) == before
    assert len(host.run("firewalld", state="enabled", **args).changes) == 2
    assert (host.root / "now").read_text() == (host.root / "kept").read_text() == f"{line}\n"
    assert not host.run("firewalld", state="enabled", **args).changes
    assert len(host.run("firewalld", state="disabled", **args).changes) == 2
    assert (host.root / "kept").read_text() == ""
    assert not host.run("firewalld", state="disabled", **args).changes


def test_without_permanent_only_the_running_firewall_changes(host: Host) -> None:
    assert host.run("firewalld", service="http", state="enabled", timeout=60).changes
    assert "firewall-cmd --add-service=http --timeout=60" in host.calls()
    assert (host.root / "kept").read_text() == ""


def test_masquerade_false_is_masquerade_off(host: Host) -> None:
    (host.root / "now").write_text("public masquerade\n")
    report = host.run("firewalld", masquerade=False, state="enabled")
    assert report.changes == ("disable masquerade",)


def test_the_configuration_of_a_stopped_firewall_is_changed(host: Host) -> None:
    (host.root / "stopped").touch()
    args = {"service": "http", "state": "enabled"}
    assert host.run("firewalld", permanent=True, **args).changes
    assert (host.root / "kept").read_text() == "public service=http\n"
    report = host.run("firewalld", **args)
    assert "firewalld is not running: start it first" in (report.failed or "")
    assert host.look("firewalld", **args).changes


def test_the_message_of_firewall_cmd_is_the_reason_of_a_failure(host: Host) -> None:
    report = host.run("firewalld", service="bad", state="enabled")
    assert report.failed == "enable service bad: exit 101"
    assert "INVALID_SERVICE" in report.get("stderr")


def test_zones_are_created_and_their_targets_set(host: Host) -> None:
    zone = {"zone": "lan", "state": "present", "permanent": True}
    assert host.run("firewalld", **zone).changes == ("create zone lan",)
    assert not host.run("firewalld", **zone).changes
    assert host.run("firewalld", target="DROP", **zone).changes
    assert not host.run("firewalld", target="DROP", **zone).changes


@pytest.mark.parametrize(
    "arguments",
    [
        {"state": "enabled"},
        {"state": "enabled", "service": "a", "port": "1/tcp"},
        {"state": "enabled", "port": "80"},
        {"state": "present", "service": "http"},
        {"state": "present", "zone": "x"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("firewalld").from_arguments(arguments)
