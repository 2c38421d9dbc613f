"""Select hosts by a pattern: `web:!db`, `&staging`, globs, `~regex`, `group[0:3]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from ipaddress import IPv6Address
from pathlib import Path

from provisioner import regex
from provisioner.errors import LoadError
from provisioner.loading import yaml_file
from provisioner.loading.inventory_groups import Inventory
from provisioner.where import Where, nearest

LOCALHOST = ("localhost", "127.0.0.1", "::1")
"""Hosts that exist without an inventory entry; they are not in the group `all`."""


def is_implicit(inventory: Inventory, host: str) -> bool:
    """Whether the host is this machine, under a name that is not in the inventory."""
    return host in LOCALHOST and host not in inventory.hosts


_SUBSCRIPT = regex.compile(r"(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]")


def select(inventory: Inventory, pattern: object, where: Where | None = None) -> tuple[str, ...]:
    """Return the hosts of a pattern or of a list of patterns, in the order of its terms.

    Terms with `&` and `!` then remove hosts. Raises LoadError for a wrong term.
    """
    terms = _terms(pattern)
    plain = [term for term in terms if term[0] not in "!&"]
    if not plain and terms:
        plain = ["all"]
    selected: dict[str, None] = {}
    for term in plain:
        # A host's name means the host, even if a group has the same name.
        hosts = (term,) if term in inventory.host_vars else _match(inventory, term, where)
        selected |= dict.fromkeys(hosts)
    for term in (term[1:] for term in terms if term[0] == "&"):
        matching = set(_match(inventory, term, where))
        selected = {host: None for host in selected if host in matching}
    for term in (term[1:] for term in terms if term[0] == "!"):
        excluded = set(_match(inventory, term, where))
        selected = {host: None for host in selected if host not in excluded}
    return tuple(selected)


def _terms(pattern: object) -> list[str]:
    items: Iterable[object] = pattern if isinstance(pattern, list | tuple) else (pattern,)
    return [term for item in items for term in _split(str(item))]


def _split(text: str) -> list[str]:
    """Split at `,`, else at `:` outside of brackets and of IPv6 addresses."""
    if "," in text:
        parts = text.split(",")
    elif _is_ipv6(text):
        parts = [text]
    else:
        parts = re.findall(r"(?:[^\s:\[\]]|\[[^\]]*\])+", text)
    return [part.strip() for part in parts if part.strip() not in ("", "!", "&")]


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _match(inventory: Inventory, term: str, where: Where | None) -> tuple[str, ...]:
    if not term.startswith("~") and (subscript := _SUBSCRIPT.fullmatch(term)):
        return _subscript(inventory, subscript, where)
    return _named(inventory, term, where)


def _named(inventory: Inventory, term: str, where: Where | None) -> tuple[str, ...]:
    """Return the hosts of the groups that match a term; and hosts whose names match it.

    If groups match, names of hosts count only for globs and regular expressions.
    """
    matches = _matcher(term, where)
    groups = [name for name in inventory.groups if matches(name)]
    selected = [host for name in groups for host in inventory.members[name]]
    if not groups or term[0] == "~" or any(letter in term for letter in ".?*["):
        selected += [host for host in inventory.hosts if matches(host)]
    if not selected and term in LOCALHOST:
        return (next((host for host in inventory.hosts if host in LOCALHOST), term),)
    return tuple(dict.fromkeys(selected))


def _matcher(term: str, where: Where | None) -> Callable[[str], object]:
    try:
        return re.compile(term[1:] if term.startswith("~") else translate(term)).match
    except re.error as error:
        raise LoadError(f'"{term}" is not a regular expression: {error}', where) from None


def _subscript(inventory: Inventory, match: re.Match[str], where: Where | None) -> tuple[str, ...]:
    name, index, first, last = match.groups()
    members = _named(inventory, name, where)
    if index is None:
        return members[int(first) : int(last) + 1 if last else None]
    if not -len(members) <= int(index) < len(members):
        if not members:
            return ()
        raise LoadError(f'"{match[0]}": the group has only {len(members)} hosts', where)
    return (members[int(index)],)


def unmatched(inventory: Inventory, pattern: object) -> list[tuple[str, str]]:
    """Return the terms that match neither host nor group, each with a suggestion."""
    known = (*inventory.groups, *inventory.host_vars, *LOCALHOST)
    terms = []
    for term in _terms(pattern):
        bare = term.lstrip("!&")
        if not any(letter in bare for letter in "*?[~") and bare not in known:
            terms.append((bare, nearest(bare, known)))
    return terms


def limit(inventory: Inventory, text: str) -> frozenset[str]:
    """Return the hosts that `--limit` allows. Raises LoadError for a term that matches nothing.

    `@FILE` means the terms in a file, one a line.
    """
    terms = [word for term in _split(text) for word in _limit_words(term)]
    for term, hint in unmatched(inventory, terms):
        raise LoadError(f'--limit: "{term}" is neither a host nor a group', None, hint)
    return frozenset(select(inventory, terms))


def _limit_words(term: str) -> list[str]:
    if not term.startswith("@"):
        return [term]
    text = yaml_file.read(Path(term[1:]), what="--limit file").decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]
