"""package_facts: read all installed packages into facts."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, Words
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Report

BODY = r"""
format='%{NAME} %|EPOCH?{%{EPOCH}}:{}| %{VERSION} %{RELEASE} %|ARCH?{%{ARCH}}:{}|\n'
packages=$(rpm -qa --qf "$format") || fail "can't read rpm's database: run \`rpm -qa\` on the host"
report packages "$packages"
"""


class PackageFacts(Module):
    """Read the installed packages into `ansible_facts.packages`."""

    body: ClassVar[str] = BODY
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT

    manager: Words = ("auto",)
    """Accepted and ignored: CentOS has rpm."""
    strategy: Literal["first", "all"] = "first"
    """Accepted and ignored: there is only rpm."""

    def returns(self, report: Report) -> dict[str, Any]:
        packages: dict[str, list[dict[str, Any]]] = {}
        for line in report.get("packages").splitlines():
            name, epoch, version, release, arch = line.split(" ")
            packages.setdefault(name, []).append(
                {
                    "name": name,
                    "version": version,
                    "release": release,
                    "epoch": int(epoch) if epoch else None,
                    "arch": arch or None,
                    "source": "rpm",
                }
            )
        return {"ansible_facts": {"packages": packages}}
