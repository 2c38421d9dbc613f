"""What a delegated task sees of the host that it runs on: `ansible_delegated_vars`, and how that is
reached where nothing says so of its own host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.engine import connection_vars, task_keywords
from provisioner.engine.scopes import PlayWorld, host_scope
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.templating.undefined import missing
from provisioner.language.values import Lazy
from provisioner.modules import MODULES, find_module


def with_delegated(shared: PlayWorld, task: Task, scope: Scope) -> Scope:
    """The scope with these variables, where the task is delegated."""
    if task.keywords.delegate_to is None:
        return scope
    names: dict[str, Any] = {}
    found = scope.with_layers(names)
    names["ansible_delegated_vars"] = Lazy(lambda: _variables(shared, task, found))
    if not (task.module in MODULES and find_module(task.module).from_controller):
        names.update(_reached(shared, task, found))  # those ask for the way to their own host
    return found


_THINGS = ("host", "user", "port")


def _reached(shared: PlayWorld, task: Task, scope: Scope) -> Iterator[tuple[str, Lazy]]:
    """How the other host is reached, as far as no variable says it of the task's own."""
    host = scope["inventory_hostname"]
    own = shared.world.inventory_vars.get(host, {})
    guessed = connection_vars.variables(host, own, shared.world.settings, task.keywords)
    for thing in _THINGS:
        pair = (f"ansible_{thing}", f"ansible_ssh_{thing}")
        if any(name in own or scope.raw(name) != guessed.get(name) for name in pair):
            continue
        for name in pair:
            yield name, _lazily(shared, task, scope, pair, guessed.get(name))


def _lazily(
    shared: PlayWorld, task: Task, scope: Scope, pair: tuple[str, str], guessed: Any
) -> Lazy:
    def value() -> Any:
        for theirs in _variables(shared, task, scope).values():
            said = [theirs.get(name) for name in pair]
            found = next((value for value in said if value is not None), None)
            if found is not None:
                return found
        if guessed is None:
            return missing(f'the variable "{pair[0]}" is undefined', None)
        return guessed

    return Lazy(value)


def _variables(shared: PlayWorld, task: Task, scope: Scope) -> dict[str, Scope]:
    """The other host's variables by its name, with all that says how it is reached."""
    target = task_keywords.delegate(scope, task.keywords)
    if target is None:
        return {}
    known = target in shared.world.states
    theirs: Mapping[str, Any] = host_scope(shared, target) if known else {}
    reached = {"ansible_host": target, "ansible_port": None, "ansible_user": None}
    # As in Ansible, this one name stays that of the host that delegates.
    own = {"inventory_hostname": scope["inventory_hostname"]}
    return {target: Scope((own, theirs, reached))}
