"""Which variables a task on a host sees: the layers of Ansible's precedence, and magic ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioner.engine.state import HostState
from provisioner.language.lookups import LookupContext, lookup, query
from provisioner.language.play import Play, Task
from provisioner.language.template import OMIT, Template, TemplateError
from provisioner.language.variables import Lazy, NeedFacts, NotYet, Scope, is_fact
from provisioner.loading.inventory import Inventory
from provisioner.modules.sources import LocalSources

VERSION = {"full": "2.16.14", "major": 2, "minor": 16, "revision": 14, "string": "2.16.14"}
"""What `ansible_version` says: the release whose language this is."""


@dataclass(frozen=True)
class World:
    """What all hosts of a run share. `statics` are inventory variables merged for each host."""

    inventory: Inventory
    statics: Mapping[str, Mapping[str, Any]]
    extra_vars: Mapping[str, Any]
    states: Mapping[str, HostState]
    check: bool = False
    diff: bool = False
    verbosity: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class PlayWorld:
    """What all hosts of one batch of a play share. `active` shrinks as hosts drop out."""

    world: World
    play: Play
    hosts: tuple[str, ...]
    batch: tuple[str, ...]
    vars_files: Mapping[str, Any] = field(default_factory=dict)
    active: Callable[[], tuple[str, ...]] = tuple


class HostVars(Mapping[str, Any]):
    """`hostvars`: every host's variables, as one sees them between plays."""

    def __init__(self, shared: PlayWorld) -> None:
        self._shared = shared

    def __getitem__(self, host: str) -> Scope:
        if host not in self._shared.world.states:
            raise KeyError(host)
        return host_scope(self._shared, host)

    def __iter__(self) -> Iterator[str]:
        return iter(self._shared.world.states)

    def __len__(self) -> int:
        return len(self._shared.world.states)


def host_scope(shared: PlayWorld, host: str) -> Scope:
    """A host's variables outside any task."""
    return _scope(shared, host, (), ({},), {}, None)


def task_scope(
    shared: PlayWorld,
    host: str,
    task: Task,
    ahead: Mapping[str, Any],
    facts_pending: bool,
    gather: bool,
) -> Scope:
    """A task's variables. `ahead` is what queued tasks will set; a fact that is missing ends the
    lookahead while facts are under way, or asks for them where the play gathers any."""

    def missing(name: str) -> None:
        if not is_fact(name):
            return
        if facts_pending:
            raise NotYet
        if gather:
            raise NeedFacts

    block_vars = tuple(reversed(task.keywords.vars))
    local = {"environment": Lazy(lambda: [])}
    return _scope(shared, host, block_vars, (ahead,), local, missing)


def _scope(
    shared: PlayWorld,
    host: str,
    block_vars: tuple[Mapping[str, Any], ...],
    ahead: tuple[Mapping[str, Any], ...],
    local: Mapping[str, Any],
    missing: Callable[[str], None] | None,
) -> Scope:
    world, state = shared.world, shared.world.states[host]
    magic = _magic(shared, host)
    layers = (
        magic,
        world.extra_vars,
        *ahead,
        state.variables,
        *block_vars,
        shared.vars_files,
        shared.play.vars,
        state.facts,
        world.statics.get(host, {}),
        local,
        _GLOBALS,
    )
    scope = Scope(layers, missing)
    magic["vars"] = Lazy(lambda: scope)
    magic.update(_functions(shared, scope))
    return scope


def _magic(shared: PlayWorld, host: str) -> dict[str, Any]:
    world, play = shared.world, shared.play
    inventory = world.inventory
    return {
        "inventory_hostname": host,
        "inventory_hostname_short": host.split(".")[0],
        "inventory_dir": str(inventory.basedir.absolute()),
        "inventory_file": str(Path(inventory.source).absolute()),
        "groups": Lazy(lambda: {name: list(hosts) for name, hosts in inventory.members.items()}),
        "group_names": Lazy(
            lambda: sorted(set(inventory.groups_of.get(host, ())) - {"all"}) or ["ungrouped"]
        ),
        "hostvars": Lazy(lambda: HostVars(shared)),
        "playbook_dir": str(play.basedir.absolute()),
        "ansible_check_mode": world.check,
        "ansible_diff_mode": world.diff,
        "ansible_verbosity": world.verbosity,
        "ansible_version": VERSION,
        "ansible_play_name": play.title,
        "ansible_play_hosts_all": list(shared.hosts),
        "ansible_play_hosts": Lazy(lambda: list(shared.active())),
        "play_hosts": Lazy(lambda: list(shared.active())),
        "ansible_play_batch": Lazy(
            lambda: [name for name in shared.active() if name in shared.batch]
        ),
        "omit": OMIT,
        **world.settings,
    }


_GLOBALS: dict[str, Any] = {
    "range": Lazy(lambda: range),
    "dict": Lazy(lambda: dict),
}


def _functions(shared: PlayWorld, scope: Scope) -> dict[str, Any]:
    """`lookup` and its kin: functions that see the task's variables."""

    def context() -> LookupContext:
        sources = LocalSources((shared.play.basedir,), scope)
        return LookupContext(scope, sources.find, sources.render, shared.play.basedir)

    def _query(name: str, *terms: Any, **options: Any) -> Any:
        return query(context(), name, *terms, **options)

    return {
        "lookup": Lazy(lambda: lambda name, *t, **o: lookup(context(), name, *t, **o)),
        "query": Lazy(lambda: _query),
        "q": Lazy(lambda: _query),
        "now": Lazy(lambda: _now),
        "undef": Lazy(lambda: _undef),
    }


def _now(utc: bool = False, fmt: str | None = None) -> Any:
    from datetime import UTC, datetime

    moment = datetime.now(UTC) if utc else datetime.now().astimezone()
    return moment.strftime(fmt) if fmt else moment


def _undef(hint: str = "the variable is required") -> Any:
    raise TemplateError(hint)


def title(task: Task, scope: Scope) -> str:
    """The task's name for people; as written where it can't be rendered (yet)."""
    if not isinstance(task.name, Template):
        return task.title
    try:
        return str(scope.render(task.name))
    except (TemplateError, NotYet, NeedFacts):
        return task.title


