"""mysql_db: create or drop databases of MariaDB or MySQL, dump them, or import a dump."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.mysql.client import CLIENT, SESSION, MysqlModule, identifier
from provisioner.modules.shared.sql import quoted
from provisioner.remote.shell import Program, Report

BODY = CLIENT + load_body("mysql_db.sh")

_EXISTING = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME"


class MysqlDb(MysqlModule):
    """Create or drop databases of MariaDB or MySQL, dump them to a file, or import a file."""

    body: ClassVar[str] = BODY

    name: Words = parameter(aliases=("db",))
    """The databases. With dump and import, `all` is all of them."""
    state: Literal["present", "absent", "dump", "import"] = "present"
    """Whether the databases exist. `dump` writes them to `target`, `import` reads `target`."""
    encoding: str = ""
    """The character set of a new database, and of a dump; by default the server's."""
    collation: str = ""
    """The collation of a new database; by default that of the character set."""
    target: str | None = None
    """The file to dump to or to import from, on the host. It is compressed if its name ends in .gz,
    .bz2, .xz or .zst."""
    single_transaction: bool = False
    """Dump in a single transaction."""
    quick: bool = True
    """Dump large tables row by row, instead of loading them into memory."""
    ignore_tables: Words = ()
    """Tables to leave out of a dump, as `database.table`."""
    hex_blob: bool = False
    """Write binary columns in hexadecimal notation."""
    force: bool = False
    """Continue after an error in the SQL."""
    master_data: Literal[0, 1, 2] = 0
    """Write the position in the binary log into the dump: 1 as a statement, 2 as a comment, 0 not
    at all."""
    sql_log_bin: bool = True
    """Write the creation or removal of databases to the binary log."""
    skip_lock_tables: bool = False
    """Dump without locking the tables."""
    dump_extra_args: str | None = None
    """Additional options of mysqldump, as one line."""
    chdir: str | None = None
    """The directory to work in."""
    restrict_config_file: bool = False
    """Read no option file but `config_file`."""
    use_shell: bool = False
    """Ignored: errors in any part of a pipe are always noticed."""
    unsafe_login_password: bool = False
    """Ignored: the password is never in a command line."""
    pipefail: bool = False
    """Ignored: a failed dump is always a failure, compressed or not."""

    def validate(self) -> None:
        if any(not name or re.search(r"[\n\0]", name) for name in self.name):
            raise ValueError("name can't be empty or contain a newline")
        for key in ("encoding", "collation"):
            if not re.fullmatch(r"\w*", getattr(self, key)):
                raise ValueError(f"{key}: {getattr(self, key)!r} is not a valid {key}")
        if not self.transfers:
            if "all" in self.name:
                raise ValueError("name: all can be used with state dump and import only")
        elif self.target is None:
            raise ValueError(f"with state={self.state} target is required")
        try:
            shlex.split(self.dump_extra_args or "")
        except ValueError as error:
            raise ValueError(f"dump_extra_args: {error}") from error
        if self.state == "import" and len(self.name) > 1:
            raise ValueError("Multiple databases are not supported with state=import")

    @property
    def transfers(self) -> bool:
        """Whether the task dumps or imports data."""
        return self.state in ("dump", "import")

    @property
    def acts(self) -> bool:
        return self.transfers

    @property
    def _names(self) -> tuple[str, ...]:
        return () if self.transfers and "all" in self.name else tuple(dict.fromkeys(self.name))

    def program(self, context: TaskContext) -> Program:
        names = ", ".join(map(quoted, self._names or ("mysql",)))
        verb = {"present": "create", "absent": "drop"}.get(self.state, self.state)
        suffixes = {"dump": f" to {self.target}", "import": f" from {self.target}"}
        variables = {
            **self.client_variables(),
            "what": f"{verb} database {' '.join(self.name)}{suffixes.get(self.state, '')}",
            "state": self.state,
            "session": SESSION + ("" if self.sql_log_bin else "SET sql_log_bin = 0;\n"),
            "question": f"{SESSION}{_EXISTING} IN ({names});\n",
            "names": self._names,
            "statements": list(self._statements()),
            "target": self.target,
            "encoding": self.encoding,
            "arguments": list(
                self._dump_arguments() if self.state == "dump" else self._import_arguments()
            ),
            "chdir": self.chdir,
            "restrict_config_file": self.restrict_config_file,
        }
        return Program("mysql_db", self.body, variables)

    def _statements(self) -> Iterator[str]:
        """Yield each database, followed by the statement that creates or drops it."""
        for name in self._names:
            yield name
            yield f"{self._statement(name)};\n"

    def _statement(self, name: str) -> str:
        if self.state == "absent":
            return f"DROP DATABASE {identifier(name)}"
        characters = f" CHARACTER SET {quoted(self.encoding)}" if self.encoding else ""
        order = f" COLLATE {quoted(self.collation)}" if self.collation else ""
        return f"CREATE DATABASE {identifier(name)}{characters}{order}"

    def _dump_arguments(self) -> Iterator[str]:
        switches = {
            "--force": self.force,
            "--skip-lock-tables": self.skip_lock_tables,
            "--single-transaction": self.single_transaction,
            "--quick": self.quick,
            "--hex-blob": self.hex_blob,
        }
        yield from (option for option, on in switches.items() if on)
        yield from (f"--ignore-table={table}" for table in self.ignore_tables)
        if self.master_data:
            yield f"--master-data={self.master_data}"
        yield from shlex.split(self.dump_extra_args or "")
        if not self._names:
            yield "--all-databases"
        elif len(self._names) > 1:
            yield "--databases"
        yield from self._names

    def _import_arguments(self) -> Iterator[str]:
        if self.force:
            yield "--force"
        if self._names:
            yield from ("--one-database", *self._names)

    def returns(self, report: Report) -> dict[str, Any]:
        statements = list(self._statements())
        changed = {change.partition(" database ")[2] for change in report.changes}
        executed = [
            sql.rstrip()
            for name, sql in zip(statements[::2], statements[1::2], strict=True)
            if name in changed
        ]
        return {
            "db": " ".join(self.name),
            "db_list": list(self.name),
            **({"executed_commands": executed} if not self.transfers else {}),
        }
