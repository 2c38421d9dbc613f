"""The types of an argument spec (`type: int`): what each takes, and what becomes of it."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

TRUE = ("y", "yes", "on", "1", "true", "t")
FALSE = ("n", "no", "off", "0", "false", "f")


def converted(kind: str, value: Any) -> Any:
    """`value` as the type `kind`, as Ansible's modules take it: "5" is an int, "a,b" a list.
    TypeError says why it can't be."""
    if kind not in _TYPES:
        raise TypeError(f"the type {kind} is not known: {', '.join(_TYPES)} are")
    return _TYPES[kind](value)


def type_name(value: Any) -> str:
    """What a value is, in the words that scripts know from Ansible's messages."""
    plain = (dict, list, str, bool, int, float, bytes)
    found = next((kind for kind in plain if isinstance(value, kind)), type(value))
    return f"<class '{found.__name__}'>"


def _no(value: Any, kind: str) -> TypeError:
    return TypeError(f"{type_name(value)} cannot be converted to {kind}")


def _string(value: Any) -> str:
    if value is None:
        raise TypeError("'None' is not a string and conversion is not allowed")
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str | int | float):
        raise _no(value, "a bool")
    word = str(int(value) if value in (0.0, 1.0) else value).strip().lower()
    if word not in TRUE + FALSE:
        words = ", ".join(TRUE + FALSE)
        raise TypeError(
            f"The value '{value}' is not a valid boolean.  Valid booleans include: {words}"
        )
    return word in TRUE


def _integer(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d+\s*", value):
        return int(value)
    raise _no(value, "an int")


def _float(value: Any) -> float:
    try:
        if isinstance(value, float | int | str):
            return float(value)
    except ValueError:
        pass
    raise _no(value, "a float")


def _list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, int | float):
        return [str(value)]
    raise _no(value, "a list")


def _dict(value: Any) -> Mapping[str, Any]:
    """A mapping, its JSON, or `a=1, b=2`."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, str):
        raise _no(value, "a dict")
    if value.startswith("{"):
        return _literal(value)
    words = re.findall(r"""((?:"(?:\\.|[^"])*"|'(?:\\.|[^'])*'|\\.|[^\s,"'])+)""", value)
    if "=" not in value or not all("=" in word for word in words):
        raise TypeError("dictionary requested, could not parse JSON or key=value")
    plain = (re.sub(r"""\\(.)|["']""", lambda m: m[1] or "", word) for word in words)
    return dict(word.split("=", 1) for word in plain)


def _literal(text: str) -> Mapping[str, Any]:
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    raise TypeError("unable to evaluate string as dictionary")


def _path(value: Any) -> str:
    return os.path.expanduser(os.path.expandvars(_string(value)))  # noqa: PTH111 - no path yet


def _json(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple | Mapping):
        return json.dumps(value, default=str)
    raise _no(value, "a json string")


def _size(value: Any, bits: bool, kind: str) -> int:
    # Jinja is imported where it is needed: it takes longer than all of a playbook's modules.
    from jinja2.exceptions import FilterArgumentError

    from provisioner.language.filters.numbers import human_to_bytes

    try:
        return human_to_bytes(value, isbits=bits)
    except (ValueError, FilterArgumentError):
        raise _no(value, kind) from None


_TYPES: dict[str, Callable[[Any], Any]] = {
    "str": _string,
    "bool": _boolean,
    "int": _integer,
    "float": _float,
    "list": _list,
    "dict": _dict,
    "path": _path,
    "raw": lambda value: value,
    "json": _json,
    "jsonarg": _json,
    "bytes": lambda value: _size(value, False, "a Byte value"),
    "bits": lambda value: _size(value, True, "a Bit value"),
}
