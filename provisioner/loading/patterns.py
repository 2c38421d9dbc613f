"""Host patterns: `web:!db`, `&staging`, globs, `~regex`, `group[0:3]`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from provisioner.errors import LoadError
from provisioner.loading.inventory import Inventory
from provisioner.loading.where import Where, nearest

_SUBSCRIPT = re.compile(r"^(.+)\[(-?\d+)(?:([:-])(-?\d*))?\]$")


def select(inventory: Inventory, pattern: object, where: Where | None = None) -> tuple[str, ...]:
    """The hosts of a pattern, or of a list of patterns, in inventory order."""
    terms = _terms(pattern)
    chosen: set[str] = set()
    plain = [term for term in terms if term[0] not in "!&"]
    if not plain and terms:
        chosen = set(inventory.hosts)
    for term in plain:
        chosen |= _match(inventory, term, where)
    for term in (term for term in terms if term[0] == "&"):
        chosen &= _match(inventory, term[1:], where)
    for term in (term for term in terms if term[0] == "!"):
        chosen -= _match(inventory, term[1:], where)
    return tuple(host for host in inventory.hosts if host in chosen) or _implicit(plain)


def _implicit(terms: list[str]) -> tuple[str, ...]:
    """`hosts: localhost` works without an inventory entry."""
    return ("localhost",) if "localhost" in terms else ()


def _terms(pattern: object) -> list[str]:
    items: Iterable[object] = pattern if isinstance(pattern, list | tuple) else (pattern,)
    return [term for item in items for term in _split(str(item))]


def _split(text: str) -> list[str]:
    """Apart at `,`, or at `:` where it is not within brackets or an IPv6 address."""
    if "," in text:
        parts = text.split(",")
    elif text.startswith("~") or text.count(":") > 1 and re.fullmatch(r"[0-9a-fA-F:.%\w]+", text):
        parts = [text]
    else:
        parts = re.split(r":(?![^\[]*\])", text)
    return [part.strip() for part in parts if part.strip()]


def _match(inventory: Inventory, term: str, where: Where | None) -> set[str]:
    if term.startswith("~"):
        return _matching(inventory, re.compile(term[1:]))
    if subscript := _SUBSCRIPT.match(term):
        return _subscript(inventory, subscript, where)
    if term in ("all", "*"):
        return set(inventory.hosts)
    if term in inventory.members:
        return set(inventory.members[term])
    if term in inventory.host_vars:
        return {term}
    if any(letter in term for letter in "*?["):
        from_groups = (inventory.members[g] for g in inventory.members if fnmatchcase(g, term))
        names = (host for host in inventory.hosts if fnmatchcase(host, term))
        return set(names).union(*from_groups)
    return set()


def _matching(inventory: Inventory, expression: re.Pattern[str]) -> set[str]:
    from_groups = (inventory.members[g] for g in inventory.members if expression.match(g))
    return {host for host in inventory.hosts if expression.match(host)}.union(*from_groups)


def _subscript(inventory: Inventory, match: re.Match[str], where: Where | None) -> set[str]:
    name, first, dash, last = match.groups()
    members = tuple(h for h in inventory.hosts if h in _match(inventory, name, where))
    start = int(first)
    if dash is None:
        return set(members[start : start + 1 or None])
    end = None if not last or last == "-1" else int(last) + 1
    return set(members[start:end])


def unmatched(inventory: Inventory, pattern: object) -> list[tuple[str, str]]:
    """Terms that name nothing at all, each with a suggestion: a typo is likely."""
    found = []
    for term in _terms(pattern):
        bare = term.lstrip("!&")
        plain = not any(letter in bare for letter in "*?[~")
        known = (*inventory.members, *inventory.host_vars, "all", "localhost")
        if plain and bare not in known:
            found.append((bare, nearest(bare, known)))
    return found


def limit(inventory: Inventory, text: str) -> frozenset[str]:
    """The hosts that `--limit` leaves; `LoadError` for a term that names nothing."""
    for term, hint in unmatched(inventory, text):
        raise LoadError(f'--limit: "{term}" is neither a host nor a group', None, hint)
    return frozenset(select(inventory, text))
