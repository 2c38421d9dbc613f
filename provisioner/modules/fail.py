"""fail: fail the task with a message."""

from __future__ import annotations

import json
from typing import Any

from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, TaskContext
from provisioner.result import Outcome, Result


class Fail(Action):
    """Fail with a message."""

    msg: Any = "Failed as requested from task"
    """The message."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        text = self.msg if isinstance(self.msg, str) else json.dumps(self.msg, default=str)
        return Result(Outcome.FAILED, text, returns={"msg": self.msg})
