"""cron: keep a job or a variable in a user's crontab or in a file of /etc/cron.d."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.content import as_read
from provisioner.modules.shared.edited import to_bytes
from provisioner.remote.shell import Program, Report, Value
from provisioner.result import Diff

BODY = r"""
list() {
    if is_own; then crontab -l; else crontab -u "$user" -l; fi
}
install() {
    printf '%s' "$content" |
        if is_own; then crontab -; else crontab -u "$user" -; fi
}
is_own() { [ -z "$user" ] || [ "$(id -un)" = "$user" ]; }
installed() { current=$(list && echo .) || current=.; [ "$current" = "$content." ]; }
gone() { [ ! -e "$file" ]; }

if [ -z "$file" ] && ! command -v crontab; then
    [ "$look" = yes ] || fail 'crontab is not installed: install cronie in an earlier task'
    [ "$step" = write ] || { report before ''; return; }
fi
if [ "$step" = read ]; then
    if [ -z "$file" ]; then
        text=$(list && echo .) || text=.
        report before "${text%.}"
    else
        at "$file" || true
        report at "$at_kind"
        [ "$at_kind" != file ] || before "$file"
    fi
    return
fi
if [ -z "$file" ]; then
    if [ "$backup" = yes ] && [ "$look" = no ]; then
        copy=$(mktemp /tmp/crontab.XXXXXXXX) && list >"$copy" && report backup_file "$copy"
    fi
    ensure "$what" installed install
elif [ -z "$content" ]; then
    ensure "remove $file" gone rm -f -- "$file"
else
    at "$file" || true
    [ "$look" = yes ] || replace "$file"
    changed "$what"
fi
"""

MARK = "#Ansible: "


class Cron(Module):
    """Keep a job in a crontab, or with `env` a variable."""

    body: ClassVar[str] = BODY

    name: str
    """The name of the job, which is written as a comment before it, or the name of the variable."""
    job: str | None = parameter(None, aliases=("value",))
    """The command to run, or the value of the variable. Needed for state: present."""
    state: Literal["present", "absent"] = "present"
    """`present` adds or changes it, `absent` removes it."""
    user: str | None = None
    """The user whose crontab it is. With `cron_file` the user that runs the job. The default is the
    user of the task."""
    cron_file: str | None = None
    """A file to use instead of a crontab: a name in /etc/cron.d or an absolute path."""
    minute: str = "*"
    """The minute: 0-59, `*` or `*/5`."""
    hour: str = "*"
    """The hour: 0-23, `*` or `*/2`."""
    day: str = parameter("*", aliases=("dom",))
    """The day of the month: 1-31, `*` or `*/2`."""
    month: str = "*"
    """The month: 1-12, `*` or `*/2`."""
    weekday: str = parameter("*", aliases=("dow",))
    """The day of the week: 0-6, where 0 is Sunday, or `*`."""
    special_time: (
        Literal["annually", "daily", "hourly", "monthly", "reboot", "weekly", "yearly"] | None
    ) = None
    """A word instead of minute, hour, day, month and weekday."""
    disabled: bool = False
    """Write the job as a comment, so that it is not run."""
    env: bool = False
    """Set a variable instead of a job."""
    insertafter: str | None = None
    """With `env`: insert a new variable after this one."""
    insertbefore: str | None = None
    """With `env`: insert a new variable before this one."""
    backup: bool = False
    """Keep a copy of the old crontab in /tmp."""

    _edit: tuple[str, str] | None = None

    def validate(self) -> None:
        if self.state == "present" and self.job is None:
            raise ValueError("state: present needs job")
        if self.cron_file and self.user is None and not self.env and self.state == "present":
            raise ValueError("a job in a cron_file needs user")
        if (self.insertafter or self.insertbefore) and not self.env:
            raise ValueError("insertafter and insertbefore need env: true")
        fields = (self.minute, self.hour, self.day, self.month, self.weekday)
        if self.special_time and any(field != "*" for field in fields):
            raise ValueError("special_time can't be used with minute, hour, day, month or weekday")
        if "\n" in self.name or "\n" in (self.job or "").rstrip("\r\n"):
            raise ValueError("name and job must be single lines")

    def program(self, context: TaskContext) -> Program:
        return self._program("read", "")

    def _file(self) -> str:
        if not self.cron_file:
            return ""
        return self.cron_file if "/" in self.cron_file else f"/etc/cron.d/{self.cron_file}"

    def _program(self, step: str, content: str, **more: Value) -> Program:
        thing = "variable" if self.env else "job"
        verb = "set" if self.state == "present" else "remove"
        variables: dict[str, Any] = {
            "step": step,
            "content": content,
            "user": None if self.cron_file else self.user,
            "file": self._file(),
            "backup": self.backup,
            "what": f"{verb} cron {thing} {self.name}",
            **more,
        }
        return Program("cron", self.body, variables)

    def edit(self, report: Report) -> Program | None:
        if not report.done or not {"before", "at"} & set(report.records):
            return None
        old = report.get("before")
        new = self.edited(old)
        if new == old:
            return None
        self._edit = (old, new)
        if not self.cron_file:
            return self._program("write", new)
        content = to_bytes(old) if report.get("at") == "file" else None
        return self._program("write", new, **as_read(content))

    def edited(self, old: str) -> str:
        """Return the crontab's new text."""
        lines = old.splitlines()
        new = self._variable(lines) if self.env else self._job(lines)
        if self.state == "absent" and not any(line.strip() for line in new):
            return ""
        return old if new == lines else "".join(f"{line}\n" for line in new)

    def _job(self, lines: list[str]) -> list[str]:
        """Return the new lines. A job is one line, after a comment with its name."""
        mark = MARK + self.name
        new = [mark, self.line()] if self.state == "present" else []
        if mark in lines:
            at = lines.index(mark)
            return [*lines[:at], *new, *lines[at + 2 :]]
        if new and (at_unmarked := self._unmarked(lines, new[1])) is not None:
            return [*lines[:at_unmarked], mark, *lines[at_unmarked:]]
        return [*lines, *new]

    def _unmarked(self, lines: list[str], job: str) -> int | None:
        """Return the index of the same job without a comment before it, as written by hand."""
        for at, line in enumerate(lines):
            if line == job and not (at and lines[at - 1].startswith(MARK)):
                return at
        return None

    def line(self) -> str:
        """Return the job's line."""
        fields = (self.minute, self.hour, self.day, self.month, self.weekday)
        when = f"@{self.special_time}" if self.special_time else " ".join(fields)
        who = f"{self.user} " if self.cron_file else ""
        lead = "#" if self.disabled else ""
        return f"{lead}{when} {who}{(self.job or '').rstrip(chr(10) + chr(13))}"

    def _variable(self, lines: list[str]) -> list[str]:
        """Return the new lines, with the variable set or removed."""
        new = f'{self.name}="{self.job}"'
        old = [at for at, line in enumerate(lines) if line.startswith(f"{self.name}=")]
        if self.state == "absent":
            return [line for at, line in enumerate(lines) if at not in old]
        if old:
            return [*lines[: old[0]], new, *lines[old[0] + 1 :]]
        at = self._place(lines)
        return [*lines[:at], new, *lines[at:]]

    def _place(self, lines: list[str]) -> int:
        """Return the index for a new variable: 0, or beside insertafter or insertbefore."""
        for other, offset in ((self.insertafter, 1), (self.insertbefore, 0)):
            for at, line in enumerate(lines):
                if other and line.startswith(f"{other}="):
                    return at + offset
        return 0

    def returns(self, report: Report) -> dict[str, Any]:
        lines = (self._edit[1] if self._edit else report.get("before")).splitlines()
        jobs = [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]
        names = [line.partition("=")[0] for line in lines if line[:1].isalpha() and "=" in line]
        envs = [name for name in names if " " not in name.strip()]
        values: dict[str, Any] = {"jobs": jobs, "envs": envs}
        if self.cron_file:
            values["cron_file"] = self.cron_file
        if report.get("backup_file"):
            values["backup_file"] = report.get("backup_file")
        return values

    def diff(self, report: Report) -> tuple[Diff, ...]:
        name = self._file() or "crontab"
        return (Diff(*self._edit, name, name),) if self._edit else ()
