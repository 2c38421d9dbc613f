"""The module package_facts, with a fake rpm command."""

from __future__ import annotations

from tests.modules import fake_yum
from tests.modules.conftest import Host


def test_packages_become_facts(host: Host) -> None:
    fake_yum.install(host)
    fake_yum.write(
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
