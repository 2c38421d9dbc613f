"""Arguments of another type than a module wants, as Ansible converts them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def converted(given: Mapping[str, Any], wrong: Iterable[Any]) -> dict[str, Any]:
    """The arguments with those that pydantic finds `wrong` converted, as far as Ansible does."""
    found = dict(given)
    for item in wrong:
        convert = _CONVERSIONS.get(item["type"])
        if convert is None:
            continue
        key, *inside = item["loc"]
        if not inside and key in found:
            found[key] = convert(item["input"])
        elif len(inside) == 1 and isinstance(found.get(key), list):
            found[key] = [*found[key]]
            found[key][inside[0]] = convert(item["input"])
    return found


def _as_text(value: Any) -> Any:
    """A list or mapping is written as Python does: so does a text end that looked like one
    (`line: "[1, {{ two }}]"`)."""
    return str(value) if isinstance(value, list | dict) else value


def _as_list(value: Any) -> Any:
    if isinstance(value, str):
        return value.split(",")
    return [str(value)] if isinstance(value, int | float) else value


def _as_mapping(value: Any) -> Any:
    """JSON, or words such as `a=1,b=2`."""
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    lexer = shlex.shlex(value, posix=True)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = ", ", True, ""
    try:
        pairs = [word.split("=", 1) for word in lexer]
    except ValueError:
        return value
    return dict(pairs) if pairs and all(len(pair) == 2 for pair in pairs) else value


_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "string_type": _as_text,
    "tuple_type": _as_list,
    "list_type": _as_list,
    "dict_type": _as_mapping,
    "model_type": _as_mapping,
    "model_attributes_type": _as_mapping,
}
"""By the kind of pydantic's finding."""
