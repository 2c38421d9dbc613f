"""validate_argument_spec: check the variables that a role is called with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.language.argument_specs import errors
from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.result import Outcome, Result


class ValidateArgumentSpec(Action):
    """Check variables against an argument spec. A role with such a spec begins with this task."""

    argument_spec: dict[str, Any]
    """The options by name: type, required, choices, default, elements, options and so on."""
    provided_arguments: dict[str, Any] = parameter({})
    """Values that take precedence over variables. Names that the spec does not have are refused."""
    validate_args_context: dict[str, Any] = parameter({})
    """Information about the spec. It is returned unchanged."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        variables = {name: scope.get(name) for name in self.argument_spec if name in scope}
        problems = errors(self.argument_spec, {**variables, **self.provided_arguments})
        returns: Mapping[str, Any] = {"validate_args_context": self.validate_args_context}
        if not problems:
            message = "The arg spec validation passed"
            return Result(Outcome.OK, message, returns={**returns, "msg": message})
        message = "Validation of arguments failed:\n" + "\n".join(problems)
        failure = {
            "msg": message,
            "argument_errors": problems,
            "argument_spec_data": self.argument_spec,
        }
        return Result(
            Outcome.FAILED,
            message,
            returns={**returns, **failure},
            hint="correct these variables of the role (see its meta/argument_specs.yml)",
        )
