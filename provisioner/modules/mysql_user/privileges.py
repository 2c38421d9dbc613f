"""Privileges of MariaDB and MySQL: as playbooks write them, as SHOW GRANTS tells them, and the
statements that lead from the one to the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.modules.shared.mysql.client import identifier

Privileges = dict[str, frozenset[str]]
"""What (`*.*`, `` `db`.* ``, ``FUNCTION `db`.`f` ``) ▶ what may be done with it; GRANT is the grant
option, and USAGE, which is nothing, is left out."""

GLOBAL = "*.*"

_NAME = r"(?:\*|`(?:[^`]|``)*`)"
_GRANT = re.compile(
    rf"GRANT (?P<all>.+?) ON (?P<what>(?:[A-Z]+ )*{_NAME}\.{_NAME}) TO (?P<rest>.*)", re.DOTALL
)
_SIDES = re.compile(r"(`(?:[^`]|``)+`|(?!`).+)\.(`(?:[^`]|``)+`|(?!`)[^.]+)", re.DOTALL)
_ACCOUNT = re.compile(r"""(['`"])(?P<user>.*?)\1@(['`"])(?P<host>.*?)\3(?= |\Z)""", re.DOTALL)
_COMMA = re.compile(r",(?![^(]*\))")
_PRIVILEGE = re.compile(r"(?P<name>[A-Z][A-Z_ ]*[A-Z])\s*(?:\((?P<columns>[^()]+)\))?", re.I)
_OTHER_NAMES = {
    "ALL PRIVILEGES": "ALL",
    "GRANT OPTION": "GRANT",
    "WITH GRANT OPTION": "GRANT",
    "BINLOG MONITOR": "REPLICATION CLIENT",  # MariaDB 10.5
    "REPLICA MONITOR": "SLAVE MONITOR",
    "REPLICATION REPLICA": "REPLICATION SLAVE",
    "DELETE VERSIONING ROWS": "DELETE HISTORY",
}
_LITTLE = frozenset({"USAGE"})


def wanted(priv: Any) -> Privileges:
    """What a playbook's `priv` says: `db.*:SELECT,INSERT/*.*:USAGE`, or a mapping. ValueError for
    what can be no privilege."""
    if isinstance(priv, Mapping):
        pairs = [(str(what), _text(names)) for what, names in priv.items()]
    else:
        parts = [item.strip() for item in str(priv).strip().split("/")]
        pairs = [_pair(part) for part in parts if part]
    return dict(_said(_what(what), _several(names)) for what, names in pairs)


def _said(what: str, names: frozenset[str]) -> tuple[str, frozenset[str]]:
    """A routine has no ALL that SHOW GRANTS would tell."""
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


def _what(text: str) -> str:
    kind, space, name = text.strip().partition(" ")
    if not space or kind.upper() not in ("FUNCTION", "PROCEDURE"):
        kind, name = "", text.strip()
    sides = _SIDES.fullmatch(name)
    if sides is None:
        raise ValueError(f"priv: {text!r} is not of the form db.table")
    parts = [side if side == "*" else identifier(_bare(side)) for side in sides.groups()]
    return f"{kind.upper()} {'.'.join(parts)}".strip()


def _bare(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _several(names: str) -> frozenset[str]:
    parts = [part for part in _COMMA.split(names) if part.strip()]
    found = frozenset(name for part in parts for name in _each(part))
    if "ALL" in found:
        found &= {"ALL", "GRANT"}
    return found - _LITTLE


def _each(text: str) -> Iterator[str]:
    """A privilege's name; one that is of columns, once with each of them."""
    match = _PRIVILEGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"priv: {text.strip()!r} can't be a privilege")
    name = " ".join(match["name"].upper().split())
    name = _OTHER_NAMES.get(name, name)
    if match["columns"] is None:
        yield name
        return
    for column in match["columns"].split(","):
        yield f"{name} ({identifier(column.strip().strip('`').lower())})"


def told(lines: str) -> dict[str, Privileges]:
    """What SHOW GRANTS says, by host. Roles and PROXY are left alone."""
    found: dict[str, Privileges] = {}
    for line in lines.split("\n"):
        match = _GRANT.fullmatch(line)
        account = match and _ACCOUNT.match(match["rest"])
        if not match or not account:
            continue
        names = _several(match["all"])
        if "WITH GRANT OPTION" in match["rest"][account.end() :]:
            names |= {"GRANT"}
        of_host = found.setdefault(account["host"].lower(), {})
        of_host[match["what"]] = of_host.get(match["what"], frozenset()) | names
    return found


def leading(
    now: Privileges, then: Privileges, account: str, keep_others: bool = False
) -> Iterator[str]:
    """The statements that make privileges `then` of `now`; `keep_others` leaves those on all that
    `then` does not name."""
    for what in now:
        if what not in then and not keep_others:
            yield from revoking(what, now[what], account)
    for what, names in then.items():
        has = now.get(what, frozenset())
        missing, excess = names - has, has - names
        if "ALL" in has:
            excess = excess if "ALL" not in names else excess & {"GRANT"}
        elif "ALL" in names:
            excess &= {"GRANT"}
        yield from revoking(what, excess, account)
        yield from granting(what, missing, account)


def appending(now: Privileges, more: Privileges, account: str) -> Iterator[str]:
    """The statements that grant what is missing of `more`."""
    for what, names in more.items():
        has = now.get(what, frozenset())
        missing = names & {"GRANT"} if "ALL" in has else names
        yield from granting(what, missing - has, account)


def subtracting(now: Privileges, less: Privileges, account: str) -> Iterator[str]:
    """The statements that revoke what there is of `less`."""
    for what, names in less.items():
        has = now.get(what, frozenset())
        excess = names & has
        if "ALL" in names:
            excess = has if "GRANT" in names else has - {"GRANT"}
        elif "ALL" in has:
            excess = names - {"GRANT"} | (names & has)
        yield from revoking(what, excess, account)


def granting(what: str, names: frozenset[str], account: str) -> Iterator[str]:
    if names:
        said = _listed(names - {"GRANT"}) or "USAGE"
        option = " WITH GRANT OPTION" if "GRANT" in names else ""
        yield f"GRANT {said} ON {what} TO {account}{option}"


def revoking(what: str, names: frozenset[str], account: str) -> Iterator[str]:
    if "GRANT" in names:
        yield f"REVOKE GRANT OPTION ON {what} FROM {account}"
    if rest := names - {"GRANT"}:
        yield f"REVOKE {_listed(rest)} ON {what} FROM {account}"


def _listed(names: frozenset[str]) -> str:
    """Privileges in SQL; the columns of each are together."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        verb, bracket, column = name.partition(" (")
        groups.setdefault(verb + bracket, []).append(column.removesuffix(")"))
    return ", ".join(
        f"{verb}{', '.join(columns)})" if verb.endswith("(") else verb
        for verb, columns in groups.items()
    )
