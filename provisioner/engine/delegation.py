"""Variables of a delegated task: the connection of the host that it runs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.engine import task_keywords
from provisioner.engine.connection_vars import connection_variables
from provisioner.engine.scopes import host_scope
from provisioner.engine.world import PlayWorld
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.special_values import Lazy
from provisioner.language.templating.undefined import missing
from provisioner.modules import MODULES, find_module

_SETTINGS = ("host", "user", "port")


def with_delegated(play_world: PlayWorld, task: Task, scope: Scope) -> Scope:
    """Return the scope, with `ansible_delegated_vars` if the task is delegated.

    The connection variables (host, user, port) are then those of the other host, unless the
    inventory or a task sets them.
    """
    if task.keywords.delegate_to is None:
        return scope
    names: dict[str, Any] = {}
    delegated = scope.with_layers(names)
    names["ansible_delegated_vars"] = Lazy(lambda: _variables(play_world, task, delegated))
    # Programs on the controller make their own connection, to the task's host.
    if not (task.module in MODULES and find_module(task.module).from_controller):
        names.update(_connection(play_world, task, delegated))
    return delegated


def _connection(play_world: PlayWorld, task: Task, scope: Scope) -> Iterator[tuple[str, Lazy]]:
    """Yield the other host's connection variables that are not set for the task's own host."""
    host = scope["inventory_hostname"]
    own = play_world.world.inventory_vars.get(host, {})
    defaults = connection_variables(host, own, play_world.world.settings, task.keywords)
    for setting in _SETTINGS:
        names = (f"ansible_{setting}", f"ansible_ssh_{setting}")
        if any(name in own or scope.raw(name) != defaults.get(name) for name in names):
            continue
        for name in names:
            yield name, _from_other(play_world, task, scope, names, defaults.get(name))


def _from_other(
    play_world: PlayWorld, task: Task, scope: Scope, names: tuple[str, str], default: Any
) -> Lazy:
    """Return the other host's value of a variable that has two names."""

    def value() -> Any:
        for other in _variables(play_world, task, scope).values():
            for name in names:
                if (value := other.get(name)) is not None:
                    return value
        if default is None:
            return missing(f'the variable "{names[0]}" is undefined', None)
        return default

    return Lazy(value)


def _variables(play_world: PlayWorld, task: Task, scope: Scope) -> dict[str, Scope]:
    """Return the value of `ansible_delegated_vars`: the other host's variables, by host name."""
    target = task_keywords.delegated_host(scope, task.keywords)
    if target is None:
        return {}
    is_known = target in play_world.world.states
    other: Mapping[str, Any] = host_scope(play_world, target) if is_known else {}
    defaults = {"ansible_host": target, "ansible_port": None, "ansible_user": None}
    # As in Ansible, this variable keeps the name of the delegating host.
    own = {"inventory_hostname": scope["inventory_hostname"]}
    return {target: Scope((own, other, defaults))}
