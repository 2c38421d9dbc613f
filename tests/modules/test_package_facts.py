"""package_facts, service_facts and yum_versionlock."""

from __future__ import annotations

import pytest

from provisioner.modules import yum_versionlock
from tests.modules import pretended_yum
from tests.modules.conftest import Host


def test_packages_become_facts(host: Host) -> None:
    pretended_yum.install(host)
    pretended_yum.write(
        host, db="kernel - 3.10.0 1160.el7 x86_64\nkernel - 3.10.0 957.el7 x86_64\nvim 2 7 8 noarch"
    )
    packages = host.values("package_facts", host.look("package_facts"))["ansible_facts"]["packages"]
    assert [item["release"] for item in packages["kernel"]] == ["1160.el7", "957.el7"]
    assert packages["vim"] == [
        {
            "name": "vim",
            "version": "7",
            "release": "8",
            "epoch": 2,
            "arch": "noarch",
            "source": "rpm",
        }
    ]


UNITS = """\
  crond.service loaded active running Command Scheduler
  rc-local.service loaded inactive dead /etc/rc.d/rc.local
* web.service loaded failed failed The web
* gone.service not-found inactive dead gone.service
"""
FILES = """\
crond.service enabled
web.service enabled
rc-local.service static
getty@.service enabled
lvm2.service disabled
"""


def test_services_become_facts(host: Host) -> None:
    host.fake("systemctl", f"case $1 in list-units) echo '{UNITS}' ;; *) echo '{FILES}' ;; esac")
    services = host.values("service_facts", host.look("service_facts"))["ansible_facts"]["services"]
    assert {name: (item["state"], item["status"]) for name, item in services.items()} == {
        "crond.service": ("running", "enabled"),
        "rc-local.service": ("stopped", "static"),
        "web.service": ("stopped", "failed"),
        "gone.service": ("stopped", "not-found"),
        "getty@.service": ("unknown", "enabled"),
        "lvm2.service": ("inactive", "disabled"),
    }


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
def test_a_lock_is_seen_by_name_version_and_wildcard(plugin: Host, spec: str) -> None:
    assert plugin.look("yum_versionlock", name=spec).changes == (f"lock {spec}",)
    assert plugin.run("yum_versionlock", name="docker-ce").changes == ("lock docker-ce",)
    plugin.calls()
    assert plugin.look("yum_versionlock", name=["docker-ce", spec]).changes == ()
    assert plugin.calls() == []
    assert plugin.look("yum_versionlock", name="docker", state="absent").changes == ()
    assert plugin.run("yum_versionlock", name=spec, state="absent").changes == (f"unlock {spec}",)
    assert plugin.look("yum_versionlock", name=spec, state="absent").changes == ()


def test_a_yum_without_the_plugin_is_told(host: Host) -> None:
    host.fake("yum", "echo 'No such command: versionlock.' >&2; exit 1")
    assert host.look("yum_versionlock", name="a").changes == ("lock a",)
    assert "yum-plugin-versionlock" in (host.run("yum_versionlock", name="a").failed or "")
