"""--list-hosts, --list-tasks, --list-tags, --syntax-check: what a run would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from provisioner.errors import LoadError
from provisioner.language.play import tasks_of
from provisioner.language.scope import Scope
from provisioner.plan import Plan, PlannedPlay
from provisioner.plan.hosts import hosts_of


def show(planned: Plan, options: Mapping[str, Any]) -> int:
    """Print what is asked for; returns the exit status 0."""
    if not (options["list_hosts"] or options["list_tasks"] or options["list_tags"]):
        for playbook in planned.playbooks:
            click.echo(f"{playbook.path}: ok")
        return 0
    for number, play in enumerate(planned.plays, 1):
        click.echo(f"play #{number} ({play.play.title})")
        for line in _lines(planned, play, options):
            click.echo(f"  {line}")
    return 0


def _lines(plan: Plan, planned: PlannedPlay, options: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    tasks = [task for section in planned.play.sections for task in tasks_of(section)]
    if options["list_hosts"]:
        lines += _hosts(plan, planned)
    if options["list_tasks"]:
        lines.append("tasks:")
        for task in tasks:
            tags = ", ".join(sorted(task.keywords.tags))
            lines.append(f"  {task.title}\tTAGS: [{tags}]")
    if options["list_tags"]:
        known = sorted({tag for task in tasks for tag in task.keywords.tags})
        lines.append(f"tags: {', '.join(known) or 'none'}")
    return lines


def _hosts(plan: Plan, planned: PlannedPlay) -> list[str]:
    """The hosts of a play. Where its pattern needs hostvars, what files say of these stands in for
    what they will be."""
    hosts = planned.hosts
    if planned.late:
        hostvars = {
            name: Scope((plan.options.extra_vars, {"inventory_hostname": name}, variables))
            for name, variables in plan.inventory_vars.items()
        }
        try:
            hosts = hosts_of(plan.inventory, planned.play, plan.options, {"hostvars": hostvars})
        except LoadError:
            return ["hosts: known when the play begins"]
    return [f"hosts ({len(hosts)}):", *(f"  {host}" for host in hosts)]
