"""Rules: before and after which tasks the hosts of a batch wait for each other."""

from __future__ import annotations

from provisioner.engine.world import PlayWorld
from provisioner.language.play import Task

GROWING = frozenset({"add_host", "group_by"})
"""Modules that add hosts or groups to the inventory. Tasks before them see the old inventory on
every host, and tasks after them see the new one.
"""


def waits_before(play_world: PlayWorld, task: Task) -> bool:
    """Whether all hosts must have reached the task before any host starts it.

    Variables and files may also name other hosts. This is detected while the task is prepared, by
    `NeedOtherHosts`.
    """
    play, keywords = play_world.play, task.keywords
    return (
        play_world.stepping
        or play.strategy == "linear"
        or play.max_fail_percentage is not None
        or play.keywords.any_errors_fatal not in (None, False)
        or keywords.run_once not in (None, False)
        or task.module in GROWING
        or task.module == "pause"
        or keywords.delegate_to is not None
        or concerns_all(task)
        or task.names_other_hosts
    )


def blocks_next_task(task: Task) -> bool:
    """Whether the host must finish the task before its next task is sent."""
    return (
        task.module == "reboot"
        or task.module in GROWING
        or task.keywords.throttle is not None
        or task.until is not None
        or task.keywords.any_errors_fatal not in (None, False)
    )


def waits_after(play_world: PlayWorld, task: Task) -> bool:
    """Whether all hosts must have finished the task before any host continues.

    Otherwise the task would see results of later tasks on other hosts, and its own effects on these
    hosts would come too late.
    """
    keywords = task.keywords
    if keywords.any_errors_fatal not in (None, False) or task.module in GROWING:
        return True
    others = keywords.delegate_to is not None or task.names_other_hosts
    return concerns_all(task) or (others and play_world.play.strategy != "free")


def concerns_all(task: Task) -> bool:
    """Whether it is a `meta` task that affects all hosts, whichever host runs it."""
    return ends_play(task) or refreshes(task) or _is_meta(task, "clear_host_errors")


def ends_play(task: Task) -> bool:
    """Whether the task ends the play, or the current batch, for all hosts."""
    return _is_meta(task, "end_play", "end_batch")


def refreshes(task: Task) -> bool:
    """Whether the task reads the inventory again."""
    return _is_meta(task, "refresh_inventory")


def _is_meta(task: Task, *actions: str) -> bool:
    return task.module == "meta" and task.arguments.get("action") in actions
