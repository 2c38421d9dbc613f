"""mysql_variables: a global variable of MariaDB or MySQL is read, or set until the next restart."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import ModuleError, TaskContext
from provisioner.modules.shared.mysql.client import ASK, SESSION, MysqlModule, identifier
from provisioner.modules.shared.sql import quoted
from provisioner.remote.shell import Program, Report

READ = (
    ASK
    + r"""
signed_in "$what" "$question" --raw --skip-column-names || return 0
[ -n "$answer" ] || fail "Variable not available \"$variable\""
report value "${answer#*"$_tab"}"
"""
)

CHANGE = (
    ASK
    + r"""
submit() { printf '%s' "$statement" | sql; }
signed_in "$what" "$question" --raw --skip-column-names || return 0
if [ "$look" = no ]; then
    run submit || broken "$what" "exit $status"
    ask "$question" --raw --skip-column-names || fail "$complaint"
    report value_after "${answer#*"$_tab"}"
fi
changed "$what"
"""
)

_NAME = regex.compile(r"[0-9A-Za-z_.]+")
_WORDS = regex.compile(r"[A-Za-z][\w-]*(?:,[A-Za-z][\w-]*)*")


class MysqlVariables(MysqlModule):
    """Return a global variable of MariaDB or MySQL, or set it until the server restarts."""

    body: ClassVar[str] = CHANGE

    variable: str
    """The variable's name."""
    value: str | None = None
    """The value to set. Without it, the variable is only read, and returned as `msg`."""
    mode: Literal["global"] = "global"
    """Where to set the variable. Use `template` or `ini_file` for settings that must survive a
    restart."""

    _before: str | None = None

    @classmethod
    def validate_variable(cls, variable: str) -> str:
        if not _NAME.fullmatch(variable):
            raise ValueError(f'invalid variable name "{variable}"')
        return variable

    def program(self, context: TaskContext) -> Program:
        return Program("mysql_variables_read", READ, self._variables())

    def _variables(self) -> dict[str, Any]:
        name = quoted(self.variable)
        read = f"read {self.variable}"
        return {
            **self.asking(),
            "variable": self.variable,
            "what": read if self.value is None else f"set {self.variable} = {self.value}",
            "question": f"{SESSION}SHOW GLOBAL VARIABLES WHERE Variable_name = {name};\n",
        }

    def edit(self, report: Report) -> Program | None:
        if self.value is None or "value" not in report.records:
            return None
        self._before = report.get("value")
        wanted = self._wanted(self._before)
        if _typed(self._before) == wanted or _words(wanted) == _words(self._before):
            return None
        name = ".".join(map(identifier, self.variable.split(".")))
        value = quoted(wanted) if isinstance(wanted, str) else wanted
        statement = f"{SESSION}SET GLOBAL {name} = {value};\n"
        return Program("mysql_variables", CHANGE, {**self._variables(), "statement": statement})

    def _wanted(self, now: str) -> str | int | float:
        """The value as the server tells it: switches are ON and OFF."""
        words = {"on": "ON", "1": "ON", "true": "ON", "off": "OFF", "0": "OFF", "false": "OFF"}
        if now in ("ON", "OFF"):
            return words.get((self.value or "").lower(), self.value or "")
        return _typed(self.value or "")

    def finish(self, report: Report) -> dict[str, Any]:
        after = report.get("value_after")
        if "value_after" not in report.records or _typed(after) == self._wanted(after):
            return {}
        if not _words(self._wanted(after)) <= _words(after):
            raise ModuleError(f"{report.changes[-1]}: the server has taken {after}")
        return {}

    def returns(self, report: Report) -> dict[str, Any]:
        if self.value is None:
            return {"msg": report.get("value")}
        if report.changes:
            return {"msg": f"Variable change succeeded prev_value={self._before}"}
        return {"msg": "Variable is already set to requested value."}


def _typed(value: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _words(value: object) -> frozenset[str]:
    """Words of the server's own, as of sql_mode and binlog_format, which it tells in an order and a
    case of its own; anything else is one word as it is."""
    text = str(value)
    return frozenset(text.upper().split(",") if _WORDS.fullmatch(text) else (text,))
