"""set_stats: show values in the recap at the end of the run."""

from __future__ import annotations

from typing import Any

from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, TaskContext
from provisioner.result import Outcome, Result


class SetStats(Action):
    """Show values in the recap; with `per_host` under the host."""

    data: dict[str, Any]
    """Names and values."""
    per_host: bool = False
    """Keep them apart by host; otherwise the last host's value stands."""
    aggregate: bool = True
    """Accepted for Ansible's sake: values of one name replace each other."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        return Result(Outcome.OK, returns={"ansible_stats": self.as_dict()})
