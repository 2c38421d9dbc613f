"""The module yum_versionlock, with a fake yum command."""

from __future__ import annotations

import pytest

from provisioner.modules import yum_versionlock
from tests.modules.conftest import Host


@pytest.fixture
def plugin(host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host whose yum has the versionlock plugin; nothing is locked."""
    configuration = host.root / "versionlock.conf"
    configuration.write_text(f"[main]\nenabled = 1\nlocklist = {host.root}/list\n")
    (host.root / "list").write_text("# Added locks\n")
    monkeypatch.setattr(yum_versionlock, "CONFIGURATIONS", ("/none", str(configuration)))
    host.fake(
        "yum",
        f'case $3 in add) echo "3:$4-26.1.4-1.el7.*" >>{host.root}/list ;; '
        f'delete) echo "# Added locks" >{host.root}/list ;; esac',
    )
    return host


@pytest.mark.parametrize(
    "spec", ["docker-ce", "docker-ce-26.1.4", "docker-ce-26.1.4-1.el7", "docker-*"]
)
def test_a_lock_is_recognized_by_name_version_and_wildcard(plugin: Host, spec: str) -> None:
    assert plugin.look("yum_versionlock", name=spec).changes == (f"lock {spec}",)
    assert plugin.run("yum_versionlock", name="docker-ce").changes == ("lock docker-ce",)
    plugin.calls()
    assert plugin.look("yum_versionlock", name=["docker-ce", spec]).changes == ()
    assert plugin.calls() == []
    assert plugin.look("yum_versionlock", name="docker", state="absent").changes == ()
    assert plugin.run("yum_versionlock", name=spec, state="absent").changes == (f"unlock {spec}",)
    assert plugin.look("yum_versionlock", name=spec, state="absent").changes == ()


def test_a_missing_plugin_is_the_reason_of_the_failure(host: Host) -> None:
    host.fake("yum", "echo 'No such command: versionlock.' >&2; exit 1")
    assert host.look("yum_versionlock", name="a").changes == ("lock a",)
    assert "yum-plugin-versionlock" in (host.run("yum_versionlock", name="a").failed or "")
