"""set_fact: set variables of a host until the run ends."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, ModuleError, TaskContext
from provisioner.result import Outcome, Result


class SetFact(Action):
    """Set variables of the host. Later tasks and plays can use them."""

    open: ClassVar[bool] = True
    templated_names: ClassVar[bool] = True

    cacheable: bool = False
    """Set the variables as facts too. There is no fact cache."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        for name in self.extra_arguments:
            if not str(name).isidentifier() or not isinstance(name, str):
                raise ModuleError(f'"{name}" is not a valid name of a variable')
        facts = {name: _value(value) for name, value in self.extra_arguments.items()}
        returns = {"ansible_facts": facts, "_ansible_facts_cacheable": self.cacheable}
        return Result(Outcome.OK, returns=returns)


def _value(value: Any) -> Any:
    """Return a boolean for the text yes, no, true or false, as Ansible does."""
    word = value.lower() if isinstance(value, str) else ""
    return word in ("true", "yes") if word in ("true", "false", "yes", "no") else value
