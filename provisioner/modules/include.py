"""include_tasks, include_role: run a file of tasks or a role; the file is read during the run.

The engine carries them out (engine/include.py); import_tasks and import_role are the loader's.
"""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import ControlModule
from provisioner.modules.framework.fields import parameter


class IncludeTasks(ControlModule):
    """Run the tasks of a file."""

    free_form: ClassVar[str | None] = "file"

    file: str
    """The file, relative to the including file or in the role."""
    apply: dict[str, Any] = parameter({})
    """Keywords for every task of the file, such as tags or become."""


class IncludeRole(ControlModule):
    """Run a role."""

    name: str = parameter(aliases=("role",))
    """The name of the role."""
    tasks_from: str | None = None
    """A file of tasks to use instead of tasks/main.yml."""
    vars_from: str | None = None
    """A file to use instead of vars/main.yml."""
    defaults_from: str | None = None
    """A file to use instead of defaults/main.yml."""
    handlers_from: str | None = None
    """A file to use instead of handlers/main.yml."""
    apply: dict[str, Any] = parameter({})
    """Keywords for every task of the role."""
    public: bool = False
    """Make the role's defaults and vars visible to later tasks of the play."""
    allow_duplicates: bool = True
    """Run the role even if it has run before."""
    rolespec_validate: bool = True
    """Check the arguments of the role against its argument spec."""
