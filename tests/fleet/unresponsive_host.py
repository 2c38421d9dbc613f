"""A host that does not respond until another host has finished a task."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from provisioner.errors import ConnectionFailed
from provisioner.events import Event, TaskFinished
from provisioner.fleet.login import Login
from tests.engine.play_runner import PlayRunner

LONG = 120.0
"""Timeout of a test in seconds."""


class UnresponsiveHost:
    """Connects to h1, h2 and h3; the connection to h1 fails when h3 has finished a task."""

    def __init__(self, runner: PlayRunner) -> None:
        self._runner, self._h3_finished = runner, threading.Event()

    def connect(self, host: str, variables: Mapping[str, Any]) -> Login:
        if host == "h1":
            assert self._h3_finished.wait(LONG), "the other hosts wait for h1"
            raise ConnectionFailed("no answer")
        return self._runner.connect(host, variables)

    def note(self, event: Event) -> None:
        if isinstance(event, TaskFinished) and event.host == "h3":
            self._h3_finished.set()
