from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.fleet import Fleet


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Hosts to run plays on; `fleet.folder` is the playbook's directory."""
    return Fleet(tmp_path)
