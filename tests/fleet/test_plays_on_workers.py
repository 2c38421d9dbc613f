"""What plays on several hosts mean is the same when workers walk the hosts: the engine's own tests,
on two workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.play_runner import PlayRunner
from tests.engine.test_fleet import *  # noqa: F403
from tests.fleet.lines import near_crew


@pytest.fixture
def runner(tmp_path: Path) -> PlayRunner:
    return PlayRunner(tmp_path, make_executor=near_crew)
