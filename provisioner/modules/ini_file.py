"""ini_file: set or remove options and sections of an INI file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.fields import Parameters, parameter
from provisioner.modules.shared.edited import Edit, EditedFile
from provisioner.remote.shell import Report

BOM = "\ufeff"
BLANK = regex.compile(r"[ \t]*([#;].*)?\Z")
"""An empty line or a comment."""


class SectionValues(Parameters):
    """A condition for the section: it has this option with these values."""

    option: str
    """The name of an option."""
    value: str | None = None
    """The value of the option. The default is any value."""
    values: tuple[str, ...] = ()
    """Several values of the option."""

    def all_values(self) -> tuple[str, ...]:
        return self.values if self.value is None else (self.value, *self.values)

    def holds(self, lines: Sequence[str]) -> bool:
        matches = [match for line in lines if (match := _pattern(self.option, False).match(line))]
        values = {match["value"] for match in matches}
        return bool(matches) and values.issuperset(self.all_values())


class IniFile(EditedFile):
    """Set or remove an option or a section of an INI file."""

    subject: ClassVar[str] = "Destination"
    mark: ClassVar[str] = "!"

    path: str = parameter(aliases=("dest",))
    """The file. If it is a link, its target is edited."""
    section: str | None = None
    """The section. The default is the part before the first section."""
    section_has_values: tuple[SectionValues, ...] = ()
    """If several sections have the name, use the first one with these options and values. If there
    is none, `state: present` adds such a section."""
    option: str | None = None
    """The option. The default is the section itself."""
    value: str | None = None
    """The value of the option."""
    values: tuple[str, ...] = ()
    """Several values, each in a line of its own."""
    state: Literal["present", "absent"] = "present"
    """`present` sets the option, `absent` removes it, or without `option` the whole section."""
    exclusive: bool = True
    """Remove other lines of the option. If false, lines with other values are kept."""
    no_extra_spaces: bool = False
    """Write `option=value` instead of `option = value`."""
    ignore_spaces: bool = False
    """Do not change a line that differs only in the spaces around its `=`."""
    create: bool = True
    """Create the file and its directory if they are missing."""
    allow_no_value: bool = False
    """Write an option without a value without `=`."""
    modify_inactive_option: bool = True
    """If the option is commented out, replace that line."""
    follow: bool = False
    """Accepted and ignored: a link is always followed."""

    def validate(self) -> None:
        if self.value is not None and self.values:
            raise ValueError("parameters are mutually exclusive: value|values")
        present = self.state == "present"
        if present and self.option and not (self.allow_no_value or self._values()):
            raise ValueError(
                "Parameter 'value(s)' must be defined if state=present and allow_no_value=False."
            )
        if not self.option and not self.section:
            raise ValueError("set option, section or both")
        texts = (self.section, self.option, self.value, *self.values)
        if any("\n" in (text or "") for text in texts):
            raise ValueError("section, option and values must be single lines")

    @property
    def needed(self) -> bool:
        return not self.create and self.state == "present"

    def edited(self, old: bytes | None) -> Edit:
        text = (old or b"").decode("utf-8", "surrogateescape")
        bom = BOM if text.startswith(BOM) else ""
        carriage_return = "\r" if "\r\n" in text else ""
        before = (
            text.removeprefix(bom).removesuffix("\n").split("\n")
        )  # an empty file has one empty line
        old_lines = [line.rstrip("\r") for line in before]
        lines, message = self._lines(old_lines)
        if lines == old_lines:
            return Edit(old or b"")
        content = bom + "".join(f"{line}{carriage_return}\n" for line in lines)
        return Edit(content.encode("utf-8", "surrogateescape"), message)

    def _lines(self, lines: list[str]) -> tuple[list[str], str]:
        """Return the file's new lines and Ansible's message for the change."""
        span = self._section(lines)
        if span is None:
            return (lines, "OK") if self.state == "absent" else self._with_section(lines)
        first, last = span
        part = lines[first:last]
        if self.state == "absent":
            new, message = self._without(part)
        else:
            new, message = self._with(part)
        return lines[:first] + new + lines[last:], message

    def _section(self, lines: list[str]) -> tuple[int, int] | None:
        """Return the range of the section's lines with its heading; None if there is none."""
        heads = [number for number, line in enumerate(lines) if line.startswith("[")]
        ends = [*heads, len(lines)]
        if not self.section:
            return 0, ends[0]
        pattern = re.compile(rf"\[\s*{re.escape(self.section.strip())}\s*\]")
        for place, first in enumerate(heads):
            last = ends[place + 1]
            part = lines[first + 1 : last]
            if pattern.match(lines[first]) and all(v.holds(part) for v in self.section_has_values):
                return first, last
        return None

    def _with_section(self, lines: list[str]) -> tuple[list[str], str]:
        """Add the section at the end of the file."""
        new = [f"[{self.section}]"]
        for item in self.section_has_values:
            new += [self._line(value, item.option) for value in item.all_values() or (None,)]
        length = len(new)
        if self.option:
            new, _ = self._with(new)
        message = "only section added" if len(new) == length else "section and option added"
        return lines + new, message

    def _without(self, part: list[str]) -> tuple[list[str], str]:
        if not self.option:
            return [], "section removed"
        pattern, values = _pattern(self.option, False), self._values()
        matches = [pattern.match(line) for line in part]
        new = [
            line
            for line, match in zip(part, matches, strict=True)
            if not match or not (self.exclusive or match["value"] in values)
        ]
        return new, "option changed"

    def _with(self, part: list[str]) -> tuple[list[str], str]:
        """Return the lines of a section with the option's values set.

        Lines that have one of the values are kept. Other lines of the option get a missing value.
        Further values are added as new lines.
        """
        if not self.option:
            return part, "OK"
        pattern = _pattern(self.option, self.modify_inactive_option)
        matches = {n: match for n, line in enumerate(part) if (match := self._used(pattern, line))}
        missing: list[str | None] = [*self._values()] or [None]
        assigned: dict[int, str | None] = {}
        for number, match in matches.items():
            if (value := None if missing == [None] else match["value"]) in missing:
                missing.remove(value)
                assigned[number] = value
        replacing = self.exclusive and not self.allow_no_value
        reusable = [n for n in matches if replacing and n not in assigned]
        for number in reusable[: len(missing)]:
            assigned[number] = missing.pop(0)
        others = {n for n, match in matches.items() if replacing and not match["mark"]}
        new = [
            self._changed(line, assigned[n], matches[n]) if n in assigned else line
            for n, line in enumerate(part)
            if n in assigned or n not in others
        ]
        if not missing:
            return new, "option changed"
        place = max((n + 1 for n, line in enumerate(new) if not BLANK.match(line)), default=0)
        new[place:place] = [self._new_line(value, self.option) for value in missing]
        return new, "option added"

    def _used(self, pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
        """Return the match if the line sets the option or is a commented-out setting of it.

        A comment without `=` that only begins with the option's name is not a setting.
        """
        match = pattern.match(line)
        if match and match["mark"] and not match["sign"] and not self.allow_no_value:
            return None
        return match

    def _changed(self, line: str, value: str | None, match: re.Match[str]) -> str:
        if self.ignore_spaces and not match["mark"] and match["value"] == (value or ""):
            return line
        return self._line(value, self.option or "")

    def _line(self, value: str | None, option: str) -> str:
        """Return an existing line with a new value. For an empty value it loses its `=`."""
        return option if value == "" and self.allow_no_value else self._new_line(value, option)

    def _new_line(self, value: str | None, option: str) -> str:
        if value is None:
            return option
        return f"{option}={value}" if self.no_extra_spaces else f"{option} = {value}"

    def _values(self) -> tuple[str, ...]:
        values = self.values if self.value is None else (self.value,)
        return tuple(dict.fromkeys(values))

    def returns(self, report: Report) -> dict[str, Any]:
        values = super().returns(report)
        return {**values, "msg": values["msg"] or "OK"}


def _pattern(option: str, inactive: bool) -> re.Pattern[str]:
    """Return a pattern for lines of `option`, with the groups mark, sign and value.

    The mark of a comment is only matched if `inactive` is true.
    """
    mark = "[#;]?" if inactive else ""
    name = re.escape(option)
    return re.compile(
        rf"[ \t]*(?P<mark>{mark})[ \t]*{name}[ \t]*(?:(?P<sign>=)|\Z)[ \t]*(?P<value>.*)"
    )
