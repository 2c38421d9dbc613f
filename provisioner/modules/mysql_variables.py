"""mysql_variables: read a global variable of MariaDB or MySQL, or set it until a restart."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import ModuleError, TaskContext
from provisioner.modules.shared.mysql.client import CLIENT, SESSION, MysqlModule, identifier
from provisioner.modules.shared.sql import quoted
from provisioner.remote.shell import Program, Report

READ = (
    CLIENT
    + r"""
log_in "$what" "$question" --raw --skip-column-names || return 0
[ -n "$answer" ] || fail "Variable not available \"$variable\""
report value "${answer#*"$_tab"}"
"""
)

CHANGE = (
    CLIENT
    + r"""
submit() { printf '%s' "$statement" | sql; }
log_in "$what" "$question" --raw --skip-column-names || return 0
if [ "$look" = no ]; then
    run submit || broken "$what" "exit $status"
    ask "$question" --raw --skip-column-names || fail "$error"
    report value_after "${answer#*"$_tab"}"
fi
changed "$what"
"""
)

_NAME = regex.compile(r"[0-9A-Za-z_.]+")
_WORD_LIST = regex.compile(r"[A-Za-z][\w-]*(?:,[A-Za-z][\w-]*)*")


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
            **self.client_variables(),
            "variable": self.variable,
            "what": read if self.value is None else f"set {self.variable} = {self.value}",
            "question": f"{SESSION}SHOW GLOBAL VARIABLES WHERE Variable_name = {name};\n",
        }

    def edit(self, report: Report) -> Program | None:
        if self.value is None or "value" not in report.records:
            return None
        self._before = report.get("value")
        desired = self._desired(self._before)
        if _typed(self._before) == desired or _words(desired) == _words(self._before):
            return None
        name = ".".join(map(identifier, self.variable.split(".")))
        value = quoted(desired) if isinstance(desired, str) else desired
        statement = f"{SESSION}SET GLOBAL {name} = {value};\n"
        return Program("mysql_variables", CHANGE, {**self._variables(), "statement": statement})

    def _desired(self, current: str) -> str | int | float:
        """Return the value as the server shows it: switches are ON and OFF."""
        words = {"on": "ON", "1": "ON", "true": "ON", "off": "OFF", "0": "OFF", "false": "OFF"}
        if current in ("ON", "OFF"):
            return words.get((self.value or "").lower(), self.value or "")
        return _typed(self.value or "")

    def finish(self, report: Report) -> dict[str, Any]:
        after = report.get("value_after")
        if "value_after" not in report.records or _typed(after) == self._desired(after):
            return {}
        if not _words(self._desired(after)) <= _words(after):
            raise ModuleError(f"{report.changes[-1]}: the server has set it to {after}")
        return {}

    def returns(self, report: Report) -> dict[str, Any]:
        if self.value is None:
            return {"msg": report.get("value")}
        if report.changes:
            return {"msg": f"Variable change succeeded prev_value={self._before}"}
        return {"msg": "Variable is already set to requested value."}


def _typed(value: str) -> str | int | float:
    """Return a number if `value` is one, else the text."""
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _words(value: object) -> frozenset[str]:
    """Return the words of a list such as sql_mode, in capitals: the server changes their order.

    Any other value is one word, as it is.
    """
    text = str(value)
    return frozenset(text.upper().split(",") if _WORD_LIST.fullmatch(text) else (text,))
