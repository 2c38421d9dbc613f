"""Check rendered values: undefined values and sizes."""

from __future__ import annotations

from collections.abc import Iterable
from types import GeneratorType
from typing import Any

from provisioner.language.templating.template import MAX_TEXT, TemplateError
from provisioner.language.templating.undefined import is_missing, is_undefined


def checked_value(value: Any) -> Any:
    """Return the value of an expression.

    Raises Jinja's UndefinedError if it is undefined or contains an undefined value, and
    TemplateError if it is a text larger than `MAX_TEXT`.
    """
    if isinstance(value, GeneratorType | range):
        value = list(value)
    items = value if isinstance(value, list) else value.values() if type(value) is dict else ()
    for item in (value, *items):
        if is_missing(item):
            item._fail_with_undefined_error()
    if is_undefined(value):  # for example `x if false` without an else
        return ""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise TemplateError(f"the template renders to more than {MAX_TEXT >> 20} MiB")
        # The filter tojson returns a `Markup`, a subclass of str.
        return value if type(value) is str else str.__str__(value)
    return value


def join_text(parts: Iterable[str]) -> str:
    """Return the rendered text. Raises TemplateError if it is larger than `MAX_TEXT`."""
    if type(parts) is list and sum(map(len, parts)) <= MAX_TEXT:
        return "".join(parts)
    pieces, size = [], 0
    for part in parts:
        size += len(part)
        if size > MAX_TEXT:
            raise TemplateError(f"the template renders to more than {MAX_TEXT >> 20} MiB")
        pieces.append(part)
    return "".join(pieces)
