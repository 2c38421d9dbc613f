"""The engine's tests of plays on several hosts, run on two workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.play_runner import PlayRunner
from tests.engine.test_several_hosts import *  # noqa: F403
from tests.fleet.in_process_workers import in_process_executor


@pytest.fixture
def runner(tmp_path: Path) -> PlayRunner:
    return PlayRunner(tmp_path, make_executor=in_process_executor)
