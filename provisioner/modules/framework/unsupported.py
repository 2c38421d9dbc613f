"""Modules that Ansible, one of its collections or the playbook has and provision has not: they
load, and fail the host that comes to them."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from provisioner.language.plugins import known_plugins, local_plugins
from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, TaskContext
from provisioner.result import Outcome, Result

_INSTEAD = {
    "apt": "package",
    "dnf5": "dnf",
    "docker_compose": "docker_compose_v2",
    "get_certificate": "command: openssl s_client",
    "pacman": "package",
    "sysvinit": "service",
    "zypper": "package",
}
"""Short names ▶ what is here for the same purpose on CentOS 7."""


_NOT_ON_EL7 = (
    *("apk", "apt", "apt_key", "apt_repository", "deb822_repository", "debconf", "dnf5"),
    *("dpkg_selections", "homebrew", "opkg", "pacman", "pkgng", "portage", "zypper"),
)
"""Modules that fail there with Ansible, too: a playbook may try them and be ready for it."""


class Elsewhere(Action):
    """A module that provision does not have."""

    open: ClassVar[bool] = True
    free_form: ClassVar[str | None] = "free_form"
    called: ClassVar[str] = ""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        short = self.called.rpartition(".")[2]
        instead = (
            f"use {_INSTEAD[short]} here, or" if short in _INSTEAD else "exclude the task or use"
        )
        hint = f"{instead} command or script; `provision doc -l` lists the modules that there are"
        own = local_plugins.unsupported_reason("module", self.called, scope)
        reason = own or known_plugins.unsupported_reason("module", self.called)
        return Result(Outcome.FAILED, reason, hint=hint, unsupported=short not in _NOT_ON_EL7)


@cache
def stand_in(name: str) -> type[Elsewhere]:
    """What is there for the module called `name`."""

    class Named(Elsewhere):
        called: ClassVar[str] = name

    return Named
