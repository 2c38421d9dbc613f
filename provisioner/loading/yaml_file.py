"""YAML files ▶ values that remember where they stand.

Mappings and sequences come as dict and list subclasses that know the places of their keys and
items (yamlvalues.py). A string with `{{`, `{%` or `{#` in it becomes a `Template`: here and
nowhere else, so nothing that comes from a host is ever one. Text under `!vault` is decrypted
(vault.py). Refused, with the place: duplicate keys, cycles, tags of Python objects, alias bombs,
sexagesimal numbers, tabs, NUL and anything that is not YAML.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template, is_template
from provisioner.language.yaml_values import OctalInt, OpenedText, YamlList, YamlMap, place_of
from provisioner.loading import yaml_text
from provisioner.loading.pyyaml import yaml
from provisioner.loading.vault import NO_VAULT, PasswordError, Sealed, Vault, is_encrypted
from provisioner.where import Where

__all__ = [
    "OctalInt", "YamlList", "YamlMap", "from_json", "load", "opened", "parse",
    "place_of", "read",
]  # fmt: skip

MAX_BYTES = 64 * 1024 * 1024
MAX_NODES = 1_000_000
MAX_ALIASED = 100_000
MAX_BITS = 14_000
"""Of a number: Python refuses to show one of more than 4,300 digits."""

_TAG = "tag:yaml.org,2002:"
_MAPPINGS = frozenset({_TAG + "map", _TAG + "omap", _TAG + "set", "!unsafe"})
_SEQUENCES = frozenset({_TAG + "seq", _TAG + "pairs", "!unsafe"})
_VAULT = ("!vault", "!vault-encrypted")


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
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise LoadError(f"the {what} {path} can't be read: {reason}") from None


def load(path: Path, *, what: str = "file", vault: Vault = NO_VAULT) -> Any:
    """The one document of a YAML file; None where it is empty. Encrypted files are opened."""
    return parse(read(path, what=what), str(path), vault=vault)


def opened(data: bytes, file: str, vault: Vault) -> tuple[bytes, str]:
    """The bytes, decrypted if they are a vault's, and how places in them are called."""
    if not is_encrypted(data):
        return data, file
    return vault.open(data, Where(file, 1, 1)), f"{file} (decrypted)"


def parse(data: bytes, file: str, *, trusted: bool = True, vault: Vault = NO_VAULT) -> Any:
    """The value of one YAML document. With `trusted` false no string becomes a template.

    All values of a document that was encrypted as a whole are secrets.
    """
    plain, shown = opened(data, file, vault)
    text = yaml_text.decode(plain, shown)
    try:
        node = yaml_text.compose(text, shown)
    except LoadError:
        value = from_json(text, shown, trusted=trusted)
        if value is None:
            raise
    else:
        value = None if node is None else _Builder(shown, trusted, vault, len(text)).build(node, 0)
    if plain is not data:
        vault.learned(value)
    return value


def from_json(text: str, file: str, *, trusted: bool = True) -> Any:
    """The value of a JSON mapping or list (which need not be YAML: tabs); None if it is neither."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    builder = _Builder(file, trusted, NO_VAULT, len(text))
    try:
        return builder.plain(json.loads(text, object_pairs_hook=builder.pairs), 0)
    except (ValueError, RecursionError):
        return None


class _Builder:
    """Nodes ▶ values, with the limits that keep a bomb from exploding."""

    def __init__(self, file: str, trusted: bool, vault: Vault, length: int) -> None:
        self._file = file
        self._trusted = trusted
        self._vault = vault
        self._scalars = yaml.constructor.SafeConstructor()
        self._open: set[int] = set()
        self._count = 0
        # Without aliases there are no more values than characters.
        self._most = min(MAX_NODES, length + MAX_ALIASED)

    def build(self, node: yaml.Node, depth: int) -> Any:
        self._count += 1
        where = self._where(node)
        if self._count > self._most:
            raise LoadError(f"more than {self._most:,} values (aliases counted)", where)
        if depth > yaml_text.MAX_DEPTH:
            raise LoadError(yaml_text.too_deep(), where)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        if id(node) in self._open:
            raise LoadError("this alias contains itself", where)
        self._open.add(id(node))
        trusted = self._trusted
        self._trusted = trusted and node.tag != "!unsafe"
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, where, depth)
            return self._sequence(node, where, depth)
        finally:
            self._open.discard(id(node))
            self._trusted = trusted

    def _where(self, node: yaml.Node) -> Where:
        return Where(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _mapping(self, node: yaml.MappingNode, where: Where, depth: int) -> YamlMap:
        self._known_tag(node, where, _MAPPINGS)
        result = YamlMap(where)
        merged = YamlMap(where)
        for key_node, value_node in node.value:
            place = self._where(key_node)
            if key_node.tag == _TAG + "merge":
                self._merge(merged, value_node, depth)
                continue
            key = self.build(key_node, depth + 1)
            if isinstance(key, dict | list):
                hint = 'what begins with {{ must be quoted: "{{ … }}"'
                raise LoadError("a key must be a plain value", place, hint)
            if isinstance(key, Template):
                key = key.source
            if key in result:
                first = result.keys_at[key].line
                raise LoadError(f'the key "{key}" stands twice (first in line {first})', place)
            result[key] = self.build(value_node, depth + 1)
            result.keys_at[key], result.values_at[key] = place, self._where(value_node)
        if not merged:
            return result
        merged.add(result)  # what is merged comes first, and what stands here itself wins
        return merged

    def _merge(self, into: YamlMap, node: yaml.Node, depth: int) -> None:
        """`<<: *base`, or a list of bases, whose earlier ones win."""
        value = self.build(node, depth + 1)
        for base in reversed(value) if isinstance(value, list) else [value]:
            if not isinstance(base, YamlMap):
                raise LoadError("`<<` merges mappings only", self._where(node))
            into.add(base)

    def _sequence(self, node: yaml.Node, where: Where, depth: int) -> YamlList:
        self._known_tag(node, where, _SEQUENCES)
        result = YamlList(where)
        for item in node.value:
            result.append(self.build(item, depth + 1))
            result.items_at.append(self._where(item))
        return result

    def _known_tag(self, node: yaml.Node, where: Where, known: frozenset[str]) -> None:
        if node.tag not in known:
            raise LoadError(f"the tag {_shown(node.tag)} is not supported", where)

    def _scalar(self, node: yaml.ScalarNode, where: Where) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if kind in ("str", "value", "merge"):
            return self._text(node.value, where)
        if kind in ("timestamp", "!unsafe"):
            return node.value  # a date as it is written: one that changes its form helps nobody
        if kind in _VAULT:
            return self._vaulted(node, where)
        try:
            return self._constructed(kind, node, where)
        except (ValueError, KeyError, IndexError, yaml.YAMLError):
            raise LoadError(f'"{node.value}" is no {kind}', where, "quote it") from None

    def _constructed(self, kind: str, node: yaml.ScalarNode, where: Where) -> Any:
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
        return Template(value, where) if self._trusted and is_template(value) else value

    def _vaulted(self, node: yaml.ScalarNode, where: Where) -> Any:
        """The text under `!vault`, which is never a template. Where no password opens it, that is
        an error of whoever uses it, as in Ansible."""
        if self._vault.sealed:
            return Sealed(node.value)
        try:
            plain = self._vault.open(node.value.encode(), where).decode()
        except PasswordError as error:
            (problem,) = error.problems
            self._vault.closed(problem)
            reason = f"{problem.reason}: {problem.hint}"
            return Template(f"{{{{ _vault | mandatory({reason!r}) }}}}", where)
        except UnicodeDecodeError:
            raise LoadError("what is encrypted here is not text (UTF-8)", where) from None
        self._vault.learned(plain)
        return OpenedText(plain)

    def _int(self, node: yaml.ScalarNode, where: Where) -> int:
        self._no_sexagesimal(node, where)
        number: int = self._scalars.construct_yaml_int(node)
        if number.bit_length() > MAX_BITS:
            raise ValueError("too long")
        digits = node.value.lstrip("+-")
        octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
        return OctalInt(number) if octal else number

    def _no_sexagesimal(self, node: yaml.ScalarNode, where: Where) -> None:
        if ":" in node.value:
            number = self._scalars.construct_yaml_int(node) if "." not in node.value else "a number"
            reason = f"YAML 1.1 reads {node.value} as {number} (base 60)"
            raise LoadError(reason, where, f'quote it: "{node.value}"')

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """A JSON mapping, in which no key may stand twice."""
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise LoadError(f'the key "{key}" stands twice', Where(self._file))
            found[key] = value
        return found

    def plain(self, value: Any, depth: int) -> Any:
        """A value from JSON as if YAML had held it, but for the places, which nobody knows."""
        where = Where(self._file)
        if depth > yaml_text.MAX_DEPTH:
            raise LoadError(yaml_text.too_deep(), where)
        if isinstance(value, str):
            return self._text(value, where)
        if isinstance(value, dict):
            mapping = YamlMap(where)
            for key, item in value.items():
                mapping[key] = self.plain(item, depth + 1)
                mapping.keys_at[key] = mapping.values_at[key] = where
            return mapping
        if isinstance(value, list):
            sequence = YamlList(where)
            for item in value:
                sequence.append(self.plain(item, depth + 1))
                sequence.items_at.append(where)
            return sequence
        return value


def _shown(tag: str) -> str:
    """A tag as it is written."""
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
