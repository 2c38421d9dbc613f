"""YAML files ▶ values that remember where they stand.

Mappings and sequences come as dict and list subclasses that know the places of their keys and
items. A string with `{{`, `{%` or `{#` in it becomes a `Template`: here and nowhere else, so nothing
that comes from a host is ever one. Refused, with the place: duplicate keys, cycles, tags of Python
objects, alias bombs, sexagesimal numbers, tabs, NUL and anything that is not YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from provisioner.errors import LoadError
from provisioner.language.template import Template, is_template
from provisioner.loading.where import Where

MAX_BYTES = 64 * 1024 * 1024
MAX_NODES = 1_000_000
MAX_DEPTH = 100

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"


class YamlMap(dict[Any, Any]):
    """A mapping that knows its place and those of its keys and values."""

    __slots__ = ("keys_at", "values_at", "where")

    def __init__(self, where: Where) -> None:
        super().__init__()
        self.where = where
        self.keys_at: dict[Any, Where] = {}
        self.values_at: dict[Any, Where] = {}


class YamlList(list[Any]):
    """A sequence that knows its place and those of its items."""

    __slots__ = ("items_at", "where")

    def __init__(self, where: Where) -> None:
        super().__init__()
        self.where = where
        self.items_at: list[Where] = []


class OctalInt(int):
    """A number written with a leading 0, as a file mode is: 0644."""


def read(path: Path, *, what: str = "file") -> bytes:
    """The bytes of a regular file of sane size, or a `LoadError`."""
    try:
        if path.is_dir():
            raise LoadError(f"the {what} {path} is a directory")
        if not path.is_file() and path.exists():
            raise LoadError(f"the {what} {path} is not a regular file")
        if path.stat().st_size > MAX_BYTES:
            raise LoadError(f"the {what} {path} is larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise LoadError(f"the {what} {path} can't be read: {error.strerror}") from None


def load(path: Path, *, what: str = "file") -> Any:
    """The one document of a YAML file; None where it is empty."""
    return parse(read(path, what=what), str(path))


def parse(data: bytes, file: str, *, trusted: bool = True) -> Any:
    """The value of one YAML document. With `trusted` false no string becomes a template."""
    text = _decode(data, file)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, file) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise LoadError(f"this is not YAML: {error}", Where(file)) from None
    return None if node is None else _Builder(file, trusted).build(node, 0)


def _decode(data: bytes, file: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LoadError("the file is UTF-16", Where(file, 1, 1), "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LoadError("the file is not UTF-8", Where(file, line, 1), "save it as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise LoadError("there is a NUL byte in the file", Where(file, line, 1))
    return text


def _syntax_error(error: yaml.MarkedYAMLError, file: str) -> LoadError:
    mark = error.problem_mark or error.context_mark
    where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)
    problem = error.problem or error.context or "not YAML"
    if "cannot start any token" in problem and "\\t" in problem:
        return LoadError("YAML does not allow tabs for indentation", where, "use spaces")
    return LoadError(f"this is not YAML: {problem}", where, _syntax_hint(problem, where))


def _syntax_hint(problem: str, where: Where) -> str:
    line = where.excerpt()
    if "mapping values are not allowed" in problem:
        return "a value with `: ` in it must be quoted; or the indentation of this line is off"
    if "{{" in line:
        return 'a value that begins with `{{` must be quoted: "{{ … }}"'
    return ""


class _Builder:
    """Nodes ▶ values, with the limits that keep a bomb from exploding."""

    def __init__(self, file: str, trusted: bool) -> None:
        self._file = file
        self._trusted = trusted
        self._scalars = yaml.constructor.SafeConstructor()
        self._open: set[int] = set()
        self._count = 0

    def build(self, node: yaml.Node, depth: int) -> Any:
        self._count += 1
        where = self._where(node)
        if self._count > MAX_NODES:
            raise LoadError(f"more than {MAX_NODES} values (aliases counted)", where)
        if depth > MAX_DEPTH:
            raise LoadError(f"nested more than {MAX_DEPTH} levels deep", where)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        if id(node) in self._open:
            raise LoadError("this alias contains itself", where)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, where, depth)
            return self._sequence(node, where, depth)
        finally:
            self._open.discard(id(node))

    def _where(self, node: yaml.Node) -> Where:
        return Where(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _mapping(self, node: yaml.MappingNode, where: Where, depth: int) -> YamlMap:
        self._known_tag(node, where, "map", "omap", "set")
        result = YamlMap(where)
        merged = YamlMap(where)
        for key_node, value_node in node.value:
            place = self._where(key_node)
            if key_node.tag == _TAG + "merge":
                self._merge(merged, value_node, depth)
                continue
            key = self.build(key_node, depth + 1)
            if isinstance(key, dict | list):
                raise LoadError("a key must be a plain value", place, "quote it if it has braces")
            if isinstance(key, Template):
                key = key.source
            if key in result:
                first = result.keys_at[key].line
                raise LoadError(f'the key "{key}" stands twice (first in line {first})', place)
            result[key] = self.build(value_node, depth + 1)
            result.keys_at[key], result.values_at[key] = place, self._where(value_node)
        for key in merged.keys() - result.keys():
            result[key] = merged[key]
            result.keys_at[key], result.values_at[key] = merged.keys_at[key], merged.values_at[key]
        return result

    def _merge(self, into: YamlMap, node: yaml.Node, depth: int) -> None:
        """`<<: *base`, or a list of bases, whose earlier ones win."""
        value = self.build(node, depth + 1)
        for base in value if isinstance(value, list) else [value]:
            if not isinstance(base, YamlMap):
                raise LoadError("`<<` merges mappings only", self._where(node))
            for key in base.keys() - into.keys():
                into[key] = base[key]
                into.keys_at[key], into.values_at[key] = base.keys_at[key], base.values_at[key]

    def _sequence(self, node: yaml.Node, where: Where, depth: int) -> YamlList:
        self._known_tag(node, where, "seq", "pairs")
        result = YamlList(where)
        for item in node.value:
            result.append(self.build(item, depth + 1))
            result.items_at.append(self._where(item))
        return result

    def _known_tag(self, node: yaml.Node, where: Where, *names: str) -> None:
        if node.tag not in {_TAG + name for name in names} and node.tag != "!unsafe":
            raise LoadError(f"the tag {node.tag} is not supported", where)

    def _scalar(self, node: yaml.ScalarNode, where: Where) -> Any:
        match node.tag.removeprefix(_TAG):
            case "str":
                return self._text(node.value, where)
            case "!unsafe":
                return node.value
            case "null":
                return None
            case "bool":
                return self._scalars.construct_yaml_bool(node)
            case "int":
                return self._int(node, where)
            case "float":
                self._no_sexagesimal(node, where)
                return self._scalars.construct_yaml_float(node)
            case "timestamp":
                return node.value  # as it is written: a date that changes its form helps nobody
            case "value" | "merge":
                return self._text(node.value, where)
            case "binary":
                return self._scalars.construct_yaml_binary(node)
        raise LoadError(f"the tag {node.tag} is not supported", where)

    def _text(self, value: str, where: Where) -> Any:
        return Template(value, where) if self._trusted and is_template(value) else value

    def _int(self, node: yaml.ScalarNode, where: Where) -> int:
        self._no_sexagesimal(node, where)
        try:
            number = self._scalars.construct_yaml_int(node)
        except ValueError as error:
            raise LoadError(f"this number can't be used: {error}", where, "quote it") from None
        digits = node.value.lstrip("+-")
        octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
        return OctalInt(number) if octal else number

    def _no_sexagesimal(self, node: yaml.ScalarNode, where: Where) -> None:
        if ":" in node.value:
            number = self._scalars.construct_yaml_int(node) if "." not in node.value else "a number"
            raise LoadError(
                f"YAML 1.1 reads {node.value} as {number} (base 60)", where, f'quote it: "{node.value}"'
            )


def place_of(container: Any, key: Any) -> Where | None:
    """Where the value at `key` stands; None for a plain dict or list."""
    if isinstance(container, YamlMap):
        return container.values_at.get(key, container.where)
    if isinstance(container, YamlList) and isinstance(key, int) and key < len(container.items_at):
        return container.items_at[key]
    return None


def is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)
