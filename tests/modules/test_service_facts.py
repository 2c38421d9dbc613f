"""The module service_facts."""

from __future__ import annotations

from tests.modules.conftest import Host

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
