"""add_host, group_by: add hosts and groups to the inventory for the rest of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from provisioner import regex
from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, TaskContext, Words
from provisioner.modules.framework.fields import parameter
from provisioner.result import Outcome, Result

_WITH_PORT = regex.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+)):(\d+)")


class AddHost(Action):
    """Add a host with groups and variables to the inventory. Later plays may run on it."""

    open: ClassVar[bool] = True

    name: str = parameter(aliases=("hostname", "host"))
    """The name of the host; `name:port` also sets its port."""
    groups: Words = parameter((), aliases=("groupname", "group"))
    """The groups of the host. New groups are created."""

    def _parts(self) -> tuple[str, int | None]:
        """Return the host's name and port, from `web:2222` or `[2001:db8::1]:2222`."""
        match = _WITH_PORT.fullmatch(self.name)
        return (match[1] or match[2], int(match[3])) if match else (self.name, None)

    def act(self, scope: Scope, context: TaskContext) -> Result:
        name, port = self._parts()
        variables = dict(self.extra_arguments)
        if port is not None:
            variables["ansible_ssh_port"] = port
        added = {
            "host_name": name,
            "groups": list(dict.fromkeys(self.groups)),
            "host_vars": variables,
        }
        old = scope["hostvars"].get(name, {})
        has_variables = all(key in old and old[key] == value for key, value in variables.items())
        members: Mapping[str, list[str]] = scope["groups"]
        in_groups = all(name in members.get(group, ()) for group in ("all", *self.groups))
        if has_variables and in_groups:
            return Result(Outcome.OK, returns={"add_host": added})
        return Result(Outcome.CHANGED, changes=(f"add {name}",), returns={"add_host": added})


class GroupBy(Action):
    """Put the host into a group whose name is made from variables."""

    key: str
    """The name of the group. Spaces become dashes."""
    parents: Words = ("all",)
    """The parent groups of the group."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        group = self.key.replace(" ", "-")
        parents = [parent.replace(" ", "-") for parent in self.parents]
        returns: dict[str, Any] = {"add_group": group, "parent_groups": parents}
        is_member = {group, *parents} <= {"all", *scope["group_names"]}
        return Result(Outcome.OK if is_member else Outcome.CHANGED, returns=returns)
