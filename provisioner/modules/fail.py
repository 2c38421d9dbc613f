"""fail: end the play for a host, with a reason."""

from __future__ import annotations

from provisioner.language.variables import Scope
from provisioner.modules.base import Action, Sources, Text
from provisioner.result import Outcome, Result


class Fail(Action):
    """Fail with a message."""

    msg: Text = "Failed as requested from task"
    """The reason."""

    def act(self, scope: Scope, sources: Sources) -> Result:
        return Result(Outcome.FAILED, self.msg)
