"""Render templates.

If a template is one `{{ expression }}`, or statements and then one expression, its value is the
expression's value: a list, a number, a string. Other templates give text, which is not converted:
"1.10" stays a string. Errors have the template's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner import regex
from provisioner.language.templating.compiled import compiled
from provisioner.language.templating.error_messages import (
    ERRORS,
    error_reason,
    syntax_reason,
    undefined_reason,
    unknown_plugin_reason,
)
from provisioner.language.templating.header import HEADER
from provisioner.language.templating.template import Template, TemplateError, UndefinedError


def render(template: Template, scope: Mapping[str, Any]) -> Any:
    """Return the template's value with the variables of `scope`; `TemplateError` with the place."""
    try:
        value = compiled(template.source, template.expression).render(scope)
        if value is None:
            return _value_of_none(template, scope)
        ends_in_newline = template.source.endswith("\n") and type(value) is str
        return _with_final_newlines(template.source, value) if ends_in_newline else value
    except TemplateError as error:
        raise type(error)(error.reason, error.where or template.where) from None
    except Exception as error:
        converted = _template_error(error, template, scope)
        if converted is None:
            raise
        raise converted from None


def _template_error(
    error: Exception, template: Template, scope: Mapping[str, Any]
) -> TemplateError | None:
    """Return the error for the user, with its place.

    Return None for an exception that is a bug of provision.
    """
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError
    from jinja2 import UndefinedError as JinjaUndefined

    match error:
        case TemplateSyntaxError():
            return TemplateError(syntax_reason(error, scope), template.where)
        case JinjaUndefined():
            where = error.__dict__.get("where") or template.where
            return UndefinedError(undefined_reason(str(error), scope), where)
        case JinjaError():
            return TemplateError(
                unknown_plugin_reason(str(error), scope) or str(error), template.where
            )
    return TemplateError(error_reason(error), template.where) if isinstance(error, ERRORS) else None


def _value_of_none(template: Template, scope: Mapping[str, Any]) -> str | None:
    """Return the value of a template whose expression gave None: "", as in Ansible.

    It is None for a bare expression, and for `{{ x }}` if the variable is defined as `x: null`.
    """
    if template.expression:
        return None
    name = _ONLY_NAME.fullmatch(template.source)
    raw = getattr(scope, "raw", scope.get)  # `scope` is a `Scope` or a dict
    return None if name and name[1] in scope and raw(name[1]) is None else ""


_ONLY_NAME = regex.compile(r"\{\{\s*(\w+)\s*\}\}")


def _with_final_newlines(source: str, text: str) -> str:
    """Return the text with as many newlines at the end as the source has, as in Ansible.

    Jinja removes one from the source. If the value ends in newlines itself, as that of
    `to_nice_yaml` does, none are added to those.
    """
    removed_by_jinja = source.startswith(HEADER) or source.endswith(("%}\n", "#}\n"))
    text = text if removed_by_jinja else text.removesuffix("\n")
    return text + missing_newlines(source, text)


def missing_newlines(source: str, text: str) -> str:
    """Return the newlines that a text needs to end in as many as the template's source."""
    count = _final_newlines(source) - _final_newlines(text)
    return "\n" * max(0, count)


def _final_newlines(text: str) -> int:
    """Return the number of newlines at the end of a text."""
    return len(text) - len(text.rstrip("\n"))
