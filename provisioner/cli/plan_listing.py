"""--list-hosts, --list-tasks, --list-tags and --syntax-check: print the plan instead of running."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.cli.messages import show
from provisioner.errors import LoadError
from provisioner.language.play import tasks_of
from provisioner.language.scope import Scope
from provisioner.plan import Plan, PlannedPlay
from provisioner.plan.hosts import hosts_of


def print_plan(plan: Plan, options: Mapping[str, Any]) -> int:
    """Print the lists that the options name. Return the exit status 0."""
    if not (options["list_hosts"] or options["list_tasks"] or options["list_tags"]):
        for playbook in plan.playbooks:
            show(f"{playbook.path}: ok")
        return 0
    for number, planned in enumerate(plan.plays, 1):
        show(f"play #{number} ({planned.play.title})")
        for line in _lines(plan, planned, options):
            show(f"  {line}")
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
        tag_list = sorted({tag for task in tasks for tag in task.keywords.tags})
        lines.append(f"tags: {', '.join(tag_list) or 'none'}")
    return lines


def _hosts(plan: Plan, planned: PlannedPlay) -> list[str]:
    """Return the lines about a play's hosts.

    If the play's pattern uses hostvars, the variables of the inventory files are used for it.
    """
    hosts = planned.hosts
    if planned.late:
        hostvars = {
            name: Scope((plan.options.extra_vars, {"inventory_hostname": name}, variables))
            for name, variables in plan.inventory_vars.items()
        }
        try:
            hosts = hosts_of(plan.inventory, planned.play, plan.options, {"hostvars": hostvars})
        except LoadError:
            return ["hosts: known when the play starts"]
    return [f"hosts ({len(hosts)}):", *(f"  {host}" for host in hosts)]
