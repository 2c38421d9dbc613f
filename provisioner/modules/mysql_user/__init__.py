"""mysql_user: an account of MariaDB or MySQL is there as described, or is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import ModuleError, TaskContext
from provisioner.modules.framework.fields import parameter, private
from provisioner.modules.mysql_user import privileges
from provisioner.modules.mysql_user.account import (
    LIMITS,
    NATIVE,
    Account,
    Server,
    accounts,
    hashed,
    required,
    requiring,
)
from provisioner.modules.mysql_user.programs import CHANGE, GRANTS, READ, REFUSE, ROWS
from provisioner.modules.shared.mysql.client import SESSION, MysqlModule, rows
from provisioner.modules.shared.sql import quoted
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Report


@dataclass(frozen=True)
class Step:
    """One statement, what the operator reads of it, and Ansible's word for it."""

    statement: str
    change: str
    message: str
    secret: bool = False


class MysqlUser(MysqlModule):
    """Create, change or drop an account of MariaDB or MySQL."""

    body: ClassVar[str] = CHANGE

    name: str = parameter(aliases=("user",))
    """The user name."""
    host: str = "localhost"
    """The host that the user connects from; `%` is any host."""
    host_all: bool = False
    """Change the user's accounts at all hosts that the server has for it. A new account needs
    `host`."""
    state: Literal["present", "absent"] = "present"
    """Whether the account exists."""
    password: str | None = None
    """The password, for the plugin mysql_native_password. Only its hash reaches the host."""
    encrypted: bool = False
    """`password` is already a hash of mysql_native_password."""
    update_password: Literal["always", "on_create", "on_new_username"] = "always"  # noqa: S105
    """When to set the password: `always` if it differs, or only for a new account.
    `on_new_username` gives a new account the password that the user has at other hosts."""
    plugin: str | None = None
    """The authentication plugin of the account."""
    plugin_hash_string: str | None = None
    """What the plugin stores for the account: a hash."""
    plugin_auth_string: str | None = None
    """What the plugin is told about the account, such as the service name of pam. For
    mysql_native_password it is the password."""
    priv: Any = None
    """Privileges, as `db.*:SELECT,INSERT/*.*:USAGE` or as a mapping of objects to privileges."""
    append_privs: bool = False
    """Grant the privileges in `priv` and keep all others."""
    subtract_privs: bool = False
    """Revoke the privileges in `priv` and keep all others."""
    tls_requires: Mapping[str, Any] | None = None
    """What a connection must use: SSL, X509, or CIPHER, ISSUER and SUBJECT with their values."""
    resource_limits: Mapping[str, Any] | None = None
    """Limits of the account: MAX_QUERIES_PER_HOUR, MAX_UPDATES_PER_HOUR, MAX_CONNECTIONS_PER_HOUR,
    MAX_USER_CONNECTIONS, MAX_STATEMENT_TIME."""
    sql_log_bin: bool = True
    """Write the changes to the binary log."""
    force_context: bool = False
    """Run the statements in the database `mysql`, for replication filters."""
    column_case_sensitive: bool | None = None
    """Ignored: the server does not distinguish upper and lower case in column names."""

    _done: list[Step] = private(list)

    @classmethod
    def validate_host(cls, host: str) -> str:
        return host.lower()

    def validate(self) -> None:
        if self.append_privs and self.subtract_privs:
            raise ValueError("parameters are mutually exclusive: append_privs|subtract_privs")
        if self.priv is not None:
            privileges.wanted(self.priv)
        if self.encrypted and not re.fullmatch(r"\*[0-9A-Fa-f]{40}", self.password or ""):
            raise ValueError("encrypted: the password must be the hash that PASSWORD() makes")
        if self.plugin and not re.fullmatch(r"[A-Za-z0-9_]+", self.plugin):
            raise ValueError(f"plugin: {self.plugin!r} can't be a plugin")
        for key, value in (self.resource_limits or {}).items():
            if key.upper() not in LIMITS:
                raise ValueError(f"resource_limits: {key} is none of {', '.join(LIMITS)}")
            if not re.fullmatch(r"\d+(\.\d+)?", str(value)):
                raise ValueError(f"resource_limits: {key} can't be {value!r}: it is a number")
        unknown = {key.upper() for key in self.tls_requires or {}}
        unknown -= {"SSL", "X509", "CIPHER", "ISSUER", "SUBJECT"}
        if unknown:
            raise ValueError(f"tls_requires: {min(unknown)} is no requirement")

    def program(self, context: TaskContext) -> Program:
        return Program("mysql_user_read", READ, self._variables())

    def _variables(self) -> dict[str, Any]:
        context = "USE mysql;\n" if self.force_context else ""
        if not self.sql_log_bin:
            context += "SET sql_log_bin = 0;\n"
        which = f"User = {quoted(self.name)}"
        here = which if self.host_all else f"{which} AND Host = {quoted(self.host)}"
        needed = self.priv is not None and self.state == "present"
        return {
            **self.asking(),
            "what": f"{'drop' if self.state == 'absent' else 'set'} user {self.name}@{self.host}",
            "session": SESSION + context,
            "rows_of": SESSION + context + ROWS.format(which=which),
            "question": SESSION + context + GRANTS.format(which=here) if needed else "",
        }

    def edit(self, report: Report) -> Program | None:
        if "users" not in report.records:
            return None
        try:
            self._done = self._steps(report.get("users"), report.get("grants"))
        except ModuleError as error:
            return Program("mysql_refused", REFUSE, {"reason": str(error)})
        if not self._done:
            return None
        variables = self._variables()
        return Program(
            "mysql_user",
            self.body,
            {
                **variables,
                "changes": [step.change for step in self._done],
                "statements": variables["session"]
                + "".join(f"{step.statement};\n" for step in self._done),
            },
        )

    def finish(self, report: Report) -> dict[str, Any]:
        """The server tells the account once more after a change: nothing may be left to do."""
        if "users_after" not in report.records:
            return {}
        left = self._steps(report.get("users_after"), report.get("grants_after"))
        if left:
            raise ModuleError(f"{left[0].change}: still untrue afterwards")
        return {}

    def _steps(self, users: str, grants: str) -> list[Step]:
        found = rows(users)
        server = Server(found[0]["version"] if found else "")
        everywhere = list(accounts(found))
        here = [one for one in everywhere if self.host_all or one.host.lower() == self.host]
        if self.state == "absent":
            return [Step(f"DROP USER {one}", f"drop user {_shown(one)}", "") for one in here]
        if not here:
            if self.host_all:
                raise ModuleError("host_all can't be used where the user is not there yet")
            return list(self._creating(server, everywhere))
        told = privileges.told(grants)
        return [
            step
            for one in here
            for step in self._changing(server, one, one.privileges(told.get(one.host.lower(), {})))
        ]

    def _creating(self, server: Server, everywhere: list[Account]) -> Iterator[Step]:
        new = Account(self.name, self.host, {})
        plugin, secret = self._secret()
        if self.update_password == "on_new_username":  # noqa: S105
            known = {(one.plugin, one.secret) for one in everywhere}
            plugin, secret = known.pop() if len(known) == 1 else (plugin, secret)
        statement = f"CREATE USER {new}"
        if plugin != NATIVE or secret:
            statement += f" {server.identified(plugin, secret)}"
        yield Step(statement, f"create user {_shown(new)}", "User added", secret=True)
        yield from self._of_rights(new, {})
        yield from self._of_more(server, new)

    def _changing(self, server: Server, one: Account, now: privileges.Privileges) -> Iterator[Step]:
        plugin, secret = self._secret()
        known = self.password or self.plugin
        if self.update_password == "always" and known and _differs(one, plugin, secret):  # noqa: S105
            if not server.alters and NATIVE not in (plugin, one.plugin):
                raise ModuleError(f"{server.version} can't change a plugin: drop the user first")
            change = f"set the password of {_shown(one)}"
            yield Step(
                one.with_secret(server, plugin, secret), change, "Password updated", secret=True
            )
        yield from self._of_rights(one, now)
        yield from self._of_more(server, one)

    def _secret(self) -> tuple[str, str]:
        """The plugin, and what it shall keep."""
        if self.password:
            return NATIVE, self.password.upper() if self.encrypted else hashed(self.password)
        plugin, text = self.plugin or NATIVE, self.plugin_auth_string or ""
        if plugin == NATIVE and text and not self.plugin_hash_string:
            return plugin, hashed(text)
        return plugin, self.plugin_hash_string or text

    def _of_rights(self, one: Account, now: privileges.Privileges) -> Iterator[Step]:
        if self.priv is None or (self.subtract_privs and not one.row):
            return
        then = privileges.wanted(self.priv)
        if self.append_privs:
            statements = privileges.appending(now, then, str(one))
        elif self.subtract_privs:
            statements = privileges.subtracting(now, then, str(one))
        else:
            statements = privileges.leading(now, then, str(one), keep_others=self.name == "root")
        for statement in statements:
            yield Step(statement, _lowered(statement), "Privileges updated")

    def _of_more(self, server: Server, one: Account) -> Iterator[Step]:
        requirement = required(self.tls_requires)
        if requirement != one.requirement:
            statement = one.with_more(server, requiring(requirement))
            yield Step(statement, f"set what {_shown(one)} requires", "TLS requires updated")
        limits = {key.upper(): value for key, value in (self.resource_limits or {}).items()}
        if not one.limited(limits):
            said = " ".join(f"{key} {float(value):g}" for key, value in limits.items())
            statement = one.with_more(server, f"WITH {said}")
            yield Step(statement, f"set the limits of {_shown(one)}", "User unchanged")

    def returns(self, report: Report) -> dict[str, Any]:
        steps = self._done
        if self.state == "absent":
            message = "User deleted" if steps else "User doesn't exist"
        else:
            message = steps[-1].message if steps else "User unchanged"
            message = "User added" if steps and steps[0].message == "User added" else message
        changed = any(step.secret for step in steps)
        return {"user": self.name, "msg": message, "password_changed": changed, "attributes": None}


def _differs(one: Account, plugin: str, secret: str) -> bool:
    if one.plugin != plugin and not (plugin == NATIVE and one.plugin == "mysql_old_password"):
        return True
    return bool(secret) and one.secret.upper() != secret.upper()


def _shown(one: Account) -> str:
    return f"{one.user}@{one.host}"


def _lowered(statement: str) -> str:
    """`GRANT SELECT ON …` ▶ `grant SELECT on …`, as other changes read."""
    verb, _, rest = statement.partition(" ")
    return f"{verb.lower()} {rest}"
