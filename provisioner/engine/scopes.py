"""Variables of a task on a host: the layers of Ansible's precedence, and `hostvars`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from functools import partial
from operator import is_not
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from provisioner.engine.connection_vars import connection_variables
from provisioner.engine.host_state import HostState
from provisioner.engine.magic_vars import magic_variables
from provisioner.engine.task_context import LocalTaskContext
from provisioner.engine.world import Gate, PlayWorld
from provisioner.language.functions import functions
from provisioner.language.lookups.context import LookupContext
from provisioner.language.needs import NeedFacts, NeedOtherHosts, NeedResult
from provisioner.language.plain_data import ComputedMapping
from provisioner.language.play import Task, non_empty
from provisioner.language.scope import Scope
from provisioner.language.special_values import Lazy, LazyFromScope
from provisioner.language.templating.environment import limited_range, loop_helper
from provisioner.language.templating.template import Template, TemplateError
from provisioner.language.templating.undefined import missing
from provisioner.language.variable_names import is_fact
from provisioner.loading.host_patterns import is_implicit
from provisioner.loading.variables import vars_file
from provisioner.local_files import with_home
from provisioner.modules.framework.base import ModuleError
from provisioner.records import dataclass

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class PendingVars:
    """Changes of a host's variables by the frame that is being built."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    """Variables that the tasks of the frame set."""
    on_missing: Callable[[str], None] | None = None
    """Called with each name that no layer has."""
    is_outdated: Callable[[str], bool] | None = None
    """Whether the fact of that name is about to be gathered again."""


@dataclass
class ScopeContext:
    """The context from which `LazyFromScope` variables of a scope are computed."""

    play_world: PlayWorld
    host: str
    task: Task | None
    gate: Gate
    pending: PendingVars

    def hostvars(self) -> HostVars:
        return HostVars(self.play_world, self.host, self.gate, self.pending)


class HostVars(ComputedMapping):
    """`hostvars`: the variables of every host, without those of the play and its roles."""

    def __init__(
        self, play_world: PlayWorld, own: str, gate: Gate, pending: PendingVars | None = None
    ) -> None:
        """Create `hostvars` for the host `own`. `pending` changes the variables of that host."""
        self._play_world, self._own, self._gate = play_world, own, gate
        self._pending = pending or PendingVars()

    def __getitem__(self, host: str) -> Scope:
        if host not in self._play_world.world.states:
            raise KeyError(host)
        if not self._gate.is_open and host != self._own:
            raise NeedOtherHosts
        pending = self._pending if host == self._own else PendingVars()
        return _scope(self._play_world, host, None, pending, with_play=False)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the hosts.

        The controller is one of them if the inventory has it or it has variables of its own.
        """
        world = self._play_world.world
        for name in tuple(world.states):  # a copy: add_host adds to it
            if not is_implicit(world.inventory, name) or world.states[name].is_known:
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)


def host_scope(play_world: PlayWorld, host: str) -> Scope:
    """Return a host's variables outside of any task."""
    return _scope(play_world, host, None, PendingVars())


def task_scope(
    play_world: PlayWorld,
    host: str,
    task: Task,
    pending: Mapping[str, Any],
    facts_pending: bool,
    gather: bool,
    gate: Gate | None = None,
) -> Scope:
    """Return a task's variables. `pending` are the variables that earlier tasks of the frame set.

    Using a missing fact raises NeedResult if facts are about to be gathered, and NeedFacts if the
    play may `gather` them. `gate` decides whether other hosts' variables may be used.
    """

    def on_missing(name: str) -> None:
        if not is_fact(name):
            return
        if facts_pending:
            raise NeedResult
        if gather:
            raise NeedFacts

    if not (facts_pending or gather):
        return _scope(play_world, host, task, PendingVars(pending), gate)
    is_outdated = is_fact if facts_pending else _holds_all_facts
    return _scope(play_world, host, task, PendingVars(pending, on_missing, is_outdated), gate)


def _holds_all_facts(name: str) -> bool:
    """Whether the name is `ansible_facts`, which is incomplete before facts are gathered."""
    return name == "ansible_facts"


def _scope(
    play_world: PlayWorld,
    host: str,
    task: Task | None,
    pending: PendingVars,
    gate: Gate | None = None,
    with_play: bool = True,
) -> Scope:
    """Return the layers, the one with the highest precedence first.

    The numbers are those of Ansible's list of 22 (docs: "Understanding variable precedence").
    Without `with_play`, variables of the play and its roles are left out.
    """
    world, state, play = play_world.world, play_world.world.states[host], play_world.play
    role = task.role if task is not None else None
    inventory_vars = world.inventory_vars.get(host, {})
    exported = (*reversed(state.roles), *reversed(play.roles)) if with_play else ()
    files = _vars_files(play_world, state) if with_play else {}
    layers = (
        magic_variables(play_world, host, role),
        *non_empty(world.extra_vars),  # 22
        *(_params(task) if task is not None else ()),  # 21
        *(role.all_params if role is not None else ()),  # 20
        pending.variables,
        state.variables,  # 19
        state.included,  # 18
        *(reversed(task.keywords.vars) if task is not None else ()),  # 16, 17
        *(role.all_vars if role is not None else ()),  # 15
        *(layer for other in exported for layer in other.exported_vars),  # 15
        *non_empty(files, play.vars if with_play else {}),  # 12 to 14
        _current_facts(state.facts, pending.is_outdated),  # 11
        inventory_vars,  # 3 to 10
        *(role.all_defaults if role is not None else ()),  # 2
        *(layer for other in exported for layer in other.all_defaults),  # 2
        _BUILTINS,
        *((_IMPLICIT_LOCALHOST,) if is_implicit(world.inventory, host) else ()),
        *((_connection(play_world, host, inventory_vars, task),) if task is not None else ()),
    )
    context = ScopeContext(play_world, host, task, gate or Gate(), pending)
    return Scope(layers, pending.on_missing, context)


def _connection(
    play_world: PlayWorld, host: str, inventory_vars: Mapping[str, Any], task: Task
) -> Mapping[str, Any]:
    """Return the connection variables that no other layer sets.

    They are computed once for all tasks of a host that have the same keywords.
    """
    key = (inventory_vars, task.keywords.connection, task.keywords.remote_user)
    cached = play_world.cached_connection(host)
    if cached is not None and not any(map(is_not, cached[0], key)):
        return cached[1]
    settings = play_world.world.settings
    variables = connection_variables(host, inventory_vars, settings, task.keywords)
    play_world.cache_connection(host, key, variables)
    return variables


def _search_path(context: ScopeContext) -> list[str]:
    """Return the folders in which the task's files are searched."""
    task = context.task
    roots = (*(task.roots if task is not None else ()), context.play_world.play.basedir)
    return [*dict.fromkeys(str(root.absolute()) for root in roots)]


def _params(task: Task) -> Iterator[Mapping[str, Any]]:
    """Yield the variables of the includes around the task, the innermost include first.

    If the task is an include, its own `vars` come first, because its `when` uses them.
    """
    if task.module in ("include_tasks", "include_role", "include"):
        yield from reversed(task.keywords.vars[len(task.outer.vars) :])
    yield from reversed(task.keywords.params)


def _no_facts(scope: Scope) -> dict[str, Any]:
    """Return `ansible_facts` before any are gathered."""
    scope.report_missing("ansible_facts")
    return {}


def _current_facts(
    facts: dict[str, Any], is_outdated: Callable[[str], bool] | None
) -> Mapping[str, Any]:
    """Return the facts without those that are about to be gathered again."""
    if is_outdated is None:
        return facts
    # A copy, since hosts that delegate facts to this one may add some at any time.
    return {name: value for name, value in facts.copy().items() if not is_outdated(name)}


def _vars_files(play_world: PlayWorld, state: HostState) -> Mapping[str, Any]:
    """Return the variables of the play's vars_files for a host.

    The names of the files may be templates that use facts. As in Ansible, a file is left out while
    its name can't be rendered.
    """
    if not play_world.play.vars_files:
        return {}
    with _reading:  # threads of hosts that delegate to this one read the files too
        variables = state.vars_files.get(play_world.play.where)
        return _read_vars_files(play_world, state) if variables is None else variables


_reading = threading.RLock()


def _read_vars_files(play_world: PlayWorld, state: HostState) -> Mapping[str, Any]:
    play = play_world.play
    # The names are rendered without the variables of the files.
    state.store_vars_files(play.where, {})
    merged: dict[str, Any] = {}
    complete = True
    for entry in play.vars_files:
        try:
            names = [str(host_scope(play_world, state.name).render(name)) for name in entry.names]
        except TemplateError:
            complete = False
            continue
        paths = [play.basedir / with_home(name) for name in names]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:  # as in Ansible this is no failure; the recap reports it
            text = f"{' or '.join(names)} was not found ({entry.where})"
            state.add_notes({"vars_files": text})
            continue
        merged.update(vars_file(path, play_world.world.inventory.vault))
    state.store_vars_files(play.where, merged if complete else None)
    return merged


_IMPLICIT_LOCALHOST = {
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
}
"""Variables of a localhost that is not in the inventory."""


def _lookup_context(scope: Scope) -> LookupContext:
    play_world: PlayWorld = scope.context.play_world
    context = local_context(play_world, scope.context.task, scope)
    read = _as_lookup(context.read)
    render = _as_lookup(partial(context.render, own_first=True))
    return LookupContext(scope, _finder(context), render, play_world.play.basedir, read)


_BUILTINS: dict[str, Any] = {
    "ansible_facts": LazyFromScope(_no_facts),
    **functions(_lookup_context),  # a variable `q` of the playbook has priority
    "ansible_search_path": LazyFromScope(lambda scope: _search_path(scope.context)),
    "range": Lazy(lambda: limited_range),
    "dict": Lazy(lambda: dict),
    "environment": (),
    **{name: Lazy(partial(loop_helper, name)) for name in ("namespace", "cycler", "joiner")},
}
"""The layer with the lowest precedence: names that every task can use."""


def local_context(play_world: PlayWorld, task: Task | None, scope: Scope) -> LocalTaskContext:
    """Return the controller's files as the task sees them."""
    roots = (task.roots if task is not None else ()) or (play_world.play.basedir,)
    registers = task is not None and task.register is not None
    return LocalTaskContext(roots, scope, play_world.world.inventory.vault, registered=registers)


def _finder(context: LocalTaskContext) -> Callable[[str, str], Path]:
    """Return `context.find` for a lookup, which expects FileNotFoundError."""

    def find(folder: str, name: str) -> Path:
        try:
            return context.find(folder, name)
        except ModuleError as error:
            raise FileNotFoundError(2, str(error), name) from None

    return find


def _as_lookup(method: Callable[P, T]) -> Callable[P, T]:
    """Wrap a method of the task context for a lookup: it raises LookupFailedError."""

    def wrapped(*args: P.args, **options: P.kwargs) -> T:
        try:
            return method(*args, **options)
        except ModuleError as error:
            from provisioner.language.lookups.terms import LookupFailedError

            raise LookupFailedError(str(error)) from None

    return wrapped


def title(task: Task, scope: Scope) -> str:
    """Return the rendered name of the task, for reports.

    The unrendered name is returned if it can't be rendered (yet), or differs between the items of a
    loop.
    """
    if not isinstance(task.name, Template):
        return task.title
    if task.loop is not None:
        scope = scope.with_layers({task.loop.variable: missing("another one for each item", None)})
    try:
        return replace(task, name=str(scope.render(task.name))).title
    except (TemplateError, NeedResult, NeedFacts, NeedOtherHosts):
        return task.title
