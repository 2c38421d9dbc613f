from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.play_runner import PlayRunner


@pytest.fixture
def runner(tmp_path: Path) -> PlayRunner:
    """Hosts to run plays on; `runner.folder` is the playbook's directory."""
    return PlayRunner(tmp_path)
