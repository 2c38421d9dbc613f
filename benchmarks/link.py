"""A network of a certain rate: a pair of interfaces, one end in a namespace of its own, shaped by
tbf in both directions. It takes no CPU time to speak of, unlike a proxy."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

NEAR, FAR = "10.213.77.1", "10.213.77.2"
BURST = "256kb"


class NoLink(Exception):
    """This machine can't make one."""


@dataclass(frozen=True)
class SshTransport:
    """Where the far end is."""

    namespace: str
    address: str = FAR

    def command(self, words: list[str]) -> list[str]:
        """`words` run there."""
        return ["ip", "netns", "exec", self.namespace, *words]


@contextlib.contextmanager
def link(megabits: int) -> Iterator[SshTransport]:
    """Raises NoLink where namespaces, or tc and its tbf, are not to be had."""
    name = f"pb{os.getpid()}"
    try:
        _run(f"ip netns add {name}")
        try:
            for line in _lines(name, megabits):
                _run(line)
            yield SshTransport(name)
        finally:
            _run(f"ip netns del {name}")  # its interface goes with it, and so does the other end
    except subprocess.CalledProcessError as error:
        raise NoLink(error.stderr.decode(errors="replace").strip()) from None


def _lines(name: str, megabits: int) -> Iterator[str]:
    shape = f"root tbf rate {megabits}mbit burst {BURST} latency 50ms"
    yield f"ip link add {name} type veth peer name far netns {name}"
    yield f"ip addr add {NEAR}/30 dev {name}"
    yield f"ip -n {name} addr add {FAR}/30 dev far"
    yield f"ip link set {name} up"
    yield f"ip -n {name} link set far up"
    yield f"ip -n {name} link set lo up"
    yield f"tc qdisc add dev {name} {shape}"
    yield f"tc -n {name} qdisc add dev far {shape}"


def _run(line: str) -> None:
    words = line.split()
    if shutil.which(words[0]) is None:
        raise NoLink(f"there is no {words[0]} (package iproute2)")
    subprocess.run(words, check=True, capture_output=True)
