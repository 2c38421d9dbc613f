"""iptables: add or remove a rule or chain of the packet filter, or set a chain's policy."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import Before, Parameters
from provisioner.remote.shell import Report

LEVELS = ("emerg", "alert", "crit", "error", "warning", "notice", "info", "debug")


def _state_words(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


class TcpFlags(Parameters):
    """TCP flags to compare."""

    flags: Words = ()
    """The flags to examine."""
    flags_set: Words = ()
    """The flags of these that must be set."""


class Iptables(Module):
    """Add or remove a rule or chain of the packet filter. The change is lost at the next boot."""

    body: ClassVar[str] = load_body("iptables.sh")

    table: Literal["filter", "nat", "mangle", "raw", "security"] = "filter"
    """The table of the chain."""
    chain: str | None = None
    """The chain: INPUT, FORWARD, OUTPUT, PREROUTING, POSTROUTING, or one of your own."""
    state: Literal["present", "absent"] = "present"
    """`present` adds the rule, `absent` removes it. If the task has no part of a rule, it is the
    chain."""
    action: Literal["append", "insert"] = "append"
    """`append` adds a new rule at the end of the chain, `insert` at its beginning or at
    `rule_num`."""
    rule_num: str | None = None
    """With `insert`: the number of the rule before which the new one is inserted."""
    ip_version: Literal["ipv4", "ipv6"] = "ipv4"
    """`ipv4` uses iptables, `ipv6` uses ip6tables."""
    protocol: str | None = None
    """The protocol: tcp, udp, icmp or another. A `!` before it negates it, as with all
    conditions."""
    source: str | None = None
    """The source of the packet: an address, network or host name."""
    destination: str | None = None
    """The destination of the packet: an address, network or host name."""
    match: Words = ()
    """Extensions of iptables to load, in addition to those that the parameters need."""
    tcp_flags: TcpFlags | None = None
    """TCP flags to compare."""
    jump: str | None = None
    """The target: ACCEPT, DROP, REJECT, LOG or a chain."""
    gateway: str | None = None
    """With `jump: TEE`: the address that gets the copy of a packet."""
    log_prefix: str | None = None
    """The prefix of log entries. It implies `jump: LOG`."""
    log_level: str | None = None
    """The level of log entries: 0 to 7 or a name. It implies `jump: LOG`."""
    goto: str | None = None
    """Continue in this chain and do not return."""
    in_interface: str | None = None
    """The interface by which the packet arrives. A `+` at the end matches any rest of the name."""
    out_interface: str | None = None
    """The interface by which the packet leaves."""
    fragment: str | None = None
    """Match only second and further fragments; `!` matches all other packets."""
    set_counters: str | None = None
    """Initial values of the packet and byte counters of the rule."""
    source_port: str | None = None
    """The source port, or a range FIRST:LAST. It needs `protocol`."""
    destination_port: str | None = None
    """The destination port, or a range FIRST:LAST. It needs `protocol`."""
    destination_ports: Words = ()
    """Several destination ports or ranges."""
    to_ports: str | None = None
    """With `jump: REDIRECT`: the new port."""
    to_destination: str | None = None
    """With `jump: DNAT`: the new destination."""
    to_source: str | None = None
    """With `jump: SNAT`: the new source."""
    syn: Literal["ignore", "match", "negate"] = "ignore"
    """`match` matches packets that open a TCP connection, `negate` all others."""
    set_dscp_mark: str | None = None
    """With `jump: DSCP`: the mark to set."""
    set_dscp_mark_class: str | None = None
    """With `jump: DSCP`: the mark to set, by its class."""
    comment: str | None = None
    """A comment of the rule."""
    ctstate: Words = ()
    """The states of the connection: NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED."""
    src_range: str | None = None
    """A range of source addresses: FIRST-LAST."""
    dst_range: str | None = None
    """A range of destination addresses: FIRST-LAST."""
    match_set: str | None = None
    """The name of a set of addresses, made by ipset."""
    match_set_flags: Literal["src", "dst", "src,dst", "dst,src", "dst,dst", "src,src"] | None = None
    """Which addresses of the packet are looked up in the set."""
    limit: str | None = None
    """The maximum rate of matches, such as `5/minute`."""
    limit_burst: str | None = None
    """The number of matches before the limit applies."""
    uid_owner: str | None = None
    """The user whose process sends the packet."""
    gid_owner: str | None = None
    """The group whose process sends the packet."""
    reject_with: str | None = None
    """The error to send back. It implies `jump: REJECT`."""
    icmp_type: str | None = None
    """The ICMP type, by name or number."""
    flush: bool = False
    """Remove all rules of the chain, or of the table if no chain is set."""
    policy: Annotated[Literal["ACCEPT", "DROP", "QUEUE", "RETURN"] | None, Before(_state_words)] = (
        None
    )
    """The policy of a built-in chain: what happens to packets that match no rule."""
    wait: str | None = None
    """Seconds to wait while another process changes rules. The default is to wait without limit."""
    chain_management: bool = False
    """Create a missing chain. With `state: absent` and no rule, remove the chain."""
    numeric: bool = False
    """Accepted and ignored: names are never resolved."""

    def validate(self) -> None:
        if self.chain is None and not self.flush:
            raise ValueError("chain is missing")
        logs = self.log_prefix is not None or self.log_level is not None
        if logs and self.jump not in (None, "LOG"):
            raise ValueError("log_prefix and log_level can only be used with jump: LOG")
        if self.flush and self.policy is not None:
            raise ValueError("flush and policy can't both be set")
        if self.jump is not None and self.goto is not None:
            raise ValueError("jump and goto can't both be set")
        if (self.match_set is None) != (self.match_set_flags is None):
            raise ValueError("match_set and match_set_flags must be set together")
        if not (self.flush or self.policy or self.chain_management or self.rule()):
            raise ValueError("the task has no rule: for a chain set chain_management: true")
        for number in (self.wait, self.rule_num):
            if number is not None and not number.isdigit():
                raise ValueError(f"wait and rule_num must be numbers, not {number!r}")
        if self.log_level is not None and self.log_level not in (*LEVELS, *"01234567"):
            raise ValueError(f"log_level: it must be 0 to 7, or one of {', '.join(LEVELS)}")

    def rule(self) -> list[str]:
        """Return the rule as arguments of iptables."""
        return [word for part in self._parts() for word in part]

    def _parts(self) -> Iterator[Sequence[str]]:
        yield _option("-p", self.protocol)
        yield _option("-s", self.source)
        yield _option("-d", self.destination)
        for name in self.match:
            yield ("-m", name)
        if self.tcp_flags is not None:
            flags = self.tcp_flags
            yield ("--tcp-flags", ",".join(flags.flags), ",".join(flags.flags_set))
        yield from self._target()
        yield _option("-i", self.in_interface)
        yield _option("-o", self.out_interface)
        if self.fragment:
            yield ("!", "-f") if self.fragment.startswith("!") else ("-f",)
        yield _option("-c", self.set_counters)
        yield _option("--source-port", self.source_port)
        yield _option("--destination-port", self.destination_port)
        if self.destination_ports:
            yield from self._by("multiport", ("--dports", ",".join(self.destination_ports)))
        yield _option("--to-ports", self.to_ports)
        yield _option("--set-dscp", self.set_dscp_mark)
        yield _option("--set-dscp-class", self.set_dscp_mark_class)
        yield {"ignore": (), "match": ("--syn",), "negate": ("!", "--syn")}[self.syn]
        yield from self._extensions()

    def _target(self) -> Iterator[Sequence[str]]:
        logs = self.log_prefix is not None or self.log_level is not None
        yield _option("-j", self.jump or ("LOG" if logs else None))
        if self.jump is not None and self.jump.lower() == "tee":
            yield _option("--gateway", self.gateway)
        for name in ("log_prefix", "log_level", "to_destination", "to_source"):
            value = getattr(self, name)
            yield () if value is None else ("--" + name.replace("_", "-"), value)
        yield _option("-g", self.goto)

    def _extensions(self) -> Iterator[Sequence[str]]:
        if self.ctstate:
            states = ",".join(self.ctstate)
            old = "state" in self.match and "conntrack" not in self.match
            yield from (
                [("--state", states)] if old else self._by("conntrack", ("--ctstate", states))
            )
        for name in ("src_range", "dst_range"):
            if (value := getattr(self, name)) is not None:
                yield from self._by("iprange", _option("--" + name.replace("_", "-"), value))
        if self.match_set is not None:
            words = (*_option("--match-set", self.match_set), self.match_set_flags or "")
            yield from self._by("set", words)
        if self.limit or self.limit_burst:
            words = (*_option("--limit", self.limit), *_option("--limit-burst", self.limit_burst))
            yield from self._by("limit", words)
        for name in ("uid_owner", "gid_owner"):
            if (value := getattr(self, name)) is not None:
                yield from self._by("owner", _option("--" + name.replace("_", "-"), value))
        if self.jump is None and self.reject_with is not None:
            yield ("-j", "REJECT")
        yield _option("--reject-with", self.reject_with)
        yield _option(
            {"ipv4": "--icmp-type", "ipv6": "--icmpv6-type"}[self.ip_version], self.icmp_type
        )
        if self.comment is not None:
            yield from self._by("comment", ("--comment", self.comment))

    def _by(self, extension: str, words: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield `-m EXTENSION` unless `match` has it, and the words."""
        if extension not in self.match:
            yield ("-m", extension)
        yield words

    def _what(self) -> str:
        if self.flush:
            return f"flush {self.chain or 'all chains'} of the table {self.table}"
        if self.policy:
            return f"set policy of {self.chain}: {self.policy}"
        verb = "remove rule from" if self.state == "absent" else "add rule to"
        return f"{verb} {self.chain}: {shlex.join(self.rule())}"

    def variables(self) -> dict[str, Any]:
        return {
            "tool": "iptables" if self.ip_version == "ipv4" else "ip6tables",
            "rule": tuple(self.rule()),
            "what": self._what(),
            **self.as_dict(
                include={
                    "table",
                    "chain",
                    "state",
                    "action",
                    "rule_num",
                    "flush",
                    "policy",
                    "chain_management",
                    "wait",
                }
            ),
        }

    def returns(self, report: Report) -> dict[str, Any]:
        parameters = self.as_dict(include={"chain", "flush", "ip_version", "state", "table"})
        return {**parameters, "rule": " ".join(self.rule())}


def _option(name: str, value: str | None) -> Sequence[str]:
    """Return the option with its value. A `!` before the value goes before the option."""
    if value is None:
        return ()
    if value.startswith("!"):
        return ("!", name, value[1:].strip())
    return (name, value)
