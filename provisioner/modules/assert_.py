"""assert: fail unless conditions are true."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template
from provisioner.modules.framework.base import Action, TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.result import Outcome, Result


class Assert(Action):
    """Fail unless every condition is true."""

    expressions: ClassVar[tuple[str, ...]] = ("that",)

    that: Any
    """A condition or a list of them, without braces."""
    fail_msg: Any = parameter(None, aliases=("msg",))
    """The message if a condition is false."""
    success_msg: Any = None
    """The message if all conditions are true."""
    quiet: bool = False
    """Show no message if all conditions are true."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        conditions = self.that if isinstance(self.that, list | tuple) else (self.that,)
        failed_condition = scope.holds(conditions)
        if failed_condition is True:
            message = _text(None if self.quiet else self.success_msg, "All assertions passed")
            return Result(Outcome.OK, message, returns={"msg": message})
        source = str(failed_condition)
        if isinstance(failed_condition, Template):
            source = failed_condition.source
        message = _text(self.fail_msg, "Assertion failed")
        returns = {"assertion": source, "evaluated_to": False, "msg": message}
        reason = message if self.fail_msg is not None else f"{message}: {source}"
        return Result(Outcome.FAILED, reason, returns=returns)


def _text(value: Any, default: str) -> str:
    if value is None:
        return default
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
