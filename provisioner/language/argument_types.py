"""Ansible's types of arguments (`type: int`), and how values are converted to them.

The rules and messages are those of ansible-core 2.16
(lib/ansible/module_utils/common/validation.py).
"""

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
    """Convert `value` to the type `kind`: "5" to an int, "a,b" to a list. Raises TypeError."""
    if kind not in _TYPES:
        raise TypeError(f"the type {kind} is not known: {', '.join(_TYPES)} are")
    return _TYPES[kind](value)


def type_name(value: Any) -> str:
    """Return the type of a value as Ansible's messages have it.

    For one of our subclasses (text with a place in a file) it is the built-in type.
    """
    builtin = (dict, list, str, bool, int, float, bytes)
    kind = next((kind for kind in builtin if isinstance(value, kind)), type(value))
    return f"<class '{kind.__name__}'>"


def _conversion_error(value: Any, kind: str) -> TypeError:
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
        raise _conversion_error(value, "a bool")
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
    raise _conversion_error(value, "an int")


def _float(value: Any) -> float:
    try:
        if isinstance(value, float | int | str):
            return float(value)
    except ValueError:
        pass
    raise _conversion_error(value, "a float")


def _list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, int | float):
        return [str(value)]
    raise _conversion_error(value, "a list")


def _dict(value: Any) -> Mapping[str, Any]:
    """Convert JSON, or `a=1, b=2`."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, str):
        raise _conversion_error(value, "a dict")
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
            value = read(text)
        except (ValueError, SyntaxError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    raise TypeError("unable to evaluate string as dictionary")


def _path(value: Any) -> str:
    return os.path.expanduser(os.path.expandvars(_string(value)))  # noqa: PTH111 - no path yet


def _json(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple | Mapping):
        return json.dumps(value, default=str)
    raise _conversion_error(value, "a json string")


def _size(value: Any, bits: bool, kind: str) -> int:
    # Jinja is imported where it is needed: it takes longer than all of a playbook's modules.
    from jinja2.exceptions import FilterArgumentError

    from provisioner.language.filters.numbers import human_to_bytes

    try:
        return human_to_bytes(value, isbits=bits)
    except (ValueError, FilterArgumentError):
        raise _conversion_error(value, kind) from None


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
