"""Inventories of a lab's hosts with other variables, and of hosts that do not exist."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.lab import Lab

Hosts = Mapping[str, Mapping[str, Any]]


def inventory_of(lab: Lab, folder: Path, hosts: Hosts) -> Path:
    """Return the lab's inventory with variables added to hosts.

    Unknown hosts are added; variables that are None are removed.
    """
    inventory = yaml.safe_load(lab.inventory.read_text())
    known = inventory["all"]["hosts"]
    for host, variables in hosts.items():
        merged = {**known.get(host, {}), **variables}
        known[host] = {name: value for name, value in merged.items() if value is not None}
    path = folder / "hosts.yml"
    path.write_text(json.dumps(inventory))
    return path


@contextmanager
def silent_port() -> Iterator[tuple[int, socket.socket]]:
    """Open a port that listens and never answers; connections wait in its queue."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener.getsockname()[1], listener


def connections(listener: socket.socket) -> int:
    """Return the number of connections so far."""
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1
