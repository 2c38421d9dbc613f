"""Keywords that are a boolean, a number or a host, as they are for one task on one host."""

from __future__ import annotations

from typing import Any

from provisioner.language.play import Keywords, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template, TemplateError
from provisioner.language.values import OMIT
from provisioner.loading import keyword_values
from provisioner.modules.framework.base import ModuleError
from provisioner.remote.channel import LONGEST

_TRUE = ("yes", "true", "on", "1", "y", "t")
_FALSE = ("no", "false", "off", "0", "n", "f")


def flag(scope: Scope, value: Any, default: bool = False) -> bool:
    """A keyword that is true or false, perhaps by a template."""
    if value is None or isinstance(value, bool):
        return default if value is None else value
    rendered = said(scope, value)
    if rendered is None:
        return default
    if isinstance(rendered, str):
        return rendered.strip().lower() in _TRUE
    return bool(rendered)


def is_set(scope: Scope, value: Any, unknown: bool = False) -> bool:
    """The same of what is asked for when the task is over, be its keyword right or not."""
    try:
        return flag(scope, value)
    except TemplateError:
        return unknown


def foresee(scope: Scope, task: Task) -> None:
    """End the lookahead where one of them needs a result that is still on its way."""
    for template in task.result_templates:
        is_set(scope, template)


def number(scope: Scope, value: Any, default: float) -> float:
    """A keyword that is a number, perhaps by a template; `check` tells of one that is none."""
    try:
        found = _counted(said(scope, value))
    except (TemplateError, ValueError):
        return default
    return default if found is None else found


def seconds(scope: Scope, value: Any, default: float) -> float:
    """The same of one that says for how long."""
    return min(number(scope, value, default), LONGEST)


def _counted(rendered: Any) -> float | None:
    """The number, None where it is left out; ValueError where it is none."""
    if rendered in (None, ""):
        return None
    return keyword_values.number(int(rendered) if isinstance(rendered, bool) else rendered)


def delegate(scope: Scope, keywords: Keywords) -> str | None:
    """The host that the task is delegated to; None where it is not."""
    given = keywords.delegate_to
    if given is None:
        return None
    rendered = scope.render(given)
    if rendered in (None, "") and isinstance(given, Template):
        raise ModuleError("delegate_to gives no host's name")
    return None if rendered in (None, "", OMIT) else str(rendered)


def said(scope: Scope, value: Any) -> Any:
    """The keyword's value; None where it is left out."""
    rendered = None if value is None else scope.render(value)
    return None if rendered is OMIT else rendered


def check(task: Task, scope: Scope) -> None:
    """`TemplateError` for the first keyword that is not what it has to be: templates, and those
    of tasks that may fail, are not looked at before."""
    for name, value, kind in task.unchecked_keywords:
        if kind is int and not _is_number(scope, value):
            raise TemplateError(f'"{name}" must be a number, not "{scope.render(value)}"')
        if kind is bool and not _is_flag(scope, value):
            raise TemplateError(f'"{name}" must be true or false, not "{scope.render(value)}"')


def _is_number(scope: Scope, value: Any) -> bool:
    try:
        _counted(said(scope, value))
    except ValueError:
        return False
    return True


def _is_flag(scope: Scope, value: Any) -> bool:
    rendered = said(scope, value)
    return rendered is None or isinstance(rendered, bool) or str(rendered).lower() in _TRUE + _FALSE
