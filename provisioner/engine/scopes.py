"""Which variables a task on a host sees: the layers of Ansible's precedence, and magic ones."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from functools import partial
from operator import is_not
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from provisioner.engine.connection_vars import variables as way_variables
from provisioner.engine.host_state import HostState
from provisioner.engine.magic_vars import magic
from provisioner.engine.roster import Roster
from provisioner.engine.task_context import LocalTaskContext
from provisioner.language.functions import functions
from provisioner.language.lookups.context import LookupContext
from provisioner.language.needs import NeedFacts, NeedOtherHosts, NeedResult
from provisioner.language.plain_data import ComputedMapping
from provisioner.language.play import Node, Play, Role, Task, non_empty
from provisioner.language.scope import Scope
from provisioner.language.templating.environment import loop_helper
from provisioner.language.templating.template import Template, TemplateError
from provisioner.language.templating.undefined import missing
from provisioner.language.values import Lazy, LazyFromScope
from provisioner.language.variable_names import is_fact
from provisioner.loading.host_patterns import is_implicit
from provisioner.loading.inventory_groups import Inventory
from provisioner.loading.variables import vars_file
from provisioner.modules.framework.base import Module, ModuleError
from provisioner.records import dataclass

P = ParamSpec("P")
T = TypeVar("T")


def _here() -> Path:
    """The current directory; paths stay as they are given where it has been removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path()


@dataclass
class World:
    """What all hosts of a run share."""

    roster: Roster
    extra_vars: Mapping[str, Any]
    states: Mapping[str, HostState]
    check: bool = False
    diff: bool = False
    verbosity: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    jobs: dict[str, Module] = field(default_factory=dict)
    """The modules of async tasks that run by themselves, by job id."""
    shows_hosts: bool = False
    """Whether a play or a file that it may use looks at other hosts' variables."""
    folder: Path = field(default_factory=_here)
    """The current directory. Asked for each host, it would cost a thread its turn each time."""

    @property
    def inventory(self) -> Inventory:
        """The inventory, with the hosts and groups that tasks have added."""
        return self.roster.inventory

    @property
    def inventory_vars(self) -> Mapping[str, Mapping[str, Any]]:
        """The inventory's variables merged for each host."""
        return self.roster.inventory_vars


@dataclass
class PlayWorld:
    """What all hosts of one batch of a play share. `active` shrinks as hosts drop out."""

    world: World
    play: Play
    hosts: tuple[str, ...]
    batch: tuple[str, ...]
    active: Callable[[], tuple[str, ...]] = tuple
    select: Callable[[tuple[Node, ...]], tuple[Node, ...]] = tuple
    """Leaves of the nodes of an included file those that the chosen tags leave."""
    magic: dict[str, tuple[Role | None, Mapping[str, Any]]] = field(default_factory=dict)
    """Each host's magic variables in tasks of the role that it is in."""
    ways: dict[str, tuple[tuple[Any, ...], Mapping[str, Any]]] = field(default_factory=dict)
    """What its variables and a task's keywords say of the way to each host, and what that gives."""
    stepping: bool = False
    """Whether the operator is asked before each task."""


@dataclass
class Gate:
    """Whether a task may see other hosts' variables: not while it is made ready and the hosts have
    not waited for each other before it."""

    open: bool = True


@dataclass(frozen=True)
class PendingVars:
    """What is under way for a host's variables while a task is made ready."""

    ahead: Mapping[str, Any] = field(default_factory=dict)
    """What queued tasks will set."""
    asked: Callable[[str], None] | None = None
    """Told of names that are missing."""
    hidden: Callable[[str], bool] | None = None
    """Which facts are out of date."""


@dataclass
class ScopeContext:
    """Whose variables a scope holds: what those are computed from that differ between tasks."""

    shared: PlayWorld
    host: str
    task: Task | None
    gate: Gate
    coming: PendingVars

    def hostvars(self) -> HostVars:
        return HostVars(self.shared, self.host, self.gate, self.coming)


class HostVars(ComputedMapping):
    """`hostvars`: every host's variables, as one sees them between plays: without a play's."""

    def __init__(
        self, shared: PlayWorld, own: str, gate: Gate, coming: PendingVars | None = None
    ) -> None:
        self._shared, self._own, self._gate = shared, own, gate
        self._coming = coming or PendingVars()

    def __getitem__(self, host: str) -> Scope:
        if host not in self._shared.world.states:
            raise KeyError(host)
        if not self._gate.open and host != self._own:
            raise NeedOtherHosts
        coming = self._coming if host == self._own else PendingVars()
        return _scope(self._shared, host, None, coming, between=True)

    def __iter__(self) -> Iterator[str]:
        """This machine is listed where the inventory names it, or it has variables of its own."""
        world = self._shared.world
        for name in tuple(world.states):  # which add_host adds to
            if not is_implicit(world.inventory, name) or world.states[name].is_known:
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)


def host_scope(shared: PlayWorld, host: str) -> Scope:
    """A host's variables outside any task."""
    return _scope(shared, host, None, PendingVars())


def task_scope(
    shared: PlayWorld,
    host: str,
    task: Task,
    ahead: Mapping[str, Any],
    facts_pending: bool,
    gather: bool,
    gate: Gate | None = None,
) -> Scope:
    """A task's variables. `ahead` is what queued tasks will set; a fact that is missing ends the
    lookahead while facts are under way, or asks for them where the play gathers any."""

    def asked(name: str) -> None:
        if not is_fact(name):
            return
        if facts_pending:
            raise NeedResult
        if gather:
            raise NeedFacts

    if not (facts_pending or gather):
        return _scope(shared, host, task, PendingVars(ahead), gate)
    hidden = is_fact if facts_pending else _is_whole
    return _scope(shared, host, task, PendingVars(ahead, asked, hidden), gate)


def _is_whole(name: str) -> bool:
    """Whether the variable holds all facts: what getent and its kin left is not all of them."""
    return name == "ansible_facts"


def _scope(
    shared: PlayWorld,
    host: str,
    task: Task | None,
    coming: PendingVars,
    gate: Gate | None = None,
    between: bool = False,
) -> Scope:
    """The layers, that of highest precedence first. Numbers are those of Ansible's list of 22.
    `between` plays there are no variables of plays and roles."""
    world, state, play = shared.world, shared.world.states[host], shared.play
    role = task.role if task is not None else None
    inventory_vars = world.inventory_vars.get(host, {})
    exported = () if between else (*reversed(state.roles), *reversed(play.roles))
    files = {} if between else _vars_files(shared, state)
    layers = (
        magic(shared, host, role),
        *non_empty(world.extra_vars),  # 22
        *(_params(task) if task is not None else ()),  # 21
        *(role.all_params if role is not None else ()),  # 20
        coming.ahead,
        state.variables,  # 19
        state.included,  # 18
        *(reversed(task.keywords.vars) if task is not None else ()),  # 16, 17
        *(role.all_vars if role is not None else ()),  # 15
        *(layer for other in exported for layer in other.exported_vars),  # 15
        *non_empty(files, {} if between else play.vars),  # 12 to 14
        _without(state.facts, coming.hidden),  # 11
        inventory_vars,  # 3 to 10
        *(role.all_defaults if role is not None else ()),  # 2
        *(layer for other in exported for layer in other.all_defaults),  # 2
        _TOOLS,
        *((_UNNAMED,) if is_implicit(world.inventory, host) else ()),
        *((_way(shared, host, inventory_vars, task),) if task is not None else ()),
    )
    return Scope(layers, coming.asked, ScopeContext(shared, host, task, gate or Gate(), coming))


def _way(
    shared: PlayWorld, host: str, inventory_vars: Mapping[str, Any], task: Task
) -> Mapping[str, Any]:
    """How the task's host is reached; the same for all tasks whose keywords say the same of it."""
    said = (inventory_vars, task.keywords.connection, task.keywords.remote_user)
    known = shared.ways.get(host)
    if known is None or any(map(is_not, known[0], said)):
        found = way_variables(host, inventory_vars, shared.world.settings, task.keywords)
        known = shared.ways[host] = (said, found)
    return known[1]


def _search_path(about: ScopeContext) -> list[str]:
    """The folders in which the task's files are looked for."""
    task = about.task
    roots = (*(task.roots if task is not None else ()), about.shared.play.basedir)
    return [*dict.fromkeys(str(root.absolute()) for root in roots)]


def _params(task: Task) -> Iterator[Mapping[str, Any]]:
    """What includes around the task were given, the innermost first; an include is itself the
    innermost: its `when` sees its own `vars`."""
    if task.module in ("include_tasks", "include_role", "include"):
        yield from reversed(task.keywords.vars[len(task.outer.vars) :])
    yield from reversed(task.keywords.params)


def _no_facts(scope: Scope) -> dict[str, Any]:
    """`ansible_facts` before there are any."""
    scope.report_missing("ansible_facts")
    return {}


def _without(facts: dict[str, Any], hidden: Callable[[str], bool] | None) -> Mapping[str, Any]:
    """The facts but for those that are to be had anew."""
    if hidden is None:
        return facts
    return {name: value for name, value in facts.copy().items() if not hidden(name)}


def _vars_files(shared: PlayWorld, state: HostState) -> Mapping[str, Any]:
    """The variables of the play's vars_files for a host. Names may be templates, even of facts:
    until all of them can be rendered, those files are left out, as in Ansible."""
    if not shared.play.vars_files:
        return {}
    with _reading:  # those who are delegated there ask, too
        found = state.vars_files.get(shared.play.where)
        return _read_vars_files(shared, state) if found is None else found


_reading = threading.RLock()


def _read_vars_files(shared: PlayWorld, state: HostState) -> Mapping[str, Any]:
    play = shared.play
    state.vars_files[play.where] = {}  # while names are rendered, there are none
    merged: dict[str, Any] = {}
    whole = True
    for entry in play.vars_files:
        try:
            names = [str(host_scope(shared, state.name).render(name)) for name in entry.names]
        except TemplateError:
            whole = False
            continue
        paths = [play.basedir / Path(name).expanduser() for name in names]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:  # as in Ansible that is no failure; the recap tells it
            state.notes["vars_files"] = f"{' or '.join(names)} was not found ({entry.where})"
            continue
        merged.update(vars_file(found, shared.world.inventory.vault))
    state.vars_files[play.where] = merged if whole else None
    return merged


_UNNAMED = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
"""Of localhost where the inventory does not name it."""


def _lookup_context(scope: Scope) -> LookupContext:
    shared = scope.context.shared
    sources = local_sources(shared, scope.context.task, scope)
    find, read = _finder(sources), _failing(sources.read)
    render = _failing(partial(sources.render, own_first=True))
    return LookupContext(scope, find, render, shared.play.basedir, read)


_TOOLS: dict[str, Any] = {
    "ansible_facts": LazyFromScope(_no_facts),
    **functions(_lookup_context),  # a playbook may have a variable `q`
    "ansible_search_path": LazyFromScope(lambda scope: _search_path(scope.context)),
    "range": Lazy(lambda: range),
    "dict": Lazy(lambda: dict),
    "environment": (),
    **{name: Lazy(partial(loop_helper, name)) for name in ("namespace", "cycler", "joiner")},
}
"""What every task sees, unless a variable of that name is there."""


def local_sources(shared: PlayWorld, task: Task | None, scope: Scope) -> LocalTaskContext:
    """The controller's files as the task sees them."""
    roots = (task.roots if task is not None else ()) or (shared.play.basedir,)
    asked = task is not None and task.register is not None
    return LocalTaskContext(roots, scope, shared.world.inventory.vault, asked=asked)


def _finder(sources: LocalTaskContext) -> Callable[[str, str], Path]:
    def find(folder: str, name: str) -> Path:
        try:
            return sources.find(folder, name)
        except ModuleError as error:
            raise FileNotFoundError(2, str(error), name) from None

    return find


def _failing(work: Callable[P, T]) -> Callable[P, T]:
    """`work` of a module for a lookup: its errors are those of the template that asks for it."""

    def done(*args: P.args, **options: P.kwargs) -> T:
        try:
            return work(*args, **options)
        except ModuleError as error:
            from provisioner.language.lookups.base import LookupFailedError

            raise LookupFailedError(str(error)) from None

    return done


def title(task: Task, scope: Scope) -> str:
    """The task's name for people; as written where it can't be rendered (yet), or not for all
    items of a loop alike."""
    if not isinstance(task.name, Template):
        return task.title
    if task.loop is not None:
        scope = scope.with_layers({task.loop.variable: missing("another one for each item", None)})
    try:
        return replace(task, name=str(scope.render(task.name))).title
    except (TemplateError, NeedResult, NeedFacts, NeedOtherHosts):
        return task.title
