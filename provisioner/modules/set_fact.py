"""set_fact: variables for a host, until the run ends."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, ModuleError, TaskContext
from provisioner.result import Outcome, Result


class SetFact(Action):
    """Set variables for the host; later tasks and plays see them."""

    open: ClassVar[bool] = True
    templated_names: ClassVar[bool] = True

    cacheable: bool = False
    """The variables are facts too, as Ansible's are that go into its fact cache (there is none)."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        for name in self.extra_arguments:
            if not str(name).isidentifier() or not isinstance(name, str):
                raise ModuleError(f"\"{name}\" can't be a variable's name")
        facts = {name: _value(given) for name, given in self.extra_arguments.items()}
        returns = {"ansible_facts": facts, "_ansible_facts_cacheable": self.cacheable}
        return Result(Outcome.OK, returns=returns)


def _value(given: Any) -> Any:
    """As Ansible: text that says yes or no becomes a boolean."""
    word = given.lower() if isinstance(given, str) else ""
    return word in ("true", "yes") if word in ("true", "false", "yes", "no") else given
