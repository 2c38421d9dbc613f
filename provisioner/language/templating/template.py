"""The type of templates.

Only the code that loads playbooks, inventories and variables makes a `Template`. Text that comes
from a host stays a `str`, so it is never rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from provisioner.language.special_values import OMIT, PLAIN_TYPES
from provisioner.where import Where

MAX_TEXT = 32 * 1024 * 1024
"""Characters that one template may render to."""


@dataclass(frozen=True, slots=True)
class Template:
    """Text with Jinja syntax, or with `expression` a bare expression, as in `when` and `until`."""

    source: str
    where: Where
    expression: bool = False

    def __str__(self) -> str:
        return self.source


class TemplateError(Exception):
    """A template can't be rendered. `where` is the template's place."""

    def __init__(self, reason: str, where: Where | None = None) -> None:
        super().__init__(reason)
        self.reason, self.where = reason, where


class UndefinedError(TemplateError):
    """A template uses an undefined variable."""


def is_template(text: str) -> bool:
    """Whether a text from a file is a template: it contains `{{`, `{%` or `{#`."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


def map_templates(value: Any, render: Callable[[Template], Any]) -> Any:
    """Return a copy of `value` with `render(template)` in place of every template.

    Templates in keys, dicts and lists are replaced too. Items that become `omit` are left out.
    """
    if type(value) in PLAIN_TYPES:
        return value
    if isinstance(value, Template):
        return render(value)
    if isinstance(value, dict):
        pairs = ((key, map_templates(item, render)) for key, item in value.items())
        return {
            render(key) if isinstance(key, Template) else key: item
            for key, item in pairs
            if item is not OMIT
        }
    if isinstance(value, list | tuple):
        items = (map_templates(item, render) for item in value)
        return [item for item in items if item is not OMIT]
    return value


def templates_in(value: Any) -> Iterator[Template]:
    """Yield every template anywhere in `value`."""
    if type(value) in PLAIN_TYPES:
        return
    if isinstance(value, Template):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, Template):
                yield key
            yield from templates_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from templates_in(item)
