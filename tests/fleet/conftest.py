from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.play_runner import PlayRunner


@pytest.fixture
def runner(tmp_path: Path) -> PlayRunner:
    """Runs plays on local hosts. `runner.folder` is the folder of the playbook."""
    return PlayRunner(tmp_path)
