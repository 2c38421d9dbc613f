"""Which tasks wait for all hosts before they begin, or end before more is sent."""

from __future__ import annotations

from provisioner.engine.scopes import PlayWorld
from provisioner.language.play import Task

GROWING = frozenset({"add_host", "group_by"})
"""Modules whose tasks add to the inventory, when all hosts have seen it as it was: nothing is
prepared before they have, and no host goes on before all have."""


def waits_before(shared: PlayWorld, task: Task) -> bool:
    """Whether all hosts must be there before the task begins on any."""
    play, keywords = shared.play, task.keywords
    return (
        shared.stepping
        or play.strategy == "linear"
        or play.max_fail_percentage is not None
        or play.keywords.any_errors_fatal not in (None, False)
        or keywords.run_once not in (None, False)
        or task.module in GROWING
        or task.module == "pause"
        or keywords.delegate_to is not None
        or concerns_all(task)
        or task.names_other_hosts  # what variables and files ask for shows later: `NeedOthers`
    )


def waits_behind(task: Task) -> bool:
    """Whether nothing may be sent behind the task before it has ended; so it is, too, where all
    hosts wait before it."""
    return (
        task.module == "reboot"
        or task.module in GROWING
        or task.keywords.throttle is not None
        or task.until is not None
        or task.keywords.any_errors_fatal not in (None, False)
    )


def waits_after(shared: PlayWorld, task: Task) -> bool:
    """Whether no host may go on before all have done the task: what it sees of other hosts would
    else be of their later tasks, and what it leaves on them come after those."""
    keywords = task.keywords
    if keywords.any_errors_fatal not in (None, False) or task.module in GROWING:
        return True
    others = keywords.delegate_to is not None or task.names_other_hosts
    return concerns_all(task) or (others and shared.play.strategy != "free")


def concerns_all(task: Task) -> bool:
    """Whether it is a `meta` task that means all hosts, whichever runs it."""
    return task.module == "meta" and (
        ends_play(task) or refreshes(task) or _steers(task, "clear_host_errors")
    )


def ends_play(task: Task) -> bool:
    """Whether it ends the play, or its batch, for all hosts."""
    return _steers(task, "end_play", "end_batch")


def refreshes(task: Task) -> bool:
    """Whether it reads the inventory again."""
    return _steers(task, "refresh_inventory")


def _steers(task: Task, *actions: str) -> bool:
    return task.module == "meta" and task.arguments.get("action") in actions
