"""Filters that convert between values and JSON, YAML, CSV and INI."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import FilterArgumentError

from provisioner.errors import LoadError
from provisioner.language import yaml_builder, yaml_syntax
from provisioner.language.filters.data import describe, require_dict, require_list
from provisioner.language.filters.text import to_text
from provisioner.language.plain_data import ComputedMapping, plain_data
from provisioner.language.yaml_values import VAULT_HEADER


def _plain(value: Any) -> Any:
    """Convert a value of a type that JSON does not have to one that it has."""
    match value:
        case Undefined():
            return str(value)  # raises an error with the variable's name
        case Mapping():
            return plain_data(value) if isinstance(value, ComputedMapping) else dict(value)
        case bytes():
            return to_text(value)
        case date():
            return value.isoformat()
        case Iterable():
            return list(value)
    return str(value)


def to_json(value: Any, **options: Any) -> str:
    """Return the value as JSON in one line.

    The options are those of Python's json.dumps, such as `indent`, `sort_keys` and `ensure_ascii`.
    """
    try:
        return json.dumps(value, default=_plain, **options)
    except (TypeError, ValueError, RecursionError) as error:
        raise FilterArgumentError(
            f"{describe(value)} can't be converted to JSON: {error}"
        ) from None


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """Return the value as indented JSON with sorted keys."""
    options = {"separators": (",", ": ")} | options
    return to_json(value, indent=indent, sort_keys=sort_keys, **options)


def from_json(value: Any, **options: Any) -> Any:
    """Return the value of a JSON text."""
    if not isinstance(value, str | bytes):
        raise FilterArgumentError(f"JSON text is needed, not {describe(value)}")
    try:
        return json.loads(value, **options)
    except (ValueError, RecursionError) as error:
        raise FilterArgumentError(f"the text is not JSON: {error}") from None


@cache
def _dumper() -> Any:
    """Return a PyYAML dumper that also accepts subclasses of plain types and other iterables."""
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]
        """Also dumps subclasses of plain types, and other iterables as lists."""

        def represent_undefined(self, value: Any) -> Any:
            raise TypeError(f"a {type(value).__name__} can't be converted to YAML")

    multi = Dumper.add_multi_representer
    multi(Undefined, lambda dumper, value: dumper.represent_str(str(value)))
    multi(str, lambda dumper, value: dumper.represent_str(str(value)))
    multi(int, lambda dumper, value: dumper.represent_int(int(value)))
    multi(float, lambda dumper, value: dumper.represent_float(float(value)))
    multi(bytes, lambda dumper, value: dumper.represent_binary(bytes(value)))
    multi(Mapping, lambda dumper, value: dumper.represent_dict(_plain(value)))
    multi(dict, lambda dumper, value: dumper.represent_dict(dict(value)))
    multi(object, _represent_rest)
    return Dumper


def _represent_rest(dumper: Any, value: Any) -> Any:
    """Return the YAML node of an object without its own rule. An iterable becomes a list."""
    if isinstance(value, Iterable):
        return dumper.represent_list(list(value))
    return dumper.represent_undefined(value)


def to_yaml(value: Any, default_flow_style: bool | None = None, **options: Any) -> str:
    """Return the value as YAML.

    The options are those of PyYAML, such as `indent`, `width`, `sort_keys` and `explicit_start`.
    """
    import yaml

    try:
        text: str = yaml.dump(
            value,
            Dumper=_dumper(),
            allow_unicode=True,
            default_flow_style=default_flow_style,
            **options,
        )
    except (TypeError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise FilterArgumentError(
            f"{describe(value)} can't be converted to YAML: {error}"
        ) from None
    return text.removesuffix("...\n")


def to_nice_yaml(
    value: Any, indent: int = 4, default_flow_style: bool = False, **options: Any
) -> str:
    """Return the value as YAML in block style, indented by 4."""
    return to_yaml(value, default_flow_style, indent=indent, **options)


def from_yaml(value: Any) -> Any:
    """Return the value of a YAML text. A value that is not text is returned unchanged."""
    return _parse(value) if isinstance(value, str | bytes) else value


def from_yaml_all(value: Any) -> Any:
    """Return the list of the values of all documents in a YAML text."""
    if not isinstance(value, str | bytes):
        return value
    import yaml

    text = to_text(value)
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        marks = [e.start_mark for e in events if isinstance(e, yaml.DocumentStartEvent)]
    except (yaml.YAMLError, RecursionError) as error:
        raise FilterArgumentError(f"the text is not YAML: {error}") from None
    starts = [mark.index for mark in marks if mark is not None]
    return [_parse(text[a:b]) for a, b in zip(starts, [*starts[1:], None], strict=True)]


def _parse(text: str | bytes) -> Any:
    """Return the value of one YAML document, in which no string becomes a template."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    if data.startswith(VAULT_HEADER.encode()):
        raise FilterArgumentError("the text is encrypted by a vault: it can't be read as YAML")
    try:
        decoded = yaml_syntax.decode(data, "the text")
        return yaml_builder.parse(decoded, "the text", trusted=False)
    except LoadError as error:
        raise FilterArgumentError(str(error)) from None


def from_csv(
    value: Any,
    dialect: str = "excel",
    fieldnames: list[str] | None = None,
    delimiter: str | None = None,
    skipinitialspace: bool | None = None,
    strict: bool | None = None,
) -> list[dict[str, Any]]:
    """Return a list of dicts, one for each row of a CSV text.

    The first row has the keys, unless `fieldnames` are given.
    """
    import csv
    import io

    format_options = {
        "delimiter": delimiter,
        "skipinitialspace": skipinitialspace,
        "strict": strict,
    }
    options: Any = {name: value for name, value in format_options.items() if value is not None}
    try:
        rows = csv.DictReader(io.StringIO(to_text(value)), fieldnames, dialect=dialect, **options)
        return [dict(row) for row in rows]
    except (csv.Error, TypeError) as error:
        raise FilterArgumentError(f"the text is not CSV: {error}") from None


def from_ini(value: Any) -> dict[str, dict[str, str]]:
    """Return a dict of dicts, one for each section of an INI text."""
    import configparser

    parser = configparser.RawConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(to_text(value))
    except configparser.Error as error:
        raise FilterArgumentError(f"the text is not INI: {error}") from None
    return {section: dict(parser.items(section, raw=True)) for section in parser.sections()}


def to_ini(value: Any) -> str:
    """Return the INI text of a dict of dicts, one for each section."""
    parts = []
    for section, options in require_dict(value).items():
        lines = (f"{name} = {option}" for name, option in require_dict(options).items())
        parts.append("\n".join([f"[{section}]", *lines]) + "\n")
    return "\n".join(parts)


def json_query(value: Any, expression: str) -> Any:
    """Return what a JMESPath expression selects from the value.

    Needs the Python package jmespath on the controller.
    """
    try:
        jmespath = importlib.import_module("jmespath")
    except ImportError:
        raise FilterArgumentError(
            "json_query needs the Python package jmespath: pip install jmespath"
        ) from None
    try:
        return jmespath.search(expression, _unwrapped(value))
    except jmespath.exceptions.JMESPathError as error:
        raise FilterArgumentError(f'the expression "{expression}": {error}') from None


def _unwrapped(value: Any) -> Any:
    """Return the value as plain dicts, lists and strings.

    The functions of JMESPath do not accept subclasses.
    """
    if isinstance(value, Mapping):
        return {key: _unwrapped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_unwrapped(item) for item in value]
    return str(value) if isinstance(value, str) else value


def get_path(value: Any, path: str) -> Any:
    """Return the value at a path such as `a.b[0]`."""
    import re

    for key in re.findall(r"[^.\[\]'\"]+", path):
        try:
            value = value[int(key)] if isinstance(value, list | tuple) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            raise FilterArgumentError(f'there is no "{path}" ("{key}" is missing)') from None
    return value


def to_paths(value: Any, prepend: str = "") -> dict[str, Any]:
    """Return a flat dict of all values in nested data by their paths, such as `a.b[0]`."""
    paths: dict[str, Any] = {}
    _collect_paths(value, prepend, paths)
    return paths


def _collect_paths(value: Any, path: str, paths: dict[str, Any]) -> None:
    """Add the values in `value`, which is at `path`, to `paths`."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            is_word = str(key).isidentifier()
            step = (f".{key}" if is_word else f"['{key}']") if path else str(key)
            _collect_paths(item, path + step, paths)
    elif isinstance(value, list | tuple) and value:
        for number, item in enumerate(value):
            _collect_paths(item, f"{path}[{number}]", paths)
    else:
        paths[path] = value


def index_of(value: Any, test: str, wanted: Any = None, key: str | None = None) -> Any:
    """Return the index of the item that is equal to `wanted`.

    If there is not exactly one, return the list of the indices. `test` must be eq. With `key`, this
    key of the items is compared.
    """
    if test not in ("eq", "==", "equalto"):
        raise FilterArgumentError('test must be "eq": index_of has no other one')
    items = [item.get(key) if key else item for item in require_list(value)]
    indices = [index for index, item in enumerate(items) if item == wanted]
    return indices[0] if len(indices) == 1 else indices
