"""A host that does not answer while others are waited for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from provisioner.errors import ConnectionFailed
from provisioner.events import Event, TaskFinished
from provisioner.fleet.session_pool import Login
from tests.engine.play_runner import PlayRunner

LONG = 120.0
"""Seconds after which a test that waits in vain gives up."""


class Dead:
    """Of three hosts h1 is dead, which shows only once h3 has done a task."""

    def __init__(self, runner: PlayRunner) -> None:
        self._fleet, self._others = runner, threading.Event()

    def connect(self, host: str, variables: Mapping[str, Any]) -> Login:
        if host == "h1":
            assert self._others.wait(LONG), "the others wait for a dead host"
            raise ConnectionFailed("no answer")
        return self._fleet.connect(host, variables)

    def note(self, event: Event) -> None:
        if isinstance(event, TaskFinished) and event.host == "h3":
            self._others.set()
