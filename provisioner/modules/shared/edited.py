"""Base class of modules that edit a file on the controller: lineinfile, blockinfile and others.

The file is read, edited here and written back, because the regular expressions are Python's. The
new content is only sent if the edit changes something, and only written if the file has not
changed meanwhile.
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
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Program, Report, Value
from provisioner.result import Diff

READ = r"""
expand path
if [ -L "$path" ]; then
    target_of "$path" || fail "$path is a link without a target: remove it"
    path=$_target
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
    other) fail "$path is $(special_kind "$path"), not a file that can be edited" ;;
    *) fail "$path is a $at_kind, not a file that can be edited" ;;
esac
"""


@dataclass(frozen=True)
class Edit:
    """A file's new content, and Ansible's message about the change."""

    content: bytes
    message: str = ""


class EditedFile(FileAttributes, Module):
    """Keep a part of a file."""

    body: ClassVar[str] = READ
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT
    hint: ClassVar[str] = ""
    """A further hint if the file is missing, after a comma."""
    subject: ClassVar[str] = "Path"
    """The word for the file in the message that it is missing, as in Ansible's module."""
    mark: ClassVar[str] = " !"
    """The end of that message, as in Ansible's module."""

    path: str
    """The file. If it is a link, its target is edited."""
    backup: bool = False
    """Keep a copy of the old file, with the time in its name."""
    validate_: str | None = parameter(None, name="validate")
    """A command that checks the new file before it replaces the old one; %s stands for its path.
    Any exit status but 0 refuses the file."""

    @property
    def needed(self) -> bool:
        """Whether the task fails if the file is missing."""
        return True

    def edited(self, old: bytes | None) -> Edit:
        """Return the edit of the content `old`, which is None if there is no file."""
        raise NotImplementedError

    def program(self, context: TaskContext) -> Program:
        variables: dict[str, Value] = {"path": self.path, "needed": self.needed, "hint": self.hint}
        variables |= {"subject": self.subject, "mark": self.mark}
        variables |= self.attribute_variables()
        return Program(
            "edited", self.body, variables, looks_at=self.path, report_limit=self.report_limit
        )

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
            message=edit.message,
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
        """Return the difference, by doing the edit again: only now the old text is needed."""
        if report.get("before") == TOO_BIG:
            return ()
        old = to_bytes(report.get("before")) if "before" in report.records else None
        return written_diff(report, self.edited(old).content)


def check_pattern(pattern: str, flags: int = 0, replacement: str = "") -> None:
    """ValueError unless Python's re takes `pattern`, with the groups that `replacement` names."""
    try:
        re.compile(pattern, flags)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    try:
        re.sub(pattern, replacement, "", flags=flags)
    except (re.error, IndexError) as error:
        raise ValueError(f"{replacement!r} does not fit {pattern!r}: {error}") from None


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
