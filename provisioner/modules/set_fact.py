"""set_fact: variables for a host, until the run ends."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict

from provisioner.language.variables import Scope
from provisioner.modules.base import Action, Sources
from provisioner.result import Outcome, Result


class SetFact(Action):
    """Set variables for the host; later tasks and plays see them."""

    model_config = ConfigDict(extra="allow")
    open: ClassVar[bool] = True

    cacheable: bool = False
    """Ansible's fact cache; read and ignored, since there is none."""

    def act(self, scope: Scope, sources: Sources) -> Result:
        facts = dict(self.model_extra or {})
        return Result(Outcome.OK, returns={"ansible_facts": facts})
