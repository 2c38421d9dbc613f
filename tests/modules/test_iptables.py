"""The module iptables, with a fake command that keeps its rules in files."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.iptables import Iptables
from tests.modules.conftest import Host

IPTABLES = r"""
cd %s || exit
[ "$1 $2" = '-w -t' ] || exit 2
shift 3
op=$1 chain=$2
[ $# -lt 2 ] || shift 2
case $op in
    -C) grep -qxF -- "-A $chain $*" rules || exit 1 ;;
    -A) grep -qx -- "-[PN] $chain.*" rules || exit 1; echo "-A $chain $*" >>rules ;;
    -I)
        case $1 in [0-9]*) shift ;; esac
        { grep -v ^-A rules; echo "-A $chain $*"; grep ^-A rules; } >new; mv new rules ;;
    -D) awk -v r="-A $chain $*" '$0 == r && !done { done = 1; next } { print }' rules >new
        mv new rules ;;
    -S)
        [ $# -gt 0 ] && [ "$op" = "$chain" ] && { cat rules; exit; }
        grep -q -- "^-[PN] $chain" rules || exit 1
        grep -- "^-. $chain" rules ;;
    -N) echo "-N $chain" >>rules ;;
    -X) grep -vx -- "-N $chain" rules >new; mv new rules ;;
    -F) [ "$op" = "$chain" ] && chain=; grep -v -- "^-A $chain" rules >new; mv new rules ;;
    -P) sed "s/^-P $chain .*/-P $chain $1/" rules >new; mv new rules ;;
esac
"""
START = ["-P INPUT ACCEPT", "-P FORWARD ACCEPT"]

RULES = [
    (
        {"protocol": "tcp", "destination_port": 22, "jump": "ACCEPT"},
        "-p tcp -j ACCEPT --destination-port 22",
    ),
    ({"source": "!10.0.0.0/8", "jump": "DROP"}, "! -s 10.0.0.0/8 -j DROP"),
    (
        {"ctstate": ["NEW", "RELATED"], "in_interface": "eth0", "jump": "ACCEPT"},
        "-j ACCEPT -i eth0 -m conntrack --ctstate NEW,RELATED",
    ),
    ({"match": "state", "ctstate": "NEW"}, "-m state --state NEW"),
    (
        {"destination_ports": "80,443:444", "protocol": "tcp"},
        "-p tcp -m multiport --dports 80,443:444",
    ),
    (
        {"tcp_flags": {"flags": "ALL", "flags_set": ["ACK", "SYN"]}, "protocol": "tcp"},
        "-p tcp --tcp-flags ALL ACK,SYN",
    ),
    (
        {"log_prefix": "x: ", "limit": "2/second", "limit_burst": 9},
        "-j LOG --log-prefix x:  -m limit --limit 2/second --limit-burst 9",
    ),
    ({"reject_with": "tcp-reset", "syn": "negate"}, "! --syn -j REJECT --reject-with tcp-reset"),
    ({"jump": "TEE", "gateway": "10.0.0.1"}, "-j TEE --gateway 10.0.0.1"),
    (
        {"uid_owner": "!root", "comment": "a b"},
        "-m owner ! --uid-owner root -m comment --comment a b",
    ),
    ({"match_set": "s", "match_set_flags": "src,dst"}, "-m set --match-set s src,dst"),
    ({"src_range": "10.0.0.1-10.0.0.2"}, "-m iprange --src-range 10.0.0.1-10.0.0.2"),
    ({"icmp_type": "echo-request", "ip_version": "ipv6"}, "--icmpv6-type echo-request"),
    ({"goto": "X", "fragment": "!"}, "-g X ! -f"),
]


@pytest.fixture
def kernel(host: Host) -> Host:
    """A host whose fake iptables has two chains and no rule."""
    (host.root / "rules").write_text("".join(f"{line}\n" for line in START))
    host.fake("iptables", IPTABLES % host.root)
    return host


def rules(host: Host) -> list[str]:
    return (host.root / "rules").read_text().splitlines()


def run_twice(host: Host, **arguments: Any) -> list[str]:
    """Look, run and run again. Return the rules."""
    before = rules(host)
    assert host.look("iptables", **arguments).changes
    assert rules(host) == before
    report = host.run("iptables", **arguments)
    assert (report.failed, len(report.changes) > 0) == (None, True)
    after = rules(host)
    assert not host.run("iptables", **arguments).changes
    assert rules(host) == after
    return after


@pytest.mark.parametrize(("arguments", "words"), RULES, ids=[words for _, words in RULES])
def test_a_rule_becomes_arguments_of_iptables(arguments: dict[str, Any], words: str) -> None:
    assert " ".join(Iptables.from_arguments({"chain": "INPUT", **arguments}).rule()) == words


def test_a_rule_is_added_once_and_removed(kernel: Host) -> None:
    rule = {"chain": "INPUT", "source": "10.0.0.1", "jump": "DROP"}
    assert run_twice(kernel, **rule) == [*START, "-A INPUT -s 10.0.0.1 -j DROP"]
    first = {"chain": "INPUT", "jump": "ACCEPT", "action": "insert", "rule_num": 1}
    assert run_twice(kernel, **first)[2] == "-A INPUT -j ACCEPT"
    with (kernel.root / "rules").open("a") as file:
        file.write("-A INPUT -s 10.0.0.1 -j DROP\n")
    assert run_twice(kernel, **rule, state="absent") == [*START, "-A INPUT -j ACCEPT"]


def test_a_chain_is_created_for_its_rule_and_removed_by_a_task_without_rule(kernel: Host) -> None:
    chain: dict[str, Any] = {"chain": "MINE", "chain_management": True}
    assert run_twice(kernel, **chain, jump="DROP")[2:] == ["-N MINE", "-A MINE -j DROP"]
    assert run_twice(kernel, chain="MINE", flush=True) == [*START, "-N MINE"]
    assert run_twice(kernel, **chain, state="absent") == START
    assert run_twice(kernel, **chain) == [*START, "-N MINE"]


def test_policy_and_flush_are_changed_once(kernel: Host) -> None:
    assert run_twice(kernel, chain="FORWARD", policy="drop")[1] == "-P FORWARD DROP"
    run_twice(kernel, chain="INPUT", jump="ACCEPT")
    assert "-A INPUT -j ACCEPT" not in run_twice(kernel, flush=True)


def test_the_message_of_iptables_is_the_reason_of_a_failure(kernel: Host) -> None:
    kernel.fake("iptables", "echo 'iptables: Permission denied (you must be root).' >&2; exit 4")
    report = kernel.run("iptables", chain="INPUT", jump="DROP")
    assert report.failed == "can't list the rules: Permission denied (you must be root)."
    kernel.fake("iptables", '[ "$4" != -A ] || { echo "no such thing" >&2; exit 2; }; exit 1')
    report = kernel.run("iptables", chain="INPUT", jump="DROP")
    assert (report.failed, report.get("stderr")) == (
        "add rule to INPUT: -j DROP: exit 2",
        "no such thing\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"jump": "DROP"},
        {"chain": "INPUT"},
        {"chain": "INPUT", "jump": "DROP", "log_prefix": "x"},
        {"chain": "INPUT", "flush": True, "policy": "DROP"},
        {"chain": "INPUT", "match_set": "x"},
        {"chain": "INPUT", "jump": "DROP", "wait": "$(id)"},
        {"chain": "INPUT", "log_level": "loud"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("iptables").from_arguments(arguments)
