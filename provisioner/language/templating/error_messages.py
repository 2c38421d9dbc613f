"""What is wrong with a template, in words for who wrote it."""

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
    reason = error.message or "template syntax error"
    return lacking(reason, scope) or f"template syntax: {reason}"


def lacking(reason: str, scope: Mapping[str, Any] | None) -> str:
    """What Jinja says of a filter or test that is not here, told as what it is; "" for others."""
    kinds: tuple[tuple[known_plugins.Kind, Mapping[str, Any]], ...]
    kinds = (("filter", environment().filters), ("test", environment().tests))
    for kind, known in kinds:
        if reason.startswith(f"No {kind} named "):
            name = reason.split("'")[1]
            if known_plugins.known(kind, name):
                return known_plugins.reason(kind, name)
            own = local_plugins.reason(kind, name, scope or {})
            return own or with_hint(f'there is no {kind} "{name}"', nearest(name, known))
    return ""


OURS = {"Scope": "the host", "YamlMap": "'dict object'", "YamlList": "'list object'"}
"""What Jinja calls objects of our types ▶ what they are for who writes playbooks."""


def in_their_words(reason: str) -> str:
    """The reason without the names of our own types."""
    for ours, told in OURS.items():
        reason = re.sub(rf"'provisioner\.[\w.]+\.{ours} object'", told, reason)
    return reason.replace("YamlMap", "dict").replace("YamlList", "list")


ERRORS = (
    ArithmeticError, LookupError, TypeError, ValueError, AttributeError, OSError, RecursionError,
    SyntaxError, MemoryError,
)  # fmt: skip
"""What an expression may raise, and Python when it compiles what Jinja made of a template."""


def error_reason(error: Exception) -> str:
    from jinja2 import TemplateError as JinjaError

    if isinstance(error, RecursionError | SyntaxError):
        return "it recurses without end, or is nested too deeply"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, JinjaError):
        return in_their_words(str(error))
    return in_their_words(f"{type(error).__name__}: {error}")


def undefined_reason(reason: str, scope: Mapping[str, Any]) -> str:
    if reason.endswith("is undefined") and "'" in reason:
        name = reason.split("'")[1]
        hint = nearest(name, (key for key in scope if isinstance(key, str)))
        return with_hint(f'the variable "{name}" is undefined', hint)
    return in_their_words(reason)
