"""add_host, group_by: hosts and groups that exist for the rest of the run only."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import AliasChoices, ConfigDict, Field

from provisioner.language.variables import Scope
from provisioner.modules.base import Action, Sources, Text, Words
from provisioner.result import Outcome, Result


class AddHost(Action):
    """Add a host, with groups and variables, for the plays that follow."""

    model_config = ConfigDict(extra="allow")
    open: ClassVar[bool] = True

    name: Text = Field(validation_alias=AliasChoices("name", "hostname", "host"))
    """The host's name; `name:port` gives its port."""
    groups: Words = Field(default=(), validation_alias=AliasChoices("groups", "groupname", "group"))
    """Groups to put it in."""

    def act(self, scope: Scope, sources: Sources) -> Result:
        added = {
            "host_name": self.name,
            "groups": list(self.groups),
            "host_vars": dict(self.model_extra or {}),
        }
        return Result(Outcome.CHANGED, changes=(f"add {self.name}",), returns={"add_host": added})


class GroupBy(Action):
    """Put the host into a group whose name is made of its variables."""

    key: Text
    """The group's name; blanks become dashes."""
    parents: Words = ("all",)
    """Groups above it."""

    def act(self, scope: Scope, sources: Sources) -> Result:
        group = self.key.replace(" ", "-")
        parents = [parent.replace(" ", "-") for parent in self.parents]
        returns: dict[str, Any] = {"add_group": group, "parent_groups": parents}
        return Result(Outcome.CHANGED, returns=returns)
