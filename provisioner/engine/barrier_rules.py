"""Which tasks wait until all hosts of the batch have come to them, or have ended them."""

from __future__ import annotations

from provisioner.engine.world import PlayWorld
from provisioner.language.play import Task

GROWING = frozenset({"add_host", "group_by"})
"""Modules that add to the inventory. All tasks before them see it as it was, on every host, and all
tasks behind them as it is then."""


def waits_before(play_world: PlayWorld, task: Task) -> bool:
    """Whether all hosts must have come to the task before any begins it. (Variables and files may
    name other hosts too: that shows while the task is prepared, by `NeedOtherHosts`.)"""
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


def waits_behind(task: Task) -> bool:
    """Whether the task must have ended before the next one is sent."""
    return (
        task.module == "reboot"
        or task.module in GROWING
        or task.keywords.throttle is not None
        or task.until is not None
        or task.keywords.any_errors_fatal not in (None, False)
    )


def waits_after(play_world: PlayWorld, task: Task) -> bool:
    """Whether all hosts must have ended the task before any goes on. Without that, the task would
    see what other hosts do later, and what it does to them would come too late."""
    keywords = task.keywords
    if keywords.any_errors_fatal not in (None, False) or task.module in GROWING:
        return True
    others = keywords.delegate_to is not None or task.names_other_hosts
    return concerns_all(task) or (others and play_world.play.strategy != "free")


def concerns_all(task: Task) -> bool:
    """Whether it is a `meta` task that concerns all hosts, whichever runs it."""
    return ends_play(task) or refreshes(task) or _is_meta(task, "clear_host_errors")


def ends_play(task: Task) -> bool:
    """Whether it ends the play, or its batch, for all hosts."""
    return _is_meta(task, "end_play", "end_batch")


def refreshes(task: Task) -> bool:
    """Whether it reads the inventory again."""
    return _is_meta(task, "refresh_inventory")


def _is_meta(task: Task, *actions: str) -> bool:
    return task.module == "meta" and task.arguments.get("action") in actions
