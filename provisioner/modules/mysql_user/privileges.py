"""Privileges of MariaDB and MySQL: parse `priv` and SHOW GRANTS, and compute GRANT and REVOKE."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.modules.shared.mysql.client import identifier

Privileges = dict[str, frozenset[str]]
"""The privileges on each object (`*.*`, `` `db`.* ``, ``FUNCTION `db`.`f` ``).

GRANT means the grant option. USAGE is left out, because it means no privilege.
"""

GLOBAL = "*.*"

_NAME = r"(?:\*|`(?:[^`]|``)*`)"
_GRANT = re.compile(
    rf"GRANT (?P<all>.+?) ON (?P<what>(?:[A-Z]+ )*{_NAME}\.{_NAME}) TO (?P<rest>.*)", re.DOTALL
)
_SIDES = re.compile(r"(`(?:[^`]|``)+`|(?!`).+)\.(`(?:[^`]|``)+`|(?!`)[^.]+)", re.DOTALL)
_ACCOUNT = re.compile(r"""(['`"])(?P<user>.*?)\1@(['`"])(?P<host>.*?)\3(?= |\Z)""", re.DOTALL)
_COMMA = re.compile(r",(?![^(]*\))")
_PRIVILEGE = re.compile(r"(?P<name>[A-Z][A-Z_ ]*[A-Z])\s*(?:\((?P<columns>[^()]+)\))?", re.I)
_ALIASES = {
    "ALL PRIVILEGES": "ALL",
    "GRANT OPTION": "GRANT",
    "WITH GRANT OPTION": "GRANT",
    "BINLOG MONITOR": "REPLICATION CLIENT",  # MariaDB 10.5
    "REPLICA MONITOR": "SLAVE MONITOR",
    "REPLICATION REPLICA": "REPLICATION SLAVE",
    "DELETE VERSIONING ROWS": "DELETE HISTORY",
}
_USAGE = frozenset({"USAGE"})


def parse_priv(priv: Any) -> Privileges:
    """Parse the parameter `priv`: `db.*:SELECT,INSERT/*.*:USAGE`, or a mapping.

    ValueError if it can't be read.
    """
    if isinstance(priv, Mapping):
        pairs = [(str(what), _text(names)) for what, names in priv.items()]
    else:
        parts = [item.strip() for item in str(priv).strip().split("/")]
        pairs = [_pair(part) for part in parts if part]
    return dict(_routine_privileges(_object(what), _names(names)) for what, names in pairs)


def _routine_privileges(what: str, names: frozenset[str]) -> tuple[str, frozenset[str]]:
    """Replace ALL of a routine by the privileges that SHOW GRANTS shows for it."""
    if "ALL" in names and what.startswith(("FUNCTION ", "PROCEDURE ")):
        names = names - {"ALL"} | {"EXECUTE", "ALTER ROUTINE"}
    return what, names


def _text(names: Any) -> str:
    return ",".join(map(str, names)) if isinstance(names, list | tuple) else str(names)


def _pair(part: str) -> tuple[str, str]:
    what, colon, names = part.rpartition(":")
    if not colon:
        raise ValueError(f"priv: {part!r} is not of the form db.table:PRIVILEGE,PRIVILEGE")
    return what, names


def _object(text: str) -> str:
    kind, space, name = text.strip().partition(" ")
    if not space or kind.upper() not in ("FUNCTION", "PROCEDURE"):
        kind, name = "", text.strip()
    sides = _SIDES.fullmatch(name)
    if sides is None:
        raise ValueError(f"priv: {text!r} is not of the form db.table")
    parts = [side if side == "*" else identifier(_unquoted(side)) for side in sides.groups()]
    return f"{kind.upper()} {'.'.join(parts)}".strip()


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _names(names: str) -> frozenset[str]:
    parts = [part for part in _COMMA.split(names) if part.strip()]
    privileges = frozenset(name for part in parts for name in _expand_columns(part))
    if "ALL" in privileges:
        privileges &= {"ALL", "GRANT"}
    return privileges - _USAGE


def _expand_columns(text: str) -> Iterator[str]:
    """Yield the name of a privilege; if it is for columns, once for each column."""
    match = _PRIVILEGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"priv: {text.strip()!r} is not a privilege")
    name = " ".join(match["name"].upper().split())
    name = _ALIASES.get(name, name)
    if match["columns"] is None:
        yield name
        return
    for column in match["columns"].split(","):
        yield f"{name} ({identifier(column.strip().strip('`').lower())})"


def parse_grants(lines: str) -> dict[str, Privileges]:
    """Parse the output of SHOW GRANTS, by host. Roles and PROXY are ignored."""
    by_host: dict[str, Privileges] = {}
    for line in lines.split("\n"):
        match = _GRANT.fullmatch(line)
        account = match and _ACCOUNT.match(match["rest"])
        if not match or not account:
            continue
        names = _names(match["all"])
        if "WITH GRANT OPTION" in match["rest"][account.end() :]:
            names |= {"GRANT"}
        privileges = by_host.setdefault(account["host"].lower(), {})
        privileges[match["what"]] = privileges.get(match["what"], frozenset()) | names
    return by_host


def replace_privileges(
    current: Privileges, desired: Privileges, account: str, keep_others: bool = False
) -> Iterator[str]:
    """Yield the statements that change the privileges `current` to `desired`.

    With `keep_others`, privileges on objects that are not in `desired` are kept.
    """
    for what in current:
        if what not in desired and not keep_others:
            yield from revoke(what, current[what], account)
    for what, names in desired.items():
        has = current.get(what, frozenset())
        missing, excess = names - has, has - names
        if "ALL" in has:
            excess = excess if "ALL" not in names else excess & {"GRANT"}
        elif "ALL" in names:
            excess &= {"GRANT"}
        yield from revoke(what, excess, account)
        yield from grant(what, missing, account)


def append_privileges(current: Privileges, more: Privileges, account: str) -> Iterator[str]:
    """Yield the statements that grant the missing privileges of `more`."""
    for what, names in more.items():
        has = current.get(what, frozenset())
        missing = names & {"GRANT"} if "ALL" in has else names
        yield from grant(what, missing - has, account)


def subtract_privileges(current: Privileges, less: Privileges, account: str) -> Iterator[str]:
    """Yield the statements that revoke the existing privileges of `less`."""
    for what, names in less.items():
        has = current.get(what, frozenset())
        excess = names & has
        if "ALL" in names:
            excess = has if "GRANT" in names else has - {"GRANT"}
        elif "ALL" in has:
            excess = names - {"GRANT"} | (names & has)
        yield from revoke(what, excess, account)


def grant(what: str, names: frozenset[str], account: str) -> Iterator[str]:
    """Yield the statement that grants privileges, if there are any."""
    if names:
        granted = _to_sql(names - {"GRANT"}) or "USAGE"
        option = " WITH GRANT OPTION" if "GRANT" in names else ""
        yield f"GRANT {granted} ON {what} TO {account}{option}"


def revoke(what: str, names: frozenset[str], account: str) -> Iterator[str]:
    """Yield the statements that revoke privileges, if there are any."""
    if "GRANT" in names:
        yield f"REVOKE GRANT OPTION ON {what} FROM {account}"
    if rest := names - {"GRANT"}:
        yield f"REVOKE {_to_sql(rest)} ON {what} FROM {account}"


def _to_sql(names: frozenset[str]) -> str:
    """Return privileges as SQL, with the columns of each privilege in one list."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        verb, bracket, column = name.partition(" (")
        groups.setdefault(verb + bracket, []).append(column.removesuffix(")"))
    return ", ".join(
        f"{verb}{', '.join(columns)})" if verb.endswith("(") else verb
        for verb, columns in groups.items()
    )
