"""Error messages for the authors of templates, from the exceptions of Jinja and Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from provisioner.language.plugins import known_plugins, local_plugins
from provisioner.language.templating.environment import environment
from provisioner.where import nearest, with_hint

if TYPE_CHECKING:
    import jinja2


def syntax_reason(error: jinja2.TemplateSyntaxError, scope: Mapping[str, Any] | None = None) -> str:
    """Return the message for a syntax error, or for a filter or test that does not exist.

    `scope` tells where plugins of the playbook and its roles are.
    """
    reason = error.message or "template syntax error"
    return unknown_plugin_reason(reason, scope) or f"template syntax: {reason}"


def unknown_plugin_reason(reason: str, scope: Mapping[str, Any] | None) -> str:
    """Return the message for Jinja's error "No filter named …" or "No test named …".

    Return "" for others.
    """
    kinds: tuple[tuple[known_plugins.Kind, Mapping[str, Any]], ...]
    kinds = (("filter", environment().filters), ("test", environment().tests))
    for kind, available in kinds:
        if found := re.match(rf"No {kind} named '?(.*?)'?\.(?: |$)", reason):
            name = found[1]  # without quotes where it is no text, as in map(3)
            if known_plugins.is_known(kind, name):
                return known_plugins.unsupported_reason(kind, name)
            local = local_plugins.unsupported_reason(kind, name, scope or {})
            return local or with_hint(f'there is no {kind} "{name}"', nearest(name, available))
    return ""


_TYPE_NAMES = {"Scope": "the host", "YamlMap": "'dict object'", "YamlList": "'list object'"}
"""Names of our types, and the words for their objects in messages."""


def _without_type_names(reason: str) -> str:
    """Return a message of Jinja or Python without the names of our own types."""
    for type_name, description in _TYPE_NAMES.items():
        pattern = rf"'provisioner\.[\w.]+\.{type_name} object'"
        reason = re.sub(pattern, description, reason)
    return reason.replace("YamlMap", "dict").replace("YamlList", "list")


ERRORS = (
    ArithmeticError, LookupError, TypeError, ValueError, AttributeError, OSError, RecursionError,
    SyntaxError, MemoryError,
)  # fmt: skip
"""Exceptions that rendering may raise. Python may raise them too when it compiles Jinja's code."""


def error_reason(error: Exception) -> str:
    """Return the message for an exception of rendering.

    Syntax errors and undefined variables have functions of their own.
    """
    from jinja2 import TemplateError as JinjaError

    if isinstance(error, RecursionError | SyntaxError):
        return "the template recurses without end, or is nested too deeply"
    if isinstance(error, MemoryError):
        return "the template needs more memory than there is"
    if isinstance(error, JinjaError):
        return _without_type_names(str(error))
    return _without_type_names(f"{type(error).__name__}: {error}")


def undefined_reason(reason: str, scope: Mapping[str, Any]) -> str:
    """Return the message for Jinja's error about an undefined variable.

    It suggests a similar name of `scope`.
    """
    if reason.endswith("is undefined") and "'" in reason:
        name = reason.split("'")[1]
        hint = nearest(name, (key for key in scope if isinstance(key, str)))
        return with_hint(f'the variable "{name}" is undefined', hint)
    return _without_type_names(reason)
