"""debug: show a message or a variable."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template, UndefinedError
from provisioner.modules.framework.base import Action, TaskContext
from provisioner.result import Outcome, Result


class Debug(Action):
    """Show a message, or the value of a variable or expression."""

    expressions: ClassVar[tuple[str, ...]] = ("var",)

    msg: Any = None
    """The message. The default is `Hello world!`."""
    var: Any = None
    """A variable or expression to show, without braces."""
    verbosity: int = 0
    """Show it only with at least so many -v."""

    def validate(self) -> None:
        if self.msg is not None and self.var is not None:
            raise ValueError("msg and var can't both be set")

    def act(self, scope: Scope, context: TaskContext) -> Result:
        level = scope["ansible_verbosity"]
        if level < self.verbosity:
            returns = {"skipped_reason": "Verbosity threshold not met."}
            message = f"shown from -{'v' * self.verbosity} on"
            return Result(Outcome.SKIPPED, message, returns=returns)
        if isinstance(self.var, Template):
            value = _value(self.var, scope)
            return Result(Outcome.OK, returns={self.var.source: value})
        has_message = "msg" in self.fields_given  # it may be None
        return Result(Outcome.OK, returns={"msg": self.msg if has_message else "Hello world!"})


def _value(expression: Template, scope: Scope) -> Any:
    """Return the value. An undefined variable is not a failure, as in Ansible."""
    try:
        return scope.render(expression)
    except UndefinedError:
        return "VARIABLE IS NOT DEFINED!"
