"""What lineinfile, blockinfile and replace share: a file is read, edited here, and written back.

Their regular expressions are Python's, hence the edit is: the look brings the file, and only where
the edit changes it does its new content travel, to be written if the file is still what was read.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.content import (
    TOO_BIG,
    as_read,
    validation,
    write,
    written_diff,
    written_values,
)
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Report, Value
from provisioner.result import Diff

READ = r"""
expand path
if [ -L "$path" ]; then
    path=$(readlink -f -- "$path") || fail "$path is a link that leads nowhere: remove it"
fi
report dest "$path"
at "$path" || true
report_at
case $at_kind in
    file)
        before "$path"
        attributes "$path"
        ;;
    absent)
        [ "$needed" = yes ] || return 0
        missing="$subject $path does not exist$mark"
        if [ "$look" = no ]; then
            report hint "create it in an earlier task$hint"
            fail "$missing"
        fi
        assume "$missing"
        changed "edit $path"
        ;;
    directory) fail "Path $path is a directory !" ;;
    *) fail "$path is a $at_kind, not a file that can be edited" ;;
esac
"""


@dataclass(frozen=True)
class Edit:
    """A file's new content and what was done to it, in Ansible's words."""

    content: bytes
    message: str = ""


class Edited(FileAttributes, Module):
    """A file of which a part is kept."""

    body: ClassVar[str] = READ
    hint: ClassVar[str] = ""
    """What else helps where the file is missing."""
    subject: ClassVar[str] = "Path"
    """What the file is called where it is missing."""
    mark: ClassVar[str] = " !"
    """How Ansible's module ends the sentence that says so."""

    path: str
    """The file; where it is a link, what it leads to."""
    backup: bool = False
    """Keep a copy of the file as it was, with the time in its name."""
    validate_: str | None = parameter(None, name="validate")
    """A command that accepts or refuses the new file before it is put in place; %s is its path."""

    @property
    def needed(self) -> bool:
        """Whether it is a failure that the file is missing."""
        return True

    def edited(self, old: bytes | None) -> Edit:
        """The edit of the content `old`; None where there is no file. Pure."""
        raise NotImplementedError

    def program(self, context: TaskContext) -> Program:
        variables: dict[str, Value] = {"path": self.path, "needed": self.needed, "hint": self.hint}
        variables |= {"subject": self.subject, "mark": self.mark}
        variables |= self.attribute_variables()
        return Program("edited", self.body, variables, looks_at=self.path)

    def edit(self, report: Report) -> Program | None:
        if not report.get("at"):
            return None
        absent = report.get("at").startswith("absent")
        if absent and self.needed:
            return None
        old = None if absent else to_bytes(report.get("before"))
        edit = self.edited(old)
        if edit.content == old or (old is None and not edit.content and not edit.message):
            return None
        return write(
            report.get("dest"),
            edit.content,
            self,
            said=edit.message,
            backup=self.backup,
            validate=validation(self.validate_),
            parents=True,
            **as_read(old),
        )

    def returns(self, report: Report) -> dict[str, Any]:
        values = written_values(report)
        values.pop("checksum")
        return {"msg": "", "path": self.path, **values, "backup": values.get("backup_file", "")}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        """Edited once more: the report has the old content, and only when it was asked for."""
        if report.get("before") == TOO_BIG:
            return ()
        old = to_bytes(report.get("before")) if "before" in report.records else None
        return written_diff(report, self.edited(old).content)


def regular(pattern: str, flags: int = 0, replacement: str = "") -> None:
    """ValueError unless Python's re takes `pattern`, with the groups that `replacement` names."""
    try:
        re.compile(pattern, flags)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    try:
        re.sub(pattern, replacement, "", flags=flags)
    except (re.error, IndexError) as error:
        raise ValueError(f"{replacement!r} does not fit {pattern!r}: {error}") from None


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
