"""Modules of Ansible, its collections or the playbook that provision does not have.

A playbook that has them loads; the task fails on each host that reaches it.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from provisioner.language.plugins import known_plugins, local_plugins
from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, TaskContext
from provisioner.result import Outcome, Result

_REPLACEMENTS = {
    "apt": "package",
    "dnf5": "dnf",
    "docker_compose": "docker_compose_v2",
    "get_certificate": "command: openssl s_client",
    "pacman": "package",
    "sysvinit": "service",
    "zypper": "package",
}
"""Short name → what provision has for the same purpose on CentOS 7."""

_FAIL_ON_EL7 = (
    *("apk", "apt", "apt_key", "apt_repository", "deb822_repository", "debconf", "dnf5"),
    *("dpkg_selections", "homebrew", "opkg", "pacman", "pkgng", "portage", "zypper"),
)
"""Modules that fail on CentOS 7 with Ansible, too. A playbook may handle that failure."""


class UnsupportedModule(Action):
    """A module that provision does not have. It accepts any arguments, and fails."""

    open: ClassVar[bool] = True
    free_form: ClassVar[str | None] = "free_form"
    full_name: ClassVar[str] = ""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        short = self.full_name.rpartition(".")[2]
        replacement = _REPLACEMENTS.get(short)
        advice = f"use {replacement} here, or" if replacement else "exclude the task or use"
        hint = f"{advice} command or script; `provision doc -l` lists the modules that there are"
        local_reason = local_plugins.unsupported_reason("module", self.full_name, scope)
        reason = local_reason or known_plugins.unsupported_reason("module", self.full_name)
        return Result(Outcome.FAILED, reason, hint=hint, unsupported=short not in _FAIL_ON_EL7)


@cache
def unsupported_module(name: str) -> type[UnsupportedModule]:
    """Return the class for the module called `name` in the playbook."""

    class Named(UnsupportedModule):
        full_name: ClassVar[str] = name

    return Named
