"""Values as text for people: YAML-like lines for `debug` and -v, a short label for loop items."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioner.escaping import escape
from provisioner.reporters.formatting import clip, lines_of

_MAX_DEPTH = 30
_MAX_LABEL = 60
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "none"})


def outline(value: Any) -> list[str]:
    """Return the complete value, escaped: the lines of a text, or any other value as YAML."""
    return lines_of(value) if isinstance(value, str) else list(_block(value, 0))


def label(item: Any) -> str:
    """Return a short label for a loop item: a mapping's name or path, or the item's beginning."""
    if isinstance(item, Mapping):
        for key in ("name", "path", "src", "dest", "key"):
            if isinstance(item.get(key), str):
                return clip(escape(item[key]), _MAX_LABEL)
    return clip(escape(item if isinstance(item, str) else _flow(item, 0)), _MAX_LABEL)


def _block(value: Any, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        yield "... (deeper levels omitted)"
    elif isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _entry(f"{_scalar(key)}:", each, depth)
    elif _is_list(value) and value:
        for each in value:
            yield from _entry("-", each, depth)
    else:
        yield from _scalar_lines(value)


def _entry(head: str, value: Any, depth: int) -> Iterator[str]:
    """Yield `key: value` in one line, or a nested value indented below its key."""
    body = list(_block(value, depth + 1))
    nested = (isinstance(value, Mapping) or _is_list(value)) and value
    if head == "-" and nested:
        yield f"- {body[0]}"
        yield from (f"  {each}" for each in body[1:])
    elif nested:
        yield head
        yield from (f"  {each}" for each in body)
    else:
        yield f"{head} {body[0]}"
        yield from (f"  {each}" for each in body[1:])


def _scalar_lines(value: Any) -> list[str]:
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        return ["|", *lines_of(value)]
    return [_scalar(value)]


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value if _is_bare(value) else escape(json.dumps(value, ensure_ascii=False))
        case Mapping():
            return "{}"
        case list() | tuple():
            return "[]"
    return escape(str(value))


def _is_bare(value: str) -> bool:
    """Return whether YAML reads `value` as the same text without quotes.

    Quotes distinguish "1.10" from the number 1.1, and "" from an empty value.
    """
    return (
        (value[:1].isalpha() or value[:1] in ("_", "/", "("))
        and value.isprintable()
        and value.lower() not in _YAML_WORDS
        and not value.endswith((":", " "))
        and ": " not in value
        and " #" not in value
    )


def _flow(value: Any, depth: int) -> str:
    if depth > 3:
        return "..."
    if isinstance(value, Mapping):
        pairs = (f"{_scalar(key)}: {_flow(each, depth + 1)}" for key, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if _is_list(value):
        return "[" + ", ".join(_flow(each, depth + 1) for each in value) + "]"
    return _scalar(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
