"""A network with a limited rate: a pair of interfaces, one end in a network namespace.

tbf (man 8 tc-tbf) limits the rate in both directions. Unlike a proxy it takes almost no CPU time.
"""

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
    """This machine cannot set up such a network."""


@dataclass(frozen=True)
class Link:
    """The far end of the network."""

    namespace: str
    address: str = FAR

    def command(self, words: list[str]) -> list[str]:
        """Return the command that runs `words` at the far end."""
        return ["ip", "netns", "exec", self.namespace, *words]


@contextlib.contextmanager
def link(megabits: int) -> Iterator[Link]:
    """Set up a network of that rate. Raises NoLink where namespaces, tc or tbf are missing."""
    name = f"pb{os.getpid()}"
    try:
        _run(f"ip netns add {name}")
        try:
            for line in _lines(name, megabits):
                _run(line)
            yield Link(name)
        finally:
            _run(f"ip netns del {name}")  # removes both interfaces
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
