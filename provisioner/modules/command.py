"""command, shell: run a command, always or only where `creates`/`removes` says it is due."""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from functools import lru_cache
from re import Match
from typing import Any, ClassVar, Self

from provisioner import regex
from provisioner.modules.framework.base import Module, TaskContext, Text
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.model import Field, model_validator
from provisioner.remote.shell import Program, Report, is_like_ours, quote


@lru_cache(1024)
def _split(text: str) -> tuple[str, ...]:
    """The words of a command; those of most tasks are the same on every host."""
    return tuple(text.split() if _BARE.fullmatch(text) else shlex.split(text))


_BARE = regex.compile(r"[a-zA-Z0-9_./:=,@%+ \t\n-]*")
"""Text in which nothing is quoted: shlex goes through each of its characters."""


class Command(Module):
    """Run a program directly, with no shell: no pipes, no `$VARIABLES`, no globs."""

    free_form: ClassVar[str | None] = "cmd"
    body: ClassVar[str] = load_body("shared/exists.sh", "shared/creates.sh", "command.sh")

    cmd: Text | None = None
    """The command line, split as a shell would split it."""
    argv: tuple[Text, ...] | None = None
    """The command as a list of words, instead of `cmd`."""
    chdir: Text | None = None
    """Change to this directory first."""
    creates: Text | None = None
    """A path or glob: where it exists the command is not run."""
    removes: Text | None = None
    """A path or glob: where it does not exist the command is not run."""
    stdin: Text | None = None
    """What the command reads."""
    stdin_add_newline: bool = True
    """End `stdin` with a newline."""
    strip_empty_ends: bool = True
    """Strip newlines at the ends of stdout and stderr."""
    executable: Text | None = None
    """Accepted and ignored, as Ansible does, with a warning: no shell is used."""
    expand_argument_vars: bool = True
    """Expand `$VARIABLES` in the words from the host's environment."""

    warn: bool = False
    """Ignored: Ansible has it no more, but old playbooks do."""

    @model_validator(mode="after")
    def _one_command(self) -> Self:
        if not (self.cmd or "").strip() and not self.argv:
            raise ValueError("no command given")
        if self.cmd and self.argv:
            raise ValueError("only command or argv can be given, not both")
        return self

    @property
    def acts(self) -> bool:
        return not (self.creates or self.removes)

    def words(self) -> list[str]:
        return list(self.argv) if self.argv is not None else list(_split(self.cmd or ""))

    def command(self) -> Any:
        """What the return value `cmd` says."""
        return self.words()

    def ran(self, status: str) -> bool:
        """Whether a command that failed with the exit status had begun."""
        return status not in ("", "126", "127")

    def program(self, context: TaskContext) -> Program:
        words = self.words()
        given = self.stdin or ""
        ends = "\n" if self.stdin is not None and self.stdin_add_newline else ""
        variables = {
            "argv": " ".join(map(self._expression, words)),
            "what": self._what(),
            "chdir": self.chdir,
            "creates": self.creates,
            "removes": self.removes,
            "input": given + ends,
            "timed": False,
        }
        return Program("command", self.body, variables)

    def _what(self) -> str:
        return shlex.join(self.words())

    def _expression(self, word: str) -> str:
        """`word` as sh text that gives it, with `~/` and the environment's variables expanded;
        as Python's expandvars does, an unset one stays as it stands."""
        if not self.expand_argument_vars:
            return quote(word)
        home, rest = ('"${HOME}"', word[1:]) if word == "~" or word.startswith("~/") else ("", word)
        quoted = quote(rest)
        return home + (_VARIABLE.sub(_expanded, quoted) if "$" in quoted else quoted)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"cmd": self.command(), "msg": "", **_times(report)}
        if self.executable and not isinstance(self, Shell):
            values["warnings"] = [f"{_NO_SHELL} Not using '{self.executable}'."]
        if "rc" not in report.records:  # not run: playbooks may read these all the same
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
            said = {"stdout": reason, "stdout_lines": [reason], "stderr": "", "stderr_lines": []}
            return values | said | {"rc": 0, "msg": reason}
        return values


def _times(report: Report) -> dict[str, Any]:
    """`start`, `end` and `delta` as Python writes them; None where nothing was run."""
    if "rc" not in report.records:
        return {"start": None, "end": None, "delta": None}
    if "clock" not in report.records:
        return {}
    began, ended, read = report.get("clock").split(" ", 2)
    end = datetime.fromisoformat(read[:26])
    took = timedelta(seconds=float(ended or 0) - float(began or 0))
    texts = {"start": str(end - took), "end": str(end), "delta": str(took)}
    return {name: text if "." in text else f"{text}.000000" for name, text in texts.items()}


_NO_SHELL = (
    "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' "
    "module."
)

_VARIABLE = regex.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")


def _expanded(found: Match[str]) -> str:
    """Close the single quotes around a variable, expand it in double quotes, and open them again.
    One that may be the body's own is looked up in the environment."""
    name = found[1] or found[2]
    if is_like_ours(name):
        return f"""'"$(in_environment {name} || echo \\${name})"'"""
    return f"""'"${{{name}-\\${name}}}"'"""


class Shell(Command):
    """Run a command line through a shell on the host."""

    ends_lines: ClassVar[bool] = True

    executable: Text | None = Field(default=None)
    """The shell to use instead of /bin/sh."""

    @model_validator(mode="after")
    def _expands_itself(self) -> Self:
        if "expand_argument_vars" in self.model_fields_set:
            raise ValueError("Unsupported parameters for (shell) module: expand_argument_vars")
        return self

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
