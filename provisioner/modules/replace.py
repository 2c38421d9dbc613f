"""replace: replace every match of a regular expression in a file."""

from __future__ import annotations

import re
from typing import Any

from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.edited import Edit, EditedFile, check_pattern, to_bytes
from provisioner.remote.shell import Report
from provisioner.user_regex import UserRegex


class Replace(EditedFile):
    """Replace every match of a regular expression in a file."""

    path: str = parameter(aliases=("dest", "destfile", "name"))
    """The file. If it is a link, its target is edited."""
    regexp: str
    """A Python regular expression. `^` and `$` match at every line."""
    replace: str = ""
    """The text that replaces a match. `\\1` or `\\g<name>` stands for a group."""
    after: str | None = None
    """Replace only after the first match of this regular expression, in which `.` also matches
    newlines."""
    before: str | None = None
    """Replace only before the match of this regular expression."""
    encoding: str = "utf-8"
    """The encoding of the file."""
    others: Any = None
    """Accepted and ignored, as in Ansible."""

    def validate(self) -> None:
        check_pattern(self.regexp, re.MULTILINE)
        try:
            re.sub(self.regexp, self.replace, "")
        except (re.error, IndexError) as error:
            raise ValueError(f"Unable to process replace due to error: {error}") from None
        if section := self._section():
            check_pattern(section, re.DOTALL)
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"there is no encoding {self.encoding!r}") from None

    def _section(self) -> str:
        """Return a pattern for the part between `after` and `before`; "" for the whole file."""
        if self.after is None and self.before is None:
            return ""
        middle = "(?P<subsection>.*?)" if self.after and self.before else "(?P<subsection>.*)"
        return (self.after or "") + middle + (self.before or "")

    def edited(self, old: bytes | None) -> Edit:
        text = (old or b"").decode(self.encoding, "surrogateescape")
        first, last = 0, len(text)
        if section := self._section():
            match = UserRegex(section, re.DOTALL).search(text)
            if match is None:
                return Edit(old or b"")
            first, last = match.span("subsection")
        new, count = UserRegex(self.regexp, re.MULTILINE).subn(self.replace, text[first:last])
        content = text[:first] + new + text[last:]
        if content == text:
            return Edit(old or b"")
        return Edit(content.encode(self.encoding, "surrogateescape"), f"{count} replacements made")

    def returns(self, report: Report) -> dict[str, Any]:
        values = super().returns(report)
        section, before = self._section(), to_bytes(report.get("before"))
        text = before.decode(self.encoding, "surrogateescape")
        if section and not report.changes and not UserRegex(section, re.DOTALL).search(text):
            message = "Pattern for before/after params did not match the given file"
            values["msg"] = f"{message}: {section}"
        return values
