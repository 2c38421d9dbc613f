"""Make the plan of a run from an inventory and playbooks: its hosts, tasks and variables.

Planning contacts no host. It reads the playbooks' vars_files and looks for local files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError, Problem, UsageError
from provisioner.events import Notice
from provisioner.language import undefined_variables
from provisioner.language.play import Play, Playbook, tasks_of
from provisioner.language.variable_names import MAGIC_NAMES
from provisioner.loading import keyword_values
from provisioner.loading.inventory import Inventory
from provisioner.loading.variables import host_variables, vars_file
from provisioner.plan import local_files
from provisioner.plan.hosts import hosts_of, unmatched
from provisioner.plan.play_keywords import KnownLaterError, constant, sizes, with_rendered_keywords
from provisioner.plan.run_options import Options
from provisioner.plan.tasks import by_tags, from_task
from provisioner.records import dataclass
from provisioner.where import nearest, with_hint

__all__ = ["Options", "Plan", "PlannedPlay", "plan"]


@dataclass(frozen=True)
class PlannedPlay:
    """A play with the hosts that it runs on."""

    play: Play
    hosts: tuple[str, ...]
    late: bool = False
    """The `hosts` pattern needs variables of hosts, so it is resolved when the play begins."""


@dataclass(frozen=True)
class Plan:
    """Everything that the engine needs to start a run."""

    inventory: Inventory
    playbooks: tuple[Playbook, ...]
    plays: tuple[PlannedPlay, ...]
    inventory_vars: Mapping[str, Mapping[str, Any]]
    options: Options
    notices: tuple[Notice, ...] = ()
    same_machines: tuple[tuple[str, ...], ...] = ()
    """Groups of hosts with the same address."""

    @property
    def basedirs(self) -> tuple[Path, ...]:
        """The folders of the playbooks; each may have group_vars and host_vars."""
        return tuple(playbook.path.parent for playbook in self.playbooks)

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts of all plays, in the order of the inventory."""
        chosen = {host for planned in self.plays for host in planned.hosts}
        listed = tuple(host for host in self.inventory.hosts if host in chosen)
        return listed + tuple(sorted(chosen.difference(listed)))

    @property
    def addressable(self) -> tuple[str, ...]:
        """All hosts that tasks may name in hostvars or delegate_to, localhost included."""
        return (*dict.fromkeys((*self.inventory.hosts, *self.hosts, "localhost")),)


def plan(inventory: Inventory, playbooks: Sequence[Playbook], options: Options) -> Plan:
    """Return the plan of a run.

    Raises UsageError if no play has a host, and LoadError for a wrong pattern or --limit, for
    undefined variables and for missing local files.
    """
    plays = tuple(_planned(inventory, playbooks, options))
    notices = (*_unmatched(inventory, plays, options), *_untagged(playbooks, plays, options))
    if not any(planned.hosts or planned.late for planned in plays):
        reasons = "; ".join(_hostless(inventory, plays, options))
        raise UsageError(f"no hosts matched: {reasons}")
    names = {*inventory.hosts, *(host for planned in plays for host in planned.hosts)}
    basedirs = [playbook.path.parent for playbook in playbooks]
    inventory_vars = {name: host_variables(inventory, name, basedirs) for name in sorted(names)}
    for planned in plays:
        _check_numbers(planned.play, options)
    problems = list(_undefined(inventory, playbooks, inventory_vars, options))
    plays_with_hosts = [planned.play for planned in plays if planned.hosts]
    problems += local_files.missing(plays_with_hosts, inventory_vars.items(), options)
    if not problems:
        problems += _wrong_arguments(inventory, plays, inventory_vars, basedirs, options)
    if problems:
        raise LoadError.of(problems)
    return Plan(inventory, tuple(playbooks), plays, inventory_vars, options, notices)


def _planned(
    inventory: Inventory,
    playbooks: Sequence[Playbook],
    options: Options,
) -> Iterator[PlannedPlay]:
    started = options.start_at_task is None
    for playbook in playbooks:
        for play in playbook.plays:
            selected_play = by_tags(with_rendered_keywords(play, options), options)
            if not started:
                selected_play, started = from_task(selected_play, options.start_at_task or "")
            if options.force_handlers and selected_play.force_handlers is None:
                selected_play = replace(selected_play, force_handlers=True)
            try:
                yield PlannedPlay(selected_play, hosts_of(inventory, selected_play, options))
            except KnownLaterError:
                yield PlannedPlay(selected_play, (), late=True)
    if not started:
        raise LoadError(f'--start-at-task: there is no task "{options.start_at_task}"')


def _hostless(
    inventory: Inventory, plays: Sequence[PlannedPlay], options: Options
) -> Iterator[str]:
    """Yield the reasons why no play has a host."""
    if not inventory.hosts:
        yield "the inventory has no hosts"
    yield from (notice.text for notice in _unmatched(inventory, plays, options))
    if options.limit:
        yield f"--limit {options.limit} excludes every host of the plays"
    missing_hosts = sorted(options.hosts.difference(inventory.hosts)) if options.hosts else ()
    if missing_hosts:
        yield f"--retry: the inventory has no {', '.join(missing_hosts)}"


def _untagged(
    playbooks: Sequence[Playbook], plays: Sequence[PlannedPlay], options: Options
) -> Iterator[Notice]:
    """Yield a notice if --tags and --skip-tags leave no task to run."""
    sections = [each for book in playbooks for play in book.plays for each in play.sections]
    tasks = (task for section in sections for task in tasks_of(section))
    existing = {str(tag) for task in tasks for tag in task.keywords.tags}
    tag_options = (("--tags", options.tags), ("--skip-tags", options.skip_tags))
    written = " ".join(f"{option} {','.join(sorted(tags))}" for option, tags in tag_options if tags)
    if written and not any(any(planned.play.sections) for planned in plays):
        hints = (nearest(tag, existing) for tag in sorted(options.tags - existing))
        yield Notice(with_hint(f"{written} leaves no task to run", next(filter(None, hints), "")))


def _unmatched(
    inventory: Inventory, plays: Sequence[PlannedPlay], options: Options
) -> Iterator[Notice]:
    """Yield a notice for each pattern that matches no host.

    As in Ansible this is no error: many playbooks have plays for groups that an inventory lacks.
    """
    for planned in plays:
        if not planned.late:
            yield from unmatched(inventory, planned.play, options)


def _check_numbers(play: Play, options: Options) -> None:
    """Check `serial` and `max_fail_percentage` if they need no host's variables."""
    with suppress(KnownLaterError):
        sizes(play, options)
    with suppress(KnownLaterError):
        limit = constant(play, play.max_fail_percentage, options)
        keyword_values.percentage("max_fail_percentage", limit, play.where)


def _wrong_arguments(
    inventory: Inventory,
    plays: Sequence[PlannedPlay],
    inventory_vars: Mapping[str, Mapping[str, Any]],
    basedirs: Sequence[Path],
    options: Options,
) -> Iterator[Problem]:
    """Yield the arguments of roles that break the role's argument spec."""
    sections = (section for planned in plays for section in planned.play.sections)
    tasks = (task for section in sections for task in tasks_of(section))
    if any(task.module == "validate_argument_spec" for task in tasks):
        from provisioner.plan import argument_checks  # imported here because it imports Jinja

        chosen = [(planned.play, planned.hosts) for planned in plays]
        yield from argument_checks.wrong(chosen, inventory, inventory_vars, basedirs, options)


def _undefined(
    inventory: Inventory,
    playbooks: Sequence[Playbook],
    inventory_vars: Mapping[str, Mapping[str, Any]],
    options: Options,
) -> Iterator[Problem]:
    """Yield a problem for each variable that no play, file or inventory can define."""
    plays = [play for playbook in playbooks for play in playbook.plays]
    named = [
        vars_file(path, inventory.vault)
        for play in plays
        for entry in play.vars_files
        for name in entry.names
        if isinstance(name, str) and (path := play.basedir / name).is_file()
    ]
    layers = (*inventory_vars.values(), options.extra_vars, options.settings, *named)
    return undefined_variables.problems(plays, MAGIC_NAMES, layers)
