"""The one sink that takes secrets out of events, by value, before any reporter sees them.

    redactor = Redactor()
    redactor.add(vault_password)
    for event in run(...):
        event = redactor.redact(event)

Looking for values, not for names or places, is what a run of no_log CVEs taught (CVE-2018-10855,
2019-14864, 2020-14332, 2024-0690): a secret turns up in error messages, loop items and diffs.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import quote, quote_plus

from provisioner.events import Event
from provisioner.records import dataclass

MASK = "********"

SHORTEST = 4
"""Values under four characters are masked only where they are the whole value: a `7` masked in
every text would leave nothing readable, and where the masks stand would tell what it is."""

_SHORTEST_LINE = 8
_SHORTEST_CORE = 5
_DEEPEST = 200
# A vaulted file also holds these; masked everywhere they would hide nothing and blot all.
_COMMON = frozenset({"true", "false", "none", "null", "yes", "no", "present", "absent"})
# What tells hosts, modules and places apart is no secret, and reporters look hosts up by it.
_NAMES = frozenset({"host", "hosts", "module", "delegated_to"})

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class _Secrets:
    """What to look for: `whole` as a full value only, `parts` anywhere, `cores` in base64."""

    whole: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    cores: frozenset[str] = frozenset()


class Redactor:
    """Collects secrets at run time and masks them in events; safe to use from several threads."""

    def __init__(self, secrets: Iterable[object] = ()) -> None:
        self._lock = threading.Lock()
        self._secrets = _Secrets()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: object) -> None:
        """Mask `secret` from now on: a text, a number, or all values in a list or mapping."""
        values = frozenset(_leaves(secret)) - self._secrets.whole
        if not values:
            return
        parts = {form for value in values for form in _forms(value)}
        cores = {core for value in values for core in _cores(value)}
        with self._lock:
            known = self._secrets
            self._secrets = _Secrets(known.whole | values, known.parts | parts, known.cores | cores)

    def text(self, text: str) -> str:
        """`text` without the secrets: for logs and messages that are no event."""
        return _masked(text, self._secrets)

    def redact(self, event: E) -> E:
        """The event with every secret masked in its texts, at any depth.

        Host names, module names and outcomes stay: they are what the other events are matched by.
        """
        secrets = self._secrets
        return _fields(event, secrets, 0) if secrets.whole else event


T = TypeVar("T")


def _fields(record: T, secrets: _Secrets, depth: int) -> T:
    """A frozen dataclass with its fields masked."""
    changed = {}
    for each in fields(cast(Any, record)):
        old = getattr(record, each.name)
        # The hosts of the run's end are summaries by name: the names stay, the notes don't.
        if each.name in _NAMES:
            new = _values(old, secrets, depth) if isinstance(old, Mapping) else old
        else:
            new = _value(old, secrets, depth)
        if new is not old:
            changed[each.name] = new
    return cast(T, replace(cast(Any, record), **changed)) if changed else record


def _values(mapping: Mapping[Any, Any], secrets: _Secrets, depth: int) -> dict[Any, Any]:
    return {key: _value(value, secrets, depth + 1) for key, value in mapping.items()}


def _value(value: Any, secrets: _Secrets, depth: int) -> Any:
    if depth > _DEEPEST:
        return MASK
    match value:
        case None | bool() | Enum():
            return value
        case str():
            return _masked(value, secrets)
        case int() | float():
            return MASK if str(value) in secrets.whole else value
        case Mapping():
            return {
                _value(key, secrets, depth + 1): _value(each, secrets, depth + 1)
                for key, each in value.items()
            }
        case list():
            return [_value(each, secrets, depth + 1) for each in value]
        case tuple():
            return tuple(_value(each, secrets, depth + 1) for each in value)
        case set() | frozenset():
            return {_value(each, secrets, depth + 1) for each in value}
    if is_dataclass(value):
        return _fields(value, secrets, depth + 1)
    text = str(value)
    masked = _masked(text, secrets)
    return value if masked == text else masked


def _masked(text: str, secrets: _Secrets) -> str:
    if text.strip() in secrets.whole:
        return MASK
    # `in` is some hundred times faster than a pattern with a thousand alternatives.
    parts = [part for part in secrets.parts if part in text]
    cores = [core for core in secrets.cores if core in text]
    if not parts and not cores:
        return text
    return _pattern(frozenset(parts), frozenset(cores)).sub(MASK, text)


@lru_cache(maxsize=256)
def _pattern(parts: frozenset[str], cores: frozenset[str]) -> re.Pattern[str]:
    """The longest form first, or a secret that contains another would be left in half."""
    forms = [(len(part), re.escape(part)) for part in parts]
    # The base64 digits beside a core hold some bits of the secret's first and last byte.
    forms += [(len(core), f"[A-Za-z0-9+/_-]?{re.escape(core)}[A-Za-z0-9+/_-]?=*") for core in cores]
    return re.compile("|".join(form for _, form in sorted(forms, reverse=True)))


def _leaves(secret: object) -> Iterator[str]:
    match secret:
        case None | bool():
            return
        case str():
            yield from {secret, secret.strip()} - {""}
        case bytes():
            yield from _leaves(secret.decode("utf-8", "surrogateescape"))
        case Mapping():
            for value in secret.values():
                yield from _leaves(value)
        case list() | tuple() | set() | frozenset():
            for value in secret:
                yield from _leaves(value)
        case _:
            yield str(secret)


def _forms(value: str) -> Iterator[str]:
    """The spellings of `value` that outputs, messages and diffs have been seen to hold."""
    if len(value) < SHORTEST or value.lower() in _COMMON:
        return
    yield value
    yield from _lines(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield shlex.quote(value)
    yield value.replace("'", "'\\''")
    yield value.replace("'", "'\"'\"'")
    yield from _url_quoted(value)
    data = value.encode("utf-8", "surrogatepass")
    yield base64.b64encode(data).decode()
    yield base64.urlsafe_b64encode(data).decode()


def _lines(value: str) -> Iterator[str]:
    """A key's lines one by one: a diff or an indented file never holds them in one piece."""
    if "\n" not in value:
        return
    for line in value.split("\n"):
        line = line.strip()
        if len(line) >= _SHORTEST_LINE and not line.startswith("-----"):
            yield line


def _url_quoted(value: str) -> Iterator[str]:
    for form in (quote(value, "", errors="replace"), quote(value, errors="replace")):
        yield form
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form)
    yield quote_plus(value, errors="replace")


def _cores(value: str) -> Iterator[str]:
    """The base64 digits that `value` alone decides, at each of the three places where it can begin
    in a longer text (`user:password`)."""
    if len(value) < SHORTEST or value.lower() in _COMMON:
        return
    data = value.encode("utf-8", "surrogatepass")
    for before in range(3):
        digits = base64.b64encode(bytes(before) + data).decode().rstrip("=")
        first = -(-before * 8 // 6)
        last = (before + len(data)) * 8 // 6
        core = digits[first:last]
        if len(core) >= _SHORTEST_CORE:
            yield core
            yield core.translate(str.maketrans("+/", "-_"))
