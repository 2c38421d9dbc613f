"""service_facts: read all services into facts."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.remote.shell import Report

BODY = r"""
report units "$(systemctl list-units --no-pager --no-legend --all --type service)"
report files "$(systemctl list-unit-files --no-pager --no-legend --type service)"
"""

_BAD = ("not-found", "masked", "failed")


class ServiceFacts(Module):
    """Gather the services as `ansible_facts.services`."""

    body: ClassVar[str] = BODY

    def returns(self, report: Report) -> dict[str, Any]:
        services = dict(map(_unit, _lines(report.get("units"))))
        for name, status, *_ in _lines(report.get("files")):
            # A unit that is not loaded is inactive. A template (NAME@) has no state.
            state = "unknown" if "@." in name else "inactive"
            service = services.setdefault(name, _service(name, state, status))
            if service["status"] not in _BAD:
                service["status"] = status
        return {"ansible_facts": {"services": services}}


def _lines(text: str) -> list[list[str]]:
    """Split lines into words, without the mark before failed units."""
    lines = (line.split() for line in text.splitlines())
    return [words if "." in words[0] else words[1:] for words in lines if words]


def _unit(words: list[str]) -> tuple[str, dict[str, str]]:
    name, load, active, sub, *_ = words
    status = next((bad for bad in _BAD if bad in (load, active)), active)
    return name, _service(name, "running" if sub == "running" else "stopped", status)


def _service(name: str, state: str, status: str) -> dict[str, str]:
    return {"name": name, "state": state, "status": status, "source": "systemd"}
