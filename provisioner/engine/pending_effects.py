"""What the tasks of a frame that is being built will have done when the frame has been run."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from provisioner.language.play import Role, Task
from provisioner.language.special_values import PENDING


class PendingEffects:
    """Collected while a frame is built: a task is prepared with the effects of those before it."""

    def __init__(self) -> None:
        self.variables: dict[str, Any] = {}
        """What the tasks set or register; PENDING for a result that is not known yet."""
        self.facts = False
        """Whether facts may change."""
        self.notifies = False
        """Whether handlers may be notified."""
        self.local_files = False
        """Whether files of the controller may change, which lookups and modules read."""
        self._first_calls: dict[str, str] = {}
        self._from_include_vars: set[str] = set()

    def set_variables(self, task: Task, values: Mapping[str, Any], set_before: Set[str]) -> None:
        """Take in what the task sets. Values of include_vars don't replace those of set_fact and
        register: `set_before` are the names of these, as far as they are not pending."""
        if task.module == "include_vars":
            stronger = (set_before | self.variables.keys()) - self._from_include_vars
            values = {name: value for name, value in values.items() if name not in stronger}
            self._from_include_vars.update(values)
        else:
            self._from_include_vars.difference_update(values)
        self.variables.update(values)

    def register(self, name: str, value: Any = PENDING) -> None:
        """Take in the result that a task registers."""
        self.variables[name] = value

    def expect_facts(self) -> None:
        self.facts = True

    def expect_handlers(self) -> None:
        self.notifies = True

    def expect_local_changes(self) -> None:
        self.local_files = True

    def repeats_role(self, role: Role | None) -> bool:
        """Whether a task of the role must wait for the end of the frame: the frame holds a task of
        another call of the role with the same arguments, and the role runs only once."""
        if role is None:
            return False
        first = self._first_calls.setdefault(role.call_key, role.call_id)
        return not role.allow_duplicates and first != role.call_id
