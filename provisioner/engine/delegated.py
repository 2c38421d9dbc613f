"""What a delegated task sees of the host that it runs on: `ansible_delegated_vars`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.engine import values
from provisioner.engine.scopes import PlayWorld, host_scope
from provisioner.language.play import Task
from provisioner.language.variables import Lazy, Scope


def with_delegated(shared: PlayWorld, task: Task, scope: Scope) -> Scope:
    """The scope with that variable, where the task is delegated."""
    if task.keywords.delegate_to is None:
        return scope
    names: dict[str, Any] = {}
    found = scope.under(names)
    names["ansible_delegated_vars"] = Lazy(lambda: _variables(shared, task, found))
    return found


def _variables(shared: PlayWorld, task: Task, scope: Scope) -> dict[str, Scope]:
    """The other host's variables by its name, with all that says how it is reached."""
    target = values.delegate(scope, task.keywords)
    if target is None:
        return {}
    known = target in shared.world.states
    theirs: Mapping[str, Any] = host_scope(shared, target) if known else {}
    reached = {"ansible_host": target, "ansible_port": None, "ansible_user": None}
    # As in Ansible, this one name stays that of the host that delegates.
    own = {"inventory_hostname": scope["inventory_hostname"]}
    return {target: Scope((own, theirs, reached))}
