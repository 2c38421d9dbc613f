"""Keywords that are `omit` on a host: what the task inherits holds, as if it had not said them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.values import OMIT

_OWN = ("retries", "delay", "poll", "async_seconds")


def without(task: Task, scope: Scope) -> Task:
    """The task without them."""
    names = [name for name in task.may_be_omitted if _is_omitted(task, name, scope)]
    if not names:
        return task
    inherited = {name: getattr(task.outer, name) for name in names if name not in _OWN}
    own: dict[str, Any] = dict.fromkeys(name for name in names if name in _OWN)
    return replace(task, keywords=replace(task.keywords, **inherited), **own)


def _is_omitted(task: Task, name: str, scope: Scope) -> bool:
    value = getattr(task if name in _OWN else task.keywords, name)
    return scope.render(value) is OMIT
