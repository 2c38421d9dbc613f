"""The module timezone, with fake commands that keep the zone in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host


@pytest.fixture
def zone(host: Host) -> Path:
    """A fake /etc/localtime: a file with the target of the link."""
    path = host.root / "localtime"
    path.write_text("../usr/share/zoneinfo/UTC\n")
    host.fake("readlink", f"cat {path}")
    host.fake("timedatectl", f'[ "$1" = set-timezone ] && echo "/usr/share/zoneinfo/$2" >{path}')
    return path


def test_a_time_zone_is_set_once(host: Host, zone: Path) -> None:
    assert host.look("timezone", name="Europe/Berlin").changes == ("set time zone: Europe/Berlin",)
    assert "timedatectl set-timezone Europe/Berlin" not in host.calls()
    report = host.run("timezone", name="Europe/Berlin")
    assert report.changes == ("set time zone: Europe/Berlin",)
    values = host.values("timezone", report, name="Europe/Berlin")
    assert values["diff"] == {"before": {"name": "UTC"}, "after": {"name": "Europe/Berlin"}}
    assert not host.run("timezone", name="Europe/Berlin").changes


def test_an_unknown_zone_is_a_change_for_a_look_and_a_failure_otherwise(
    host: Host, zone: Path
) -> None:
    assert host.look("timezone", name="Europe/Nowhere").changes
    report = host.run("timezone", name="Europe/Nowhere")
    assert "there is no time zone Europe/Nowhere" in (report.failed or "")


@pytest.mark.parametrize("arguments", [{}, {"name": "../../etc/passwd"}, {"name": "a b"}])
def test_an_invalid_zone_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("timezone").from_arguments(arguments)
