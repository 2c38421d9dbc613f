"""The module ping."""

from __future__ import annotations

import pytest

from tests.modules.conftest import Host


@pytest.mark.parametrize("data", ["pong", "it's"])
def test_ping_returns_its_data(host: Host, data: str) -> None:
    report = host.look("ping", data=data)
    assert host.values("ping", report, data=data) == {"ping": data}
    assert not report.changes


def test_ping_fails_when_the_data_is_crash(host: Host) -> None:
    assert "crash" in (host.run("ping", data="crash").failed or "")
