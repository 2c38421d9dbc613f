"""Expected effects of the tasks in a frame, collected while the frame is built."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from provisioner.language.play import Role, Task
from provisioner.language.special_values import PENDING


class PendingEffects:
    """The expected effects. A task is prepared with the effects of the tasks before it."""

    def __init__(self) -> None:
        self.variables: dict[str, Any] = {}
        """Variables that the tasks set or register. PENDING stands for a result that is not known
        yet.
        """
        self.facts = False
        """Whether facts may change."""
        self.notifies = False
        """Whether handlers may be notified."""
        self.local_files = False
        """Whether files on the controller may change. Lookups and modules read such files."""
        self._first_calls: dict[str, str] = {}
        self._from_include_vars: set[str] = set()

    def set_variables(self, task: Task, values: Mapping[str, Any], set_before: Set[str]) -> None:
        """Add the variables that the task sets.

        Values of include_vars do not replace those of set_fact and register. `set_before` are the
        names of these variables that are not pending.
        """
        if task.module == "include_vars":
            stronger = (set_before | self.variables.keys()) - self._from_include_vars
            values = {name: value for name, value in values.items() if name not in stronger}
            self._from_include_vars.update(values)
        else:
            self._from_include_vars.difference_update(values)
        self.variables.update(values)

    def register(self, name: str, value: Any = PENDING) -> None:
        """Add the variable that a task registers."""
        self.variables[name] = value

    def expect_facts(self) -> None:
        self.facts = True

    def expect_handlers(self) -> None:
        self.notifies = True

    def expect_local_changes(self) -> None:
        self.local_files = True

    def repeats_role(self, role: Role | None) -> bool:
        """Whether a task of the role must wait until the frame has run.

        The frame contains a task of another call of the role with the same arguments, and the role
        runs only once.
        """
        if role is None:
            return False
        first = self._first_calls.setdefault(role.call_key, role.call_id)
        return not role.allow_duplicates and first != role.call_id
