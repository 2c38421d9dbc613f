"""Inventory × Playbook ▶ Plan: which hosts, which tasks, with which variables. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any

from provisioner.errors import LoadError, Problem, UsageError
from provisioner.events import Notice
from provisioner.language import undefined
from provisioner.language.play import Block, Node, Play, Playbook, Task, tasks_of
from provisioner.language.template import OMIT, Template, TemplateError, templates_in
from provisioner.language.variables import MAGIC, Lazy, NeedOthers
from provisioner.loading import keywords as kw
from provisioner.loading import keywordvalues, patterns
from provisioner.loading.early import Early
from provisioner.loading.inventory import Inventory
from provisioner.loading.playbook import strategy
from provisioner.loading.variables import host_variables, vars_file
from provisioner.loading.where import nearest, with_hint
from provisioner.records import dataclass

Magic = Mapping[str, Any]
NO_MAGIC: Magic = MappingProxyType({})


@dataclass(frozen=True)
class Options:
    """What the command line says about a run."""

    limit: str | None = None
    hosts: frozenset[str] | None = None
    """Only these, whatever the plays and `limit` say (--retry)."""
    tags: frozenset[str] = frozenset()
    skip_tags: frozenset[str] = frozenset()
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    check: bool = False
    diff: bool = False
    forks: int = 50
    verbosity: int = 0
    become: bool = False
    become_user: str | None = None
    become_method: str | None = None
    connection: str | None = None
    start_at_task: str | None = None
    force_handlers: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Further magic variables."""


@dataclass(frozen=True)
class PlannedPlay:
    play: Play
    hosts: tuple[str, ...]
    late: bool = False
    """Its hosts need variables of hosts: they are known when it begins."""


class KnownLaterError(LoadError):
    """What a keyword of a play needs is known only when the play begins."""


@dataclass(frozen=True)
class Plan:
    """A run, ready to be carried out."""

    inventory: Inventory
    playbooks: tuple[Playbook, ...]
    plays: tuple[PlannedPlay, ...]
    statics: Mapping[str, Mapping[str, Any]]
    options: Options
    notices: tuple[Notice, ...] = ()

    @property
    def basedirs(self) -> tuple[Path, ...]:
        """The playbooks' folders: group_vars and host_vars may stand there."""
        return tuple(playbook.path.parent for playbook in self.playbooks)

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts of any play, in inventory order."""
        chosen = {host for planned in self.plays for host in planned.hosts}
        listed = tuple(host for host in self.inventory.hosts if host in chosen)
        return listed + tuple(sorted(chosen.difference(listed)))

    @property
    def known(self) -> tuple[str, ...]:
        """All hosts that tasks may ask for or give facts to: those of the inventory and of plays,
        and this machine."""
        return (*dict.fromkeys((*self.inventory.hosts, *self.hosts, "localhost")),)


def plan(inventory: Inventory, playbooks: Sequence[Playbook], options: Options) -> Plan:
    """Choose hosts and tasks. `UsageError` when no play has a host, `LoadError` for a pattern or
    a --limit that names nothing."""
    plays = tuple(_planned(inventory, playbooks, options))
    notices = (*_unmatched(inventory, plays, options), *_untagged(playbooks, plays, options))
    if not any(planned.hosts or planned.late for planned in plays):
        reasons = "; ".join(_hostless(inventory, plays, options))
        raise UsageError(f"no hosts matched: {reasons}")
    names = {*inventory.hosts, *(host for planned in plays for host in planned.hosts)}
    basedirs = [playbook.path.parent for playbook in playbooks]
    statics = {name: host_variables(inventory, name, basedirs) for name in sorted(names)}
    for planned in plays:
        _check_numbers(planned.play, options)
    problems = list(_undefined(inventory, playbooks, statics, options))
    if problems:
        raise LoadError.of(problems)
    return Plan(inventory, tuple(playbooks), plays, statics, options, notices)


def _hostless(
    inventory: Inventory, plays: Sequence[PlannedPlay], options: Options
) -> Iterator[str]:
    """Why no play has a host."""
    if not inventory.hosts:
        yield "the inventory has none"
    yield from (notice.text for notice in _unmatched(inventory, plays, options))
    if options.limit:
        yield f"--limit {options.limit} leaves none of the plays'"
    gone = sorted(options.hosts.difference(inventory.hosts)) if options.hosts else ()
    if gone:
        yield f"--retry: the inventory has no {', '.join(gone)}"


def _untagged(
    playbooks: Sequence[Playbook], plays: Sequence[PlannedPlay], options: Options
) -> Iterator[Notice]:
    """A notice where --tags and --skip-tags leave nothing to do."""
    sections = [each for book in playbooks for play in book.plays for each in play.sections]
    tasks = (task for section in sections for task in tasks_of(section))
    known = {str(tag) for task in tasks for tag in task.keywords.tags}
    given = (("--tags", options.tags), ("--skip-tags", options.skip_tags))
    said = " ".join(f"{option} {','.join(sorted(tags))}" for option, tags in given if tags)
    if said and not any(any(planned.play.sections) for planned in plays):
        hints = (nearest(tag, known) for tag in sorted(options.tags - known))
        yield Notice(with_hint(f"{said} leaves nothing to do", next(filter(None, hints), "")))


def _check_numbers(play: Play, options: Options) -> None:
    """What a play's numbers come to, where it is known before any host is."""
    with suppress(KnownLaterError):
        sizes(play, options)
    with suppress(KnownLaterError):
        limit = constant(play, play.max_fail_percentage, options)
        keywordvalues.numeric("max_fail_percentage", limit, play.where)


def _unmatched(
    inventory: Inventory, plays: Sequence[PlannedPlay], options: Options
) -> Iterator[Notice]:
    """Patterns that name nothing. As in Ansible that is no error: many a playbook has plays for
    groups that an inventory does not have."""
    for planned in plays:
        if not planned.late:
            yield from unmatched(inventory, planned.play, options)


def unmatched(
    inventory: Inventory, play: Play, options: Options, magic: Magic = NO_MAGIC
) -> Iterator[Notice]:
    """A notice for each part of the play's pattern that names nothing."""
    pattern = _pattern(inventory, play, options, magic)
    for term, hint in patterns.unmatched(inventory, pattern):
        text = f'hosts: "{term}" is neither a host nor a group of the inventory'
        yield Notice(with_hint(text, hint), str(play.where))


def _undefined(
    inventory: Inventory,
    playbooks: Sequence[Playbook],
    statics: Mapping[str, Mapping[str, Any]],
    options: Options,
) -> Iterator[Problem]:
    plays = [play for playbook in playbooks for play in playbook.plays]
    files = [
        vars_file(path, inventory.vault)
        for play in plays
        for entry in play.vars_files
        for name in entry.names
        if isinstance(name, str) and (path := play.basedir / name).is_file()
    ]
    layers = (*statics.values(), options.extra_vars, options.settings, *files)
    return undefined.problems(plays, MAGIC, layers)


def _planned(
    inventory: Inventory,
    playbooks: Sequence[Playbook],
    options: Options,
) -> Iterator[PlannedPlay]:
    started = options.start_at_task is None
    for playbook in playbooks:
        for play in playbook.plays:
            wanted = _tagged(settled(play, options), options)
            if not started:
                wanted, started = _starting_at(wanted, options.start_at_task or "")
            if options.force_handlers and wanted.force_handlers is None:
                wanted = replace(wanted, force_handlers=True)
            try:
                yield PlannedPlay(wanted, hosts_of(inventory, wanted, options))
            except KnownLaterError:
                yield PlannedPlay(wanted, (), late=True)
    if not started:
        raise LoadError(f'--start-at-task: there is no task "{options.start_at_task}"')


def hosts_of(
    inventory: Inventory, play: Play, options: Options, magic: Magic = NO_MAGIC
) -> tuple[str, ...]:
    """The hosts of a play, as its pattern and --limit leave them, in its order."""
    limit = patterns.limit(inventory, options.limit) if options.limit else None
    pattern = _pattern(inventory, play, options, magic)
    chosen = _ordered(patterns.select(inventory, pattern, play.where), play)
    allowed = [names for names in (limit, options.hosts) if names is not None]
    return tuple(host for host in chosen if all(host in names for names in allowed))


def _pattern(inventory: Inventory, play: Play, options: Options, magic: Magic) -> Any:
    groups = {name: list(hosts) for name, hosts in inventory.members.items()}
    return constant(play, play.hosts, options, {"groups": groups, **magic})


def _not_yet() -> Any:
    raise NeedOthers


def constant(play: Play, value: Any, options: Options, magic: Magic = NO_MAGIC) -> Any:
    """A keyword of the play that is needed before any host (hosts, serial, …), rendered with the
    variables of the command line and the play, and `magic`; None where it is `omit`. Before any
    host has begun `magic` has no hostvars: `KnownLaterError` where they are needed."""
    if not any(templates_in(value)):
        return value
    scope = Early.of(play, options.extra_vars).scope(magic={"hostvars": Lazy(_not_yet), **magic})
    try:
        rendered = scope.render(value)
        return None if rendered is OMIT else rendered
    except TemplateError as error:
        raise LoadError(f'the play "{play.title}": {error.reason}', play.where) from None
    except NeedOthers:
        reason = f'the play "{play.title}": hostvars are not known before any host'
        raise KnownLaterError(reason, play.where) from None


def sizes(play: Play, options: Options, magic: Magic = NO_MAGIC) -> list[Any]:
    """`serial`, each entry of which may be a template, of a list too."""
    rendered = (constant(play, item, options, magic) for item in play.serial)
    every = (size for item in rendered for size in (item if isinstance(item, list) else [item]))
    found = [size for size in every if size is not None]
    keywordvalues.batches("serial", found, play.where)
    return found


def settled(play: Play, options: Options) -> Play:
    """The play with those keywords rendered that steer it as a whole, and may be templates."""

    def flag(value: Any, key: str) -> Any:
        return kw.flag(constant(play, value, options), key, play.where)

    fatal = flag(play.keywords.any_errors_fatal, "any_errors_fatal")
    return replace(
        play,
        name=_name(play, options),
        keywords=replace(play.keywords, any_errors_fatal=fatal),
        strategy=strategy(constant(play, play.strategy, options), play.where),
        order=constant(play, play.order, options),
        gather_facts=flag(play.gather_facts, "gather_facts"),
        force_handlers=flag(play.force_handlers, "force_handlers"),
    )


def _name(play: Play, options: Options) -> Any:
    """The play's name, or its hosts where it has none, as far as they are known before any host."""
    given = play.name or play.hosts
    if not isinstance(given, Template):
        return play.name
    try:
        rendered = constant(play, given, options)
    except LoadError:
        return play.name
    return ",".join(map(str, rendered)) if isinstance(rendered, list) else str(rendered)


def _ordered(hosts: tuple[str, ...], play: Play) -> tuple[str, ...]:
    match play.order:
        case "sorted":
            return tuple(sorted(hosts))
        case "reverse_sorted":
            return tuple(sorted(hosts, reverse=True))
        case "reverse_inventory":
            return hosts[::-1]
        case "shuffle":
            return tuple(random.sample(hosts, len(hosts)))
        case None | "inventory":
            return hosts
    hint = nearest(str(play.order), kw.ORDERS) or f"one of {', '.join(kw.ORDERS)}"
    raise LoadError(f'there is no order "{play.order}"', play.where, hint)


def _tagged(play: Play, options: Options) -> Play:
    sections = tuple(chosen(section, play, options) for section in play.sections)
    return replace(play, sections=sections)


def chosen(nodes: tuple[Node, ...], play: Play, options: Options) -> tuple[Node, ...]:
    """The nodes with only those tasks that --tags and --skip-tags leave, their tags rendered."""

    def kept(task: Task) -> Task | None:
        tagged = _with_tags(task, play, options)
        return tagged if selected(tagged.keywords.tags, options) else None

    return tuple(_filtered(nodes, kept))


def _with_tags(task: Task, play: Play, options: Options) -> Task:
    """The task with the tags that its templates give, by the variables that are known before any
    host: those of the command line, the play, its role and the task itself."""
    if not any(isinstance(tag, Template) for tag in task.keywords.tags):
        return task
    scope = Early.of(play, options.extra_vars).scope(task.keywords, task.role)
    found: set[str] = set()
    for tag in task.keywords.tags:
        try:
            value = scope.render(tag)
        except TemplateError as error:
            reason = f"tags: {error.reason} (they are needed before any host's variables)"
            raise LoadError(reason, error.where or task.where) from None
        for item in value if isinstance(value, list) else [value]:
            found.update(word.strip() for word in str(item).split(",") if word.strip())
    return replace(task, keywords=replace(task.keywords, tags=frozenset(found)))


def selected(tags: frozenset[str], options: Options) -> bool:
    """Whether a task with `tags` runs: `always` unless skipped, `never` only when named."""
    if options.skip_tags and _named(tags, options.skip_tags):
        return False
    wanted = options.tags or frozenset({"all"})
    if "never" in tags:
        return bool(tags & wanted)
    return "always" in tags or _named(tags, wanted)


def _named(tags: frozenset[str], wanted: frozenset[str]) -> bool:
    return (
        "all" in wanted
        or ("tagged" in wanted and bool(tags - {"always", "never"}))
        or ("untagged" in wanted and not tags)
        or bool(tags & wanted)
    )


def _filtered(nodes: Sequence[Node], keep: Callable[[Task], Task | None]) -> Iterator[Node]:
    """The nodes with only those tasks that `keep` gives back; empty blocks go too."""
    for node in nodes:
        if isinstance(node, Task):
            kept = keep(node)
            if kept is not None:
                yield kept
            continue
        parts = [tuple(_filtered(part, keep)) for part in (node.tasks, node.rescue, node.always)]
        if any(parts):
            yield Block(parts[0], parts[1], parts[2], node.where, node.name)


def _starting_at(play: Play, name: str) -> tuple[Play, bool]:
    """The play from the task called `name` on; nothing of it where it has no such task."""
    found = False

    def keep(task: Task) -> Task | None:
        nonlocal found
        names = (task.title, str(task.name))
        found = found or any(name == one or fnmatchcase(one, name) for one in names)
        return task if found else None

    sections = tuple(tuple(_filtered(section, keep)) for section in play.sections)
    return replace(play, sections=sections), found
