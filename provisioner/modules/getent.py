"""getent: read entries of passwd, group, hosts and other databases into facts."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Report

BODY = r"""
set -- "$database"
[ -z "$key" ] || set -- "$@" "$key"
[ -z "$service" ] || set -- -s "$service" "$@"
command -v getent || fail 'getent is not installed on this host'
say
printf 'entries=' >&3
getent "$@" >&3
status=$?
printf '\0' >&3
case $status in
    0) ;;
    1) fail "getent does not know the database $database" ;;
    2) [ "$fail_key" = no ] || fail "$database has no entry $key" ;;
    3) fail "$database can't be listed: set key" ;;
    *) fail "getent: exit $status" ;;
esac
"""

WITH_COLONS = ("passwd", "shadow", "group", "gshadow")


class Getent(Module):
    """Read entries of a database of the host into the fact `getent_NAME`.

    Databases are passwd, group, hosts and others.
    """

    body: ClassVar[str] = BODY
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT

    database: str
    """The database: passwd, group, shadow, hosts, services or another."""
    key: str | None = None
    """The key of the entry. The default is all entries."""
    service: str | None = None
    """Ask only this source, such as files or sss."""
    split: str | None = None
    """The separator of the fields. The default is a colon for passwd, group, shadow and gshadow,
    and white space for others."""
    fail_key: bool = True
    """Fail if there is no such entry. If false, the fact is null."""

    @classmethod
    def validate_database(cls, name: str) -> str:
        if not name or name.startswith("-"):
            raise ValueError(f"{name!r} is not a valid name of a database")
        return name

    def returns(self, report: Report) -> dict[str, Any]:
        separator = self.split or (":" if self.database in WITH_COLONS else None)
        rows_by_key: dict[str, Any] = {}
        for line in report.get("entries").splitlines():
            name, *fields = line.split(separator)
            rows_by_key.setdefault(name, []).append(fields)
        entries = {name: rows[0] if len(rows) == 1 else rows for name, rows in rows_by_key.items()}
        if not entries and self.key is not None and not self.fail_key:
            entries = {self.key: None}
        return {"ansible_facts": {f"getent_{self.database}": entries}}
