"""include_tasks, include_role: run a file of tasks or a role; the file is read during the run.

The engine carries them out (engine/include.py); import_tasks and import_role are the loader's.
"""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import ControlModule
from provisioner.modules.framework.fields import parameter


class IncludeTasks(ControlModule):
    """Run the tasks of a file here."""

    free_form: ClassVar[str | None] = "file"

    file: str
    """The file, beside the one that includes it, or in the role."""
    apply: dict[str, Any] = parameter({})
    """Keywords that every task of the file gets (tags, become, …)."""


class IncludeRole(ControlModule):
    """Run a role here."""

    name: str = parameter(aliases=("role",))
    """The role."""
    tasks_from: str | None = None
    """Another file of the role's tasks than main.yml."""
    vars_from: str | None = None
    """Another file of its vars."""
    defaults_from: str | None = None
    """Another file of its defaults."""
    handlers_from: str | None = None
    """Another file of its handlers."""
    apply: dict[str, Any] = parameter({})
    """Keywords that every task of the role gets."""
    public: bool = False
    """Later tasks of the play see the role's defaults and vars too."""
    allow_duplicates: bool = True
    """Run it although it ran before."""
    rolespec_validate: bool = True
    """Accepted for Ansible's sake."""
