"""Masks secrets in events, by value, before any reporter gets the events.

    redactor = Redactor()
    redactor.add(vault_password)
    for event in run(...):
        event = redactor.redact(event)

It searches for values instead of names or fields, because a secret also appears in error messages,
loop items and diffs: see the CVEs about no_log (CVE-2018-10855, 2019-14864, 2020-14332, 2024-0690).
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

MIN_LENGTH = 4
"""A shorter secret is masked only where it is the whole value. Masking each `7` in a text would
make the text unreadable, and the positions of the masks would reveal the secret."""

_MIN_LINE_LENGTH = 8
_MIN_CORE_LENGTH = 5
_MAX_DEPTH = 200
# Vaulted files contain these words too. Masking them everywhere would make all output unreadable.
_COMMON_WORDS = frozenset({"true", "false", "none", "null", "yes", "no", "present", "absent"})
# Fields with names are not masked: reporters look hosts up by them.
_UNMASKED_FIELDS = frozenset({"host", "hosts", "module", "delegated_to"})

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class _Secrets:
    """The texts to mask.

    `whole` are masked as a complete value, `parts` anywhere in a text, and `cores` as part of a
    longer base64 text.
    """

    whole: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    cores: frozenset[str] = frozenset()


class Redactor:
    """Collects secrets during the run and masks them in events. Thread-safe."""

    def __init__(self, secrets: Iterable[object] = ()) -> None:
        self._lock = threading.Lock()
        self._secrets = _Secrets()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: object) -> None:
        """Mask `secret` from now on: a text, a number, or all values of a list or mapping."""
        values = frozenset(_secret_values(secret)) - self._secrets.whole
        if not values:
            return
        parts = {spelling for value in values for spelling in _spellings(value)}
        cores = {core for value in values for core in _base64_cores(value)}
        with self._lock:
            old = self._secrets
            self._secrets = _Secrets(old.whole | values, old.parts | parts, old.cores | cores)

    def text(self, text: str) -> str:
        """Return `text` with the secrets masked: for messages that are not events."""
        return _mask_text(text, self._secrets)

    def redact(self, event: E) -> E:
        """Return the event with the secrets masked in all texts, at any depth.

        Host names, module names and outcomes stay, because events are matched by them.
        """
        secrets = self._secrets
        return _mask_fields(event, secrets, 0) if secrets.whole else event


T = TypeVar("T")


def _mask_fields(record: T, secrets: _Secrets, depth: int) -> T:
    """Return a copy of a frozen dataclass with its fields masked."""
    changed = {}
    for each in fields(cast(Any, record)):
        old = getattr(record, each.name)
        # RunFinished.hosts maps names to summaries: only the summaries are masked.
        if each.name in _UNMASKED_FIELDS:
            new = _mask_mapping_values(old, secrets, depth) if isinstance(old, Mapping) else old
        else:
            new = _mask_value(old, secrets, depth)
        if new is not old:
            changed[each.name] = new
    return cast(T, replace(cast(Any, record), **changed)) if changed else record


def _mask_mapping_values(
    mapping: Mapping[Any, Any], secrets: _Secrets, depth: int
) -> dict[Any, Any]:
    return {key: _mask_value(value, secrets, depth + 1) for key, value in mapping.items()}


def _mask_value(value: Any, secrets: _Secrets, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return MASK
    match value:
        case None | bool() | Enum():
            return value
        case str():
            return _mask_text(value, secrets)
        case int() | float():
            return MASK if str(value) in secrets.whole else value
        case Mapping():
            return {
                _mask_value(key, secrets, depth + 1): _mask_value(each, secrets, depth + 1)
                for key, each in value.items()
            }
        case list():
            return [_mask_value(each, secrets, depth + 1) for each in value]
        case tuple():
            return tuple(_mask_value(each, secrets, depth + 1) for each in value)
        case set() | frozenset():
            return {_mask_value(each, secrets, depth + 1) for each in value}
    if is_dataclass(value):
        return _mask_fields(value, secrets, depth + 1)
    text = str(value)
    masked = _mask_text(text, secrets)
    return value if masked == text else masked


def _mask_text(text: str, secrets: _Secrets) -> str:
    if text.strip() in secrets.whole:
        return MASK
    # `in` is about a hundred times faster than a pattern with a thousand alternatives.
    parts = [part for part in secrets.parts if part in text]
    cores = [core for core in secrets.cores if core in text]
    if not parts and not cores:
        return text
    return _pattern(frozenset(parts), frozenset(cores)).sub(MASK, text)


@lru_cache(maxsize=256)
def _pattern(parts: frozenset[str], cores: frozenset[str]) -> re.Pattern[str]:
    """Return the pattern of all texts to mask, the longest first.

    In another order, a secret that contains another one would be masked only in part.
    """
    patterns = [(len(part), re.escape(part)) for part in parts]
    # The base64 digits next to a core contain some bits of the secret's first and last byte.
    digit = "[A-Za-z0-9+/_-]?"
    patterns += [(len(core), f"{digit}{re.escape(core)}{digit}=*") for core in cores]
    return re.compile("|".join(pattern for _, pattern in sorted(patterns, reverse=True)))


def _secret_values(secret: object) -> Iterator[str]:
    """Yield each text and number in `secret`, at any depth, as text."""
    match secret:
        case None | bool():
            return
        case str():
            yield from {secret, secret.strip()} - {""}
        case bytes():
            yield from _secret_values(secret.decode("utf-8", "surrogateescape"))
        case Mapping():
            for value in secret.values():
                yield from _secret_values(value)
        case list() | tuple() | set() | frozenset():
            for value in secret:
                yield from _secret_values(value)
        case _:
            yield str(secret)


def _spellings(value: str) -> Iterator[str]:
    """Yield the spellings of `value` that outputs, messages and diffs may contain."""
    if len(value) < MIN_LENGTH or value.lower() in _COMMON_WORDS:
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
    """Yield the lines of a multi-line value (a key): a diff has other text between them."""
    if "\n" not in value:
        return
    for line in value.split("\n"):
        line = line.strip()
        if len(line) >= _MIN_LINE_LENGTH and not line.startswith("-----"):
            yield line


def _url_quoted(value: str) -> Iterator[str]:
    for quoted in (quote(value, "", errors="replace"), quote(value, errors="replace")):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    yield quote_plus(value, errors="replace")


def _base64_cores(value: str) -> Iterator[str]:
    """Yield the base64 digits that depend on `value` alone, inside a longer text (`user:password`).

    Base64 encodes groups of three bytes, so there are three cases: `value` starts at the first,
    second or third byte of a group.
    """
    if len(value) < MIN_LENGTH or value.lower() in _COMMON_WORDS:
        return
    data = value.encode("utf-8", "surrogatepass")
    for offset in range(3):
        digits = base64.b64encode(bytes(offset) + data).decode().rstrip("=")
        first = -(-offset * 8 // 6)
        end = (offset + len(data)) * 8 // 6
        core = digits[first:end]
        if len(core) >= _MIN_CORE_LENGTH:
            yield core
            yield core.translate(str.maketrans("+/", "-_"))
