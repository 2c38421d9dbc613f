"""--list-hosts, --list-tasks, --list-tags, --syntax-check: what a run would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from provisioner.language.play import tasks_of
from provisioner.plan import Plan, PlannedPlay


def show(planned: Plan, options: Mapping[str, Any]) -> int:
    """Print what is asked for; returns the exit status 0."""
    if not (options["list_hosts"] or options["list_tasks"] or options["list_tags"]):
        for playbook in planned.playbooks:
            click.echo(f"{playbook.path}: ok")
        return 0
    for number, play in enumerate(planned.plays, 1):
        click.echo(f"play #{number} ({play.play.title})")
        for line in _lines(play, options):
            click.echo(f"  {line}")
    return 0


def _lines(planned: PlannedPlay, options: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    tasks = [task for section in planned.play.sections for task in tasks_of(section)]
    if options["list_hosts"]:
        lines += [f"hosts ({len(planned.hosts)}):", *(f"  {host}" for host in planned.hosts)]
    if options["list_tasks"]:
        lines.append("tasks:")
        for task in tasks:
            tags = ", ".join(sorted(task.keywords.tags))
            lines.append(f"  {task.title}\tTAGS: [{tags}]")
    if options["list_tags"]:
        known = sorted({tag for task in tasks for tag in task.keywords.tags})
        lines.append(f"tags: {', '.join(known) or 'none'}")
    return lines
