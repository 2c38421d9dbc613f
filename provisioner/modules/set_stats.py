"""set_stats: show values in the recap at the end of the run."""

from __future__ import annotations

from typing import Any

from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, TaskContext
from provisioner.result import Outcome, Result


class SetStats(Action):
    """Show values in the recap at the end of the run."""

    data: dict[str, Any]
    """The names and values."""
    per_host: bool = False
    """Show them per host. If false, the value of the last host is shown."""
    aggregate: bool = True
    """Accepted and ignored: a new value replaces the old one."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        return Result(Outcome.OK, returns={"ansible_stats": self.as_dict()})
