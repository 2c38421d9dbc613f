"""command, shell: run a command, always or only if `creates` and `removes` require it."""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from functools import lru_cache
from re import Match
from typing import Any, ClassVar

from provisioner import regex
from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, Report, may_be_shell_variable, quote


@lru_cache(1024)
def _split(text: str) -> tuple[str, ...]:
    """Return the words of a command line. Cached: most commands are the same on every host."""
    return tuple(text.split() if _BARE.fullmatch(text) else shlex.split(text))


_BARE = regex.compile(r"[a-zA-Z0-9_./:=,@%+ \t\n-]*")
"""Text without quotes. str.split is faster for it than shlex, which reads every character."""


class Command(Module):
    """Run a program directly, with no shell: no pipes, no `$VARIABLES`, no globs."""

    free_form: ClassVar[str | None] = "cmd"
    body: ClassVar[str] = load_body("shared/exists.sh", "shared/creates.sh", "command.sh")

    cmd: str | None = None
    """The command line, split as a shell would split it."""
    argv: tuple[str, ...] | None = None
    """The command as a list of words, instead of `cmd`."""
    chdir: str | None = None
    """The directory to run the command in."""
    creates: str | None = None
    """A path or glob. If it exists, the command is not run."""
    removes: str | None = None
    """A path or glob. If it does not exist, the command is not run."""
    stdin: str | None = None
    """The standard input of the command."""
    stdin_add_newline: bool = True
    """Add a newline to `stdin`."""
    strip_empty_ends: bool = True
    """Remove newlines at the end of stdout and stderr."""
    executable: str | None = None
    """Accepted and ignored with a warning, as in Ansible: no shell is used."""
    expand_argument_vars: bool = True
    """Replace `$VARIABLES` in the words from the host's environment."""

    warn: bool = False
    """Accepted and ignored: Ansible has removed it."""

    def validate(self) -> None:
        if not (self.cmd or "").strip() and not self.argv:
            raise ValueError("no command given")
        if self.cmd and self.argv:
            raise ValueError("only command or argv can be given, not both")

    @property
    def acts(self) -> bool:
        return not (self.creates or self.removes)

    def words(self) -> list[str]:
        return list(self.argv) if self.argv is not None else list(_split(self.cmd or ""))

    def command(self) -> Any:
        """Return the return value `cmd`."""
        return self.words()

    def ran(self, status: str) -> bool:
        """Return whether the failed command was started, judged by its exit status."""
        return status not in ("", "126", "127")

    def program(self, context: TaskContext) -> Program:
        words = self.words()
        newline = "\n" if self.stdin is not None and self.stdin_add_newline else ""
        variables = {
            "argv": " ".join(map(self._expression, words)),
            "what": self._what(),
            "chdir": self.chdir,
            "creates": self.creates,
            "removes": self.removes,
            "input": (self.stdin or "") + newline,
            "timed": False,
        }
        return Program("command", self.body, variables)

    def _what(self) -> str:
        return shlex.join(self.words())

    def _expression(self, word: str) -> str:
        """Return sh text for `word` that expands `~/` and variables of the environment.

        An unset variable stays as it is written, as with Python's os.path.expandvars.
        """
        if not self.expand_argument_vars:
            return quote(word)
        home, rest = ('"${HOME}"', word[1:]) if word == "~" or word.startswith("~/") else ("", word)
        quoted = quote(rest)
        return home + (_VARIABLE.sub(_expanded, quoted) if "$" in quoted else quoted)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"cmd": self.command(), "msg": "", **_times(report)}
        if self.executable and not isinstance(self, Shell):
            values["warnings"] = [f"{_NO_SHELL} Not using '{self.executable}'."]
        if "rc" not in report.records:  # not run, but playbooks may read these values
            values |= {"rc": None if report.failed else 0, "stdout": "", "stderr": ""}
            values |= {"stdout_lines": [], "stderr_lines": []}
        if report.failed:
            values["changed"] = self.ran(report.get("rc"))
        if report.failed and "rc" in report.records:
            values["msg"] = "non-zero return code"
        if "check" in report.records or (report.changes and "rc" not in report.records):
            values |= {"msg": "Command would have run if not in check mode"}
        if "skip" in report.records:
            reason = f"skipped, since {report.get('skip')}"
            output = {"stdout": reason, "stdout_lines": [reason], "stderr": "", "stderr_lines": []}
            return values | output | {"rc": 0, "msg": reason}
        return values


def _times(report: Report) -> dict[str, Any]:
    """Return `start`, `end` and `delta` in Python's notation; None if no command was run."""
    if "rc" not in report.records:
        return {"start": None, "end": None, "delta": None}
    if "clock" not in report.records:
        return {}
    start_uptime, end_uptime, end_time = report.get("clock").split(" ", 2)
    end = datetime.fromisoformat(end_time[:26])
    delta = timedelta(seconds=float(end_uptime or 0) - float(start_uptime or 0))
    texts = {"start": str(end - delta), "end": str(end), "delta": str(delta)}
    return {name: text if "." in text else f"{text}.000000" for name, text in texts.items()}


_NO_SHELL = (
    "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' "
    "module."
)

_VARIABLE = regex.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")


def _expanded(match: Match[str]) -> str:
    """Return sh text that closes the single quotes, expands the variable and opens them again.

    A name that the body may use itself is looked up in the environment.
    """
    name = match[1] or match[2]
    if may_be_shell_variable(name):
        return f"""'"$(in_environment {name} || echo \\${name})"'"""
    return f"""'"${{{name}-\\${name}}}"'"""


class Shell(Command):
    """Run a command line through a shell on the host."""

    ends_lines: ClassVar[bool] = True

    executable: str | None = None
    """The shell. The default is /bin/sh."""

    def validate(self) -> None:
        super().validate()
        if "expand_argument_vars" in self.fields_given:
            raise ValueError("Unsupported parameters for (shell) module: expand_argument_vars")

    def words(self) -> list[str]:
        return [self.executable or "/bin/sh", "-c", self.cmd or ""]

    def command(self) -> Any:
        return self.cmd

    def ran(self, status: str) -> bool:
        return status != ""

    def _what(self) -> str:
        return " ".join((self.cmd or "").split())[:200]

    def _expression(self, word: str) -> str:
        return quote(word)  # the shell itself expands
