"""lineinfile: keep one line in a file, or remove lines from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.edited import Edit, EditedFile, check_pattern, to_bytes
from provisioner.remote.shell import Report
from provisioner.user_regex import UserRegex


class LineInFile(EditedFile):
    """Keep one line in a file, or remove lines from it."""

    lists_diff: ClassVar[bool] = True
    hint: ClassVar[str] = ", or set create: true"
    subject: ClassVar[str] = "Destination"

    path: str = parameter(aliases=("dest", "destfile", "name"))
    """The file. If it is a link, its target is edited."""
    state: Literal["present", "absent"] = "present"
    """`present` keeps `line` in the file, `absent` removes all matching lines."""
    line: str | None = parameter(None, aliases=("value",))
    """The line. With `state: absent` and neither `regexp` nor `search_string` it is the line to
    remove."""
    regexp: str | None = parameter(None, aliases=("regex",))
    """A Python regular expression for the line to replace (the last match) or the lines to
    remove."""
    search_string: str | None = None
    """A text in the line to replace or the lines to remove, instead of `regexp`."""
    backrefs: bool = False
    """Expand groups such as `\\1` in `line`. If `regexp` matches no line, the file is not
    changed."""
    insertafter: str | None = None
    """If no line matches, insert the line after the last line that matches this regular expression.
    EOF, the default, means the end of the file; it is also used if nothing matches."""
    insertbefore: str | None = None
    """If no line matches, insert the line before the last line that matches this regular
    expression. BOF means the beginning of the file."""
    firstmatch: bool = False
    """Use the first match instead of the last."""
    create: bool = False
    """Create the file and its directory if they are missing."""
    others: Any = None
    """Accepted and ignored, as in Ansible."""

    def validate(self) -> None:
        if self.state == "present" and self.line is None:
            raise ValueError("line is required with state=present")
        if self.state == "absent" and (self.line, self.regexp, self.search_string) == (None,) * 3:
            raise ValueError("one of line, search_string, or regexp is required with state=absent")
        if self.regexp is not None and self.search_string is not None:
            raise ValueError("parameters are mutually exclusive: regexp|search_string")
        if self.insertafter is not None and self.insertbefore is not None:
            raise ValueError("parameters are mutually exclusive: insertbefore|insertafter")
        if self.backrefs and self.regexp is None:
            raise ValueError("regexp is required with backrefs=true")
        if self.regexp is not None and self.backrefs:
            check_pattern(self.regexp, replacement=self.line or "")
        for pattern in (self.regexp, self.insertafter, self.insertbefore):
            if pattern is not None:
                check_pattern(pattern)

    @property
    def needed(self) -> bool:
        return self.state == "present" and not self.create

    def edited(self, old: bytes | None) -> Edit:
        if self.state == "absent":
            return self._without(old)
        lines = lines_of(old or b"")
        line = to_bytes(self.line or "").rstrip(b"\r\n")
        if (replacement := self._replacement(lines)) is not None:
            number, new = replacement
            if lines[number].rstrip(b"\n") == new:
                return Edit(old or b"")
            lines[number] = new + b"\n"
            return Edit(b"".join(lines), "line replaced")
        if self.backrefs or any(_bare(other) == line for other in lines):
            return Edit(old or b"")
        number = self._new_place(lines)
        if number > 0 and not lines[number - 1].endswith((b"\n", b"\r")):
            lines[number - 1] += b"\n"
        lines.insert(number, line + b"\n")
        return Edit(b"".join(lines), "line added")

    def _without(self, old: bytes | None) -> Edit:
        if old is None:
            return Edit(b"")
        matches = self._matcher()
        lines = lines_of(old)
        kept = [line for line in lines if not matches(line)]
        count = len(lines) - len(kept)
        return Edit(b"".join(kept), f"{count} line(s) removed" if count else "")

    def _matcher(self) -> Callable[[bytes], Any]:
        """Return a function that says whether a line is one to replace or to remove."""
        if self.regexp is not None:
            return UserRegex(to_bytes(self.regexp)).search
        if self.search_string is not None:
            text = to_bytes(self.search_string)
            return lambda line: text in line
        whole = to_bytes(self.line or "").rstrip(b"\r\n")
        return lambda line: _bare(line) == whole

    def _replacement(self, lines: list[bytes]) -> tuple[int, bytes] | None:
        """Return (index of the line to replace, its new text without newline), or None."""
        if self.regexp is None and self.search_string is None:
            return None
        matches = self._matcher()
        numbered = [
            (number, match) for number, line in enumerate(lines) if (match := matches(line))
        ]
        if not numbered:
            return None
        number, match = numbered[0 if self.firstmatch else -1]
        new = to_bytes(self.line or "")
        return number, (match.expand(new) if self.backrefs else new).removesuffix(b"\n")

    def _new_place(self, lines: list[bytes]) -> int:
        """Return the index at which a new line goes."""
        if "BOF" in (self.insertafter, self.insertbefore):
            return 0
        pattern = self.insertafter or self.insertbefore
        if not pattern or pattern == "EOF":
            return len(lines)
        search = UserRegex(to_bytes(pattern)).search
        matching = [number for number, line in enumerate(lines) if search(line)]
        if not matching:
            return len(lines)
        number = matching[0 if self.firstmatch else -1]
        return number + 1 if self.insertafter else number

    def returns(self, report: Report) -> dict[str, Any]:
        values = super().returns(report)
        if "" in (self.regexp, self.search_string):
            values["warnings"] = [_matches_all(self.regexp == "")]
        if self.state == "absent":
            absent = report.get("at").startswith("absent")
            values["msg"] = values["msg"] or ("file not present" if absent else "0 line(s) removed")
            values["found"] = 0 if absent else int(values["msg"].split(" ")[0])
        return values


def _matches_all(expression: bool) -> str:
    """Return Ansible's warning about an empty pattern (its module lineinfile)."""
    return (
        f"The {'regular expression' if expression else 'search string'} is an empty string, which "
        "will match every line in the file. This may have unintended consequences, such as "
        "replacing the last line in the file rather than appending."
    ) + (
        " If this is desired, use '^' to match every line in the file and avoid this warning."
        if expression
        else ""
    )


def lines_of(data: bytes) -> list[bytes]:
    """Split `data` after each newline, like the lines of a binary file in Python."""
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def _bare(line: bytes) -> bytes:
    return line.rstrip(b"\r\n")
