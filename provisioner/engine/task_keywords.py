"""The values of a task's keywords on one host: booleans, numbers, the delegated host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from provisioner.language.play import Keywords, Task
from provisioner.language.scope import Scope
from provisioner.language.special_values import OMIT
from provisioner.language.templating.template import Template, TemplateError
from provisioner.loading import keyword_values
from provisioner.modules.framework.base import ModuleError
from provisioner.remote.channel import LONGEST

_TRUE = ("yes", "true", "on", "1", "y", "t")
_FALSE = ("no", "false", "off", "0", "n", "f")


def flag(scope: Scope, keyword: Any, default: bool = False) -> bool:
    """Return the value of a boolean keyword; `default` if it is not set."""
    if keyword is None or isinstance(keyword, bool):
        return default if keyword is None else keyword
    value = _value(scope, keyword)
    if value is None:
        return default
    if isinstance(value, str):
        return value.strip().lower() in _TRUE
    return bool(value)


def is_set(scope: Scope, keyword: Any, if_invalid: bool = False) -> bool:
    """Return the value of a boolean keyword that is used after the task has ended.

    Return `if_invalid` if its template has an error.
    """
    try:
        return flag(scope, keyword)
    except TemplateError:
        return if_invalid


def require_known(scope: Scope, task: Task) -> None:
    """Raise NeedResult if a keyword that is used after the task depends on an unknown result.

    The task can't be prepared then.
    """
    for template in task.result_templates:
        is_set(scope, template)


def number(scope: Scope, keyword: Any, default: float) -> float:
    """Return the value of a numeric keyword; `default` if it is not set or not a number.

    `check_types` reports values that are not numbers.
    """
    try:
        value = _number(_value(scope, keyword))
    except (TemplateError, ValueError):
        return default
    return default if value is None else value


def seconds(scope: Scope, keyword: Any, default: float) -> float:
    """Return the value of a keyword that is a duration in seconds, at most `LONGEST`."""
    return min(number(scope, keyword, default), LONGEST)


def delegated_host(scope: Scope, keywords: Keywords) -> str | None:
    """Return the host that the task is delegated to; None if it is not delegated."""
    keyword = keywords.delegate_to
    if keyword is None:
        return None
    host = scope.render(keyword)
    if host in (None, "") and isinstance(keyword, Template):
        raise ModuleError("delegate_to: the template gives no host name")
    return None if host in (None, "", OMIT) else str(host)


def check_types(task: Task, scope: Scope) -> None:
    """Raise TemplateError for the first keyword whose value has the wrong type.

    Loading the playbook has checked only values without templates.
    """
    for name, keyword, kind in task.unchecked_keywords:
        if kind is int and not _is_number(scope, keyword):
            raise TemplateError(f'"{name}" must be a number, not "{scope.render(keyword)}"')
        if kind is bool and not _is_flag(scope, keyword):
            raise TemplateError(f'"{name}" must be true or false, not "{scope.render(keyword)}"')


def without_omitted(task: Task, scope: Scope) -> Task:
    """Return the task without the keywords whose value is `omit`: it inherits these instead."""
    names = [name for name in task.may_be_omitted if _is_omitted(task, name, scope)]
    if not names:
        return task
    inherited = {name: getattr(task.outer, name) for name in names if name not in _NOT_INHERITED}
    unset: dict[str, Any] = dict.fromkeys(name for name in names if name in _NOT_INHERITED)
    return replace(task, keywords=replace(task.keywords, **inherited), **unset)


_NOT_INHERITED = ("retries", "delay", "poll", "async_seconds")
"""Keywords that are fields of the task itself."""


def _is_omitted(task: Task, name: str, scope: Scope) -> bool:
    keyword = getattr(task if name in _NOT_INHERITED else task.keywords, name)
    return scope.render(keyword) is OMIT


def _value(scope: Scope, keyword: Any) -> Any:
    """Return the keyword's value; None if it is not set, or `omit`."""
    value = None if keyword is None else scope.render(keyword)
    return None if value is OMIT else value


def _number(value: Any) -> float | None:
    """Return the value as a number; None if it is empty.

    Raises ValueError if it is not a number.
    """
    if value in (None, ""):
        return None
    return keyword_values.number(int(value) if isinstance(value, bool) else value)


def _is_number(scope: Scope, keyword: Any) -> bool:
    try:
        _number(_value(scope, keyword))
    except ValueError:
        return False
    return True


def _is_flag(scope: Scope, keyword: Any) -> bool:
    value = _value(scope, keyword)
    return value is None or isinstance(value, bool) or str(value).lower() in _TRUE + _FALSE
