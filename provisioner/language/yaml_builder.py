"""Build values from YAML nodes. The values know their place in the file.

Mappings and sequences become `YamlMap` and `YamlList` (yaml_values.py), which know the places of
their keys and items. A string with `{{`, `{%` or `{#` in it becomes a `Template`, unless the text
is not trusted. Text from a host is never trusted. These are errors, with their place: duplicate
keys, cycles, tags of Python objects, too many aliases, numbers of base 60.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import yaml

from provisioner.errors import LoadError
from provisioner.language import yaml_syntax
from provisioner.language.templating.template import Template, is_template
from provisioner.language.yaml_values import OctalInt, YamlList, YamlMap
from provisioner.where import Where

MAX_ALIASED = 100_000
MAX_BITS = 14_000
"""Bits of an integer. Python refuses to print one of more than 4,300 digits."""

_TAG = "tag:yaml.org,2002:"
_MAPPINGS = frozenset({_TAG + "map", _TAG + "omap", _TAG + "set", "!unsafe"})
_SEQUENCES = frozenset({_TAG + "seq", _TAG + "pairs", "!unsafe"})
_VAULT = ("!vault", "!vault-encrypted")

Decrypt = Callable[[str, Where], Any]
"""Callback(ciphertext, place) -> the value of a scalar under `!vault`."""


def refuse_encrypted(_ciphertext: str, where: Where) -> Any:
    """Raise LoadError: the `Decrypt` callback for text without encrypted values."""
    raise LoadError("a value under !vault can't be decrypted here", where)


def parse(
    text: str, file: str, *, trusted: bool = True, decrypt: Decrypt = refuse_encrypted
) -> Any:
    """Return the value of one YAML document, or of JSON that is not YAML (JSON may contain tabs).

    `file` is the name for places. With `trusted` false no string becomes a template. Raises
    LoadError if the text is neither YAML nor JSON.
    """
    try:
        node = yaml_syntax.compose(text, file)
    except LoadError:
        value = from_json(text, file, trusted=trusted)
        if value is None:
            raise
        return value
    if node is None:
        return None
    return _Builder(file, trusted, decrypt, len(text)).build(node, 0)


def from_json(text: str, file: str, *, trusted: bool = True) -> Any:
    """Return the value of a JSON mapping or list; None if the text is neither."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    builder = _Builder(file, trusted, refuse_encrypted, len(text))
    try:
        return builder.from_plain(json.loads(text, object_pairs_hook=builder.json_mapping), 0)
    except (ValueError, RecursionError):
        return None


class _Builder:
    """Builds the values of one document, and counts them: aliases can make a short text huge."""

    def __init__(self, file: str, trusted: bool, decrypt: Decrypt, length: int) -> None:
        self._file = file
        self._trusted = trusted
        self._decrypt = decrypt
        self._scalars = yaml.constructor.SafeConstructor()
        self._unfinished: set[int] = set()
        self._count = 0
        # Without aliases a text has no more values than characters.
        self._max_count = min(yaml_syntax.MAX_NODES, length + MAX_ALIASED)

    def build(self, node: yaml.Node, depth: int) -> Any:
        """Return the value of a node; `LoadError` with its place."""
        self._count += 1
        where = self._where(node)
        if self._count > self._max_count:
            raise LoadError(f"more than {self._max_count:,} values (aliases counted)", where)
        if depth > yaml_syntax.MAX_DEPTH:
            raise LoadError(yaml_syntax.too_deep(), where)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        if id(node) in self._unfinished:
            raise LoadError("this alias contains itself", where)
        self._unfinished.add(id(node))
        trusted = self._trusted
        self._trusted = trusted and node.tag != "!unsafe"
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, where, depth)
            return self._sequence(node, where, depth)
        finally:
            self._unfinished.discard(id(node))
            self._trusted = trusted

    def _where(self, node: yaml.Node) -> Where:
        return Where(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _mapping(self, node: yaml.MappingNode, where: Where, depth: int) -> YamlMap:
        """Return the mapping of a node, with the keys that `<<` merges into it."""
        self._check_tag(node, where, _MAPPINGS)
        result = YamlMap(where)
        merged = YamlMap(where)
        for key_node, value_node in node.value:
            place = self._where(key_node)
            if key_node.tag == _TAG + "merge":
                self._merge(merged, value_node, depth)
                continue
            key = self.build(key_node, depth + 1)
            if isinstance(key, dict | list):
                hint = 'a value that begins with `{{` must be quoted: "{{ … }}"'
                raise LoadError("a key must be a plain value", place, hint)
            if isinstance(key, Template):
                key = key.source
            if key in result:
                first = result.keys_at[key].line
                raise LoadError(f'the key "{key}" occurs twice (first in line {first})', place)
            result[key] = self.build(value_node, depth + 1)
            result.keys_at[key], result.values_at[key] = place, self._where(value_node)
        if not merged:
            return result
        # The merged keys are first in order, but the mapping's own values replace theirs.
        merged.add(result)
        return merged

    def _merge(self, into: YamlMap, node: yaml.Node, depth: int) -> None:
        """Add the keys of `<<: *base`. In a list of bases, an earlier one has priority."""
        value = self.build(node, depth + 1)
        for base in reversed(value) if isinstance(value, list) else [value]:
            if not isinstance(base, YamlMap):
                raise LoadError("`<<` merges mappings only", self._where(node))
            into.add(base)

    def _sequence(self, node: yaml.Node, where: Where, depth: int) -> YamlList:
        """Return the list of a node."""
        self._check_tag(node, where, _SEQUENCES)
        result = YamlList(where)
        for item in node.value:
            result.append(self.build(item, depth + 1))
            result.items_at.append(self._where(item))
        return result

    def _check_tag(self, node: yaml.Node, where: Where, supported: frozenset[str]) -> None:
        """Raise LoadError for a tag that is not supported."""
        if node.tag not in supported:
            raise LoadError(f"the tag {_shown(node.tag)} is not supported", where)

    def _scalar(self, node: yaml.ScalarNode, where: Where) -> Any:
        """Return the value of a node that is neither a mapping nor a sequence."""
        kind = node.tag.removeprefix(_TAG)
        if kind in ("str", "value", "merge"):
            return self._text(node.value, where)
        if kind in ("timestamp", "!unsafe"):
            return node.value  # dates stay text, in the form that they have in the file
        if kind in _VAULT:
            return self._decrypt(node.value, where)
        try:
            return self._constructed(kind, node, where)
        except (ValueError, KeyError, IndexError, yaml.YAMLError):
            raise LoadError(f'"{node.value}" is not a valid {kind}', where, "quote it") from None

    def _constructed(self, kind: str, node: yaml.ScalarNode, where: Where) -> Any:
        """Return the value of a scalar that is not text, by the rules of YAML 1.1."""
        match kind:
            case "null":
                return None
            case "bool":
                return self._scalars.construct_yaml_bool(node)
            case "int":
                return self._int(node, where)
            case "float":
                self._no_sexagesimal(node, where)
                return self._scalars.construct_yaml_float(node)
            case "binary":
                return self._scalars.construct_yaml_binary(node)
        raise LoadError(f"the tag {_shown(node.tag)} is not supported", where)

    def _text(self, value: str, where: Where) -> Any:
        """Return the text, as a `Template` if it is one."""
        return Template(value, where) if self._trusted and is_template(value) else value

    def _int(self, node: yaml.ScalarNode, where: Where) -> int:
        """Return the integer of a node. Raises ValueError for one that is too large to print."""
        self._no_sexagesimal(node, where)
        number: int = self._scalars.construct_yaml_int(node)
        if number.bit_length() > MAX_BITS:
            raise ValueError("too long")
        digits = node.value.lstrip("+-")
        octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
        return OctalInt(number) if octal else number

    def _no_sexagesimal(self, node: yaml.ScalarNode, where: Where) -> None:
        """Raise LoadError for a number of base 60: a value such as 12:30 is meant as text."""
        if ":" in node.value:
            number = self._scalars.construct_yaml_int(node) if "." not in node.value else "a number"
            reason = f"YAML 1.1 reads {node.value} as {number} (base 60)"
            raise LoadError(reason, where, f'quote it: "{node.value}"')

    def json_mapping(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return a JSON mapping (the hook of `json.loads`).

        Raises LoadError for a key that occurs twice.
        """
        mapping: dict[str, Any] = {}
        for key, value in pairs:
            if key in mapping:
                raise LoadError(f'the key "{key}" occurs twice', Where(self._file))
            mapping[key] = value
        return mapping

    def from_plain(self, value: Any, depth: int) -> Any:
        """Return a value of plain JSON types as YAML would give it.

        Its places have no line or column.
        """
        where = Where(self._file)
        if depth > yaml_syntax.MAX_DEPTH:
            raise LoadError(yaml_syntax.too_deep(), where)
        if isinstance(value, str):
            return self._text(value, where)
        if isinstance(value, dict):
            mapping = YamlMap(where)
            for key, item in value.items():
                mapping[key] = self.from_plain(item, depth + 1)
                mapping.keys_at[key] = mapping.values_at[key] = where
            return mapping
        if isinstance(value, list):
            sequence = YamlList(where)
            for item in value:
                sequence.append(self.from_plain(item, depth + 1))
                sequence.items_at.append(where)
            return sequence
        return value


def _shown(tag: str) -> str:
    """Return the tag as it appears in a file."""
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
