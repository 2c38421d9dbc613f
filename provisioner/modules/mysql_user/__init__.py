"""mysql_user: create, change or drop an account of MariaDB or MySQL."""

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
    parse_tls_requires,
    require_clause,
)
from provisioner.modules.mysql_user.programs import CHANGE, GRANTS, READ, REFUSE, ROWS
from provisioner.modules.shared.mysql.client import SESSION, MysqlModule, rows
from provisioner.modules.shared.sql import quoted
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Report


@dataclass(frozen=True)
class Statement:
    """An SQL statement, the change that is reported for it, and the message of Ansible's module."""

    sql: str
    change: str
    message: str
    sets_password: bool = False


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
    """What the plugin needs to know about the account, such as the service name of pam. For
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

    _statements: list[Statement] = private(list)

    @classmethod
    def validate_host(cls, host: str) -> str:
        return host.lower()

    def validate(self) -> None:
        if self.append_privs and self.subtract_privs:
            raise ValueError("parameters are mutually exclusive: append_privs|subtract_privs")
        if self.priv is not None:
            privileges.parse_priv(self.priv)
        if self.encrypted and not re.fullmatch(r"\*[0-9A-Fa-f]{40}", self.password or ""):
            raise ValueError(
                "encrypted: the password must be a hash as PASSWORD() returns it: * and 40 digits"
            )
        if self.plugin and not re.fullmatch(r"[A-Za-z0-9_]+", self.plugin):
            raise ValueError(f"plugin: {self.plugin!r} is not the name of a plugin")
        for key, value in (self.resource_limits or {}).items():
            if key.upper() not in LIMITS:
                raise ValueError(f"resource_limits: {key} is none of {', '.join(LIMITS)}")
            if not re.fullmatch(r"\d+(\.\d+)?", str(value)):
                raise ValueError(f"resource_limits: {key} must be a number, not {value!r}")
        unknown = {key.upper() for key in self.tls_requires or {}}
        unknown -= {"SSL", "X509", "CIPHER", "ISSUER", "SUBJECT"}
        if unknown:
            raise ValueError(
                f"tls_requires: {min(unknown)} is not one of SSL, X509, CIPHER, ISSUER, SUBJECT"
            )

    def program(self, context: TaskContext) -> Program:
        return Program("mysql_user_read", READ, self._variables())

    def _variables(self) -> dict[str, Any]:
        context = "USE mysql;\n" if self.force_context else ""
        if not self.sql_log_bin:
            context += "SET sql_log_bin = 0;\n"
        by_name = f"User = {quoted(self.name)}"
        by_host = by_name if self.host_all else f"{by_name} AND Host = {quoted(self.host)}"
        needs_grants = self.priv is not None and self.state == "present"
        return {
            **self.client_variables(),
            "what": f"{'drop' if self.state == 'absent' else 'set'} user {self.name}@{self.host}",
            "session": SESSION + context,
            "rows_of": SESSION + context + ROWS.format(which=by_name),
            "question": SESSION + context + GRANTS.format(which=by_host) if needs_grants else "",
        }

    def edit(self, report: Report) -> Program | None:
        if "users" not in report.records:
            return None
        try:
            self._statements = self._needed(report.get("users"), report.get("grants"))
        except ModuleError as error:
            return Program("mysql_refused", REFUSE, {"reason": str(error)})
        if not self._statements:
            return None
        variables = self._variables()
        return Program(
            "mysql_user",
            self.body,
            {
                **variables,
                "changes": [statement.change for statement in self._statements],
                "statements": variables["session"]
                + "".join(f"{statement.sql};\n" for statement in self._statements),
            },
        )

    def finish(self, report: Report) -> dict[str, Any]:
        """Check the account that the server shows after the change: nothing may be left to do."""
        if "users_after" not in report.records:
            return {}
        remaining = self._needed(report.get("users_after"), report.get("grants_after"))
        if remaining:
            raise ModuleError(f"{remaining[0].change}: the change had no effect")
        return {}

    def _needed(self, users: str, grants: str) -> list[Statement]:
        """Return the statements that are needed, from the answers to ROWS and SHOW GRANTS."""
        user_rows = rows(users)
        server = Server(user_rows[0]["version"] if user_rows else "")
        same_name = list(accounts(user_rows))
        existing = [
            account for account in same_name if self.host_all or account.host.lower() == self.host
        ]
        if self.state == "absent":
            return [
                Statement(f"DROP USER {account}", f"drop user {_shown(account)}", "")
                for account in existing
            ]
        if not existing:
            if self.host_all:
                raise ModuleError(
                    "host_all can't be used because the user does not exist yet: set host"
                )
            return list(self._create(server, same_name))
        granted = privileges.parse_grants(grants)
        return [
            statement
            for account in existing
            for statement in self._change(
                server, account, account.privileges(granted.get(account.host.lower(), {}))
            )
        ]

    def _create(self, server: Server, same_name: list[Account]) -> Iterator[Statement]:
        new = Account(self.name, self.host, {})
        plugin, secret = self._secret()
        if self.update_password == "on_new_username":  # noqa: S105
            secrets = {(account.plugin, account.secret) for account in same_name}
            plugin, secret = secrets.pop() if len(secrets) == 1 else (plugin, secret)
        statement = f"CREATE USER {new}"
        if plugin != NATIVE or secret:
            statement += f" {server.identified(plugin, secret)}"
        yield Statement(statement, f"create user {_shown(new)}", "User added", sets_password=True)
        yield from self._change_privileges(new, {})
        yield from self._change_options(server, new)

    def _change(
        self, server: Server, account: Account, current: privileges.Privileges
    ) -> Iterator[Statement]:
        plugin, secret = self._secret()
        has_secret = self.password or self.plugin
        if self.update_password == "always" and has_secret and _differs(account, plugin, secret):  # noqa: S105
            if not server.has_alter_user and NATIVE not in (plugin, account.plugin):
                raise ModuleError(
                    f"{server.version} can't change the plugin of a user: drop the user first"
                )
            change = f"set the password of {_shown(account)}"
            yield Statement(
                account.set_secret(server, plugin, secret),
                change,
                "Password updated",
                sets_password=True,
            )
        yield from self._change_privileges(account, current)
        yield from self._change_options(server, account)

    def _secret(self) -> tuple[str, str]:
        """Return the plugin, and what it stores for the account."""
        if self.password:
            return NATIVE, self.password.upper() if self.encrypted else hashed(self.password)
        plugin, text = self.plugin or NATIVE, self.plugin_auth_string or ""
        if plugin == NATIVE and text and not self.plugin_hash_string:
            return plugin, hashed(text)
        return plugin, self.plugin_hash_string or text

    def _change_privileges(
        self, account: Account, current: privileges.Privileges
    ) -> Iterator[Statement]:
        if self.priv is None or (self.subtract_privs and not account.row):
            return
        desired = privileges.parse_priv(self.priv)
        if self.append_privs:
            statements = privileges.append_privileges(current, desired, str(account))
        elif self.subtract_privs:
            statements = privileges.subtract_privileges(current, desired, str(account))
        else:
            statements = privileges.replace_privileges(
                current, desired, str(account), keep_others=self.name == "root"
            )
        for statement in statements:
            yield Statement(statement, _change_text(statement), "Privileges updated")

    def _change_options(self, server: Server, account: Account) -> Iterator[Statement]:
        requirement = parse_tls_requires(self.tls_requires)
        if requirement != account.requirement:
            statement = account.set_options(server, require_clause(requirement))
            yield Statement(
                statement, f"set the TLS requirements of {_shown(account)}", "TLS requires updated"
            )
        limits = {key.upper(): value for key, value in (self.resource_limits or {}).items()}
        if not account.has_limits(limits):
            text = " ".join(f"{key} {float(value):g}" for key, value in limits.items())
            statement = account.set_options(server, f"WITH {text}")
            yield Statement(statement, f"set the limits of {_shown(account)}", "User unchanged")

    def returns(self, report: Report) -> dict[str, Any]:
        statements = self._statements
        if self.state == "absent":
            message = "User deleted" if statements else "User doesn't exist"
        else:
            messages = [statement.message for statement in statements] or ["User unchanged"]
            message = "User added" if messages[0] == "User added" else messages[-1]
        changed = any(statement.sets_password for statement in statements)
        return {"user": self.name, "msg": message, "password_changed": changed, "attributes": None}


def _differs(account: Account, plugin: str, secret: str) -> bool:
    """Whether an account has another plugin or password."""
    if account.plugin != plugin and not (
        plugin == NATIVE and account.plugin == "mysql_old_password"
    ):
        return True
    return bool(secret) and account.secret.upper() != secret.upper()


def _shown(account: Account) -> str:
    """Return an account as messages show it."""
    return f"{account.user}@{account.host}"


def _change_text(statement: str) -> str:
    """Return a statement as a change: its verb is in lower case."""
    verb, _, rest = statement.partition(" ")
    return f"{verb.lower()} {rest}"
