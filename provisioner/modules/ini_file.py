"""ini_file: options and sections of an INI file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

from provisioner import regex
from provisioner.modules.framework.base import Text
from provisioner.modules.framework.model import (
    AliasChoices,
    ConfigDict,
    Field,
    Model,
    model_validator,
)
from provisioner.modules.shared.edited import Edit, Edited
from provisioner.remote.shell import Report

BOM = "\ufeff"
IDLE = regex.compile(r"[ \t]*([#;].*)?\Z")
"""A line without meaning: blank, or a comment."""


class SectionValues(Model):
    """What a section must hold to be the one that is meant."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    option: Text
    """An option of the section."""
    value: Text | None = None
    """Its value; without one, any will do."""
    values: tuple[Text, ...] = ()
    """Its values, where the option stands there several times."""

    def wanted(self) -> tuple[str, ...]:
        return self.values if self.value is None else (self.value, *self.values)

    def holds(self, lines: Sequence[str]) -> bool:
        matches = [match for line in lines if (match := _pattern(self.option, False).match(line))]
        found = {match["value"] for match in matches}
        return bool(matches) and found.issuperset(self.wanted())


class IniFile(Edited):
    """An option of an INI file has its value, or is not there; or a whole section."""

    subject: ClassVar[str] = "Destination"
    mark: ClassVar[str] = "!"

    path: Text = Field(validation_alias=AliasChoices("path", "dest"))
    """The file; where it is a link, what it leads to."""
    section: Text | None = None
    """The section; without one the options before the first section are meant."""
    section_has_values: tuple[SectionValues, ...] = ()
    """Among sections of one name, take the first that has these options and values. Where none
    has, `state: present` adds a section with them."""
    option: Text | None = None
    """The option. Without one the section itself is meant."""
    value: Text | None = None
    """What the option is set to."""
    values: tuple[Text, ...] = ()
    """Several values, each in a line of its own."""
    state: Literal["present", "absent"] = "present"
    """`absent` removes the option, or without `option` the whole section."""
    exclusive: bool = True
    """Other lines of the option go; otherwise lines with other values are left alone."""
    no_extra_spaces: bool = False
    """Write `option=value` instead of `option = value`."""
    ignore_spaces: bool = False
    """Leave a line alone that is right but for the spaces around its `=`."""
    create: bool = True
    """Make the file, with its directory, where it is missing."""
    allow_no_value: bool = False
    """An option without value is written without `=`."""
    modify_inactive_option: bool = True
    """Where the option is commented out, that line is used for it."""
    follow: bool = False
    """Accepted and ignored: where `path` is a link, what it leads to is always meant."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.value is not None and self.values:
            raise ValueError("parameters are mutually exclusive: value|values")
        present = self.state == "present"
        if present and self.option and not (self.allow_no_value or self._wanted()):
            raise ValueError(
                "Parameter 'value(s)' must be defined if state=present and allow_no_value=False."
            )
        if not self.option and not self.section:
            raise ValueError("give option, section or both")
        given = (self.section, self.option, self.value, *self.values)
        if any("\n" in (text or "") for text in given):
            raise ValueError("section, option and values are single lines: one has a newline in it")
        return self

    @property
    def needed(self) -> bool:
        return not self.create and self.state == "present"

    def edited(self, old: bytes | None) -> Edit:
        text = (old or b"").decode("utf-8", "surrogateescape")
        mark = BOM if text.startswith(BOM) else ""
        returns = "\r" if "\r\n" in text else ""
        before = text.removeprefix(mark).removesuffix("\n").split("\n")  # of none: one empty line
        bare = [line.rstrip("\r") for line in before]
        lines, message = self._lines(bare)
        if lines == bare:
            return Edit(old or b"")
        content = mark + "".join(f"{line}{returns}\n" for line in lines)
        return Edit(content.encode("utf-8", "surrogateescape"), message)

    def _lines(self, lines: list[str]) -> tuple[list[str], str]:
        """The file's new lines, and what was done in Ansible's words."""
        found = self._section(lines)
        if found is None:
            return (lines, "OK") if self.state == "absent" else self._with_section(lines)
        first, last = found
        part = lines[first:last]
        if self.state == "absent":
            new, message = self._without(part)
        else:
            new, message = self._with(part)
        return lines[:first] + new + lines[last:], message

    def _section(self, lines: list[str]) -> tuple[int, int] | None:
        """Where the section's lines are, its heading first."""
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
        """The section is new, at the end of the file."""
        new = [f"[{self.section}]"]
        for known in self.section_has_values:
            new += [self._line(value, known.option) for value in known.wanted() or (None,)]
        had = len(new)
        if self.option:
            new, _ = self._with(new)
        message = "only section added" if len(new) == had else "section and option added"
        return lines + new, message

    def _without(self, part: list[str]) -> tuple[list[str], str]:
        if not self.option:
            return [], "section removed"
        pattern, wanted = _pattern(self.option, False), self._wanted()
        matches = [pattern.match(line) for line in part]
        new = [
            line
            for line, match in zip(part, matches, strict=True)
            if not match or not (self.exclusive or match["value"] in wanted)
        ]
        return new, "option changed"

    def _with(self, part: list[str]) -> tuple[list[str], str]:
        """The lines of a section with the option's values: first the lines that have one already
        are used, then its other lines, and what is left is added."""
        if not self.option:
            return part, "OK"
        pattern = _pattern(self.option, self.modify_inactive_option)
        found = {n: match for n, line in enumerate(part) if (match := self._used(pattern, line))}
        left: list[str | None] = [*self._wanted()] or [None]
        settled: dict[int, str | None] = {}
        for number, match in found.items():
            if (value := None if left == [None] else match["value"]) in left:
                left.remove(value)
                settled[number] = value
        replacing = self.exclusive and not self.allow_no_value
        for number in [n for n in found if replacing and n not in settled][: len(left)]:
            settled[number] = left.pop(0)
        others = {n for n, match in found.items() if replacing and not match["mark"]}
        new = [
            self._kept(line, settled[n], found[n]) if n in settled else line
            for n, line in enumerate(part)
            if n in settled or n not in others
        ]
        if not left:
            return new, "option changed"
        place = max((n + 1 for n, line in enumerate(new) if not IDLE.match(line)), default=0)
        new[place:place] = [self._new_line(value, self.option) for value in left]
        return new, "option added"

    def _used(self, pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
        """The match of a line that may be taken for the option: a remark that has no `=` in it,
        and only begins with the option's name, is none."""
        match = pattern.match(line)
        if match and match["mark"] and not match["sign"] and not self.allow_no_value:
            return None
        return match

    def _kept(self, line: str, value: str | None, match: re.Match[str]) -> str:
        if self.ignore_spaces and not match["mark"] and match["value"] == (value or ""):
            return line
        return self._line(value, self.option or "")

    def _line(self, value: str | None, option: str) -> str:
        """A line that was there already loses its `=` with its value; see `_new_line`."""
        return option if value == "" and self.allow_no_value else self._new_line(value, option)

    def _new_line(self, value: str | None, option: str) -> str:
        if value is None:
            return option
        return f"{option}={value}" if self.no_extra_spaces else f"{option} = {value}"

    def _wanted(self) -> tuple[str, ...]:
        given = self.values if self.value is None else (self.value,)
        return tuple(dict.fromkeys(given))

    def returns(self, report: Report) -> dict[str, Any]:
        values = super().returns(report)
        return {**values, "msg": values["msg"] or "OK"}


def _pattern(option: str, inactive: bool) -> re.Pattern[str]:
    """A line of `option`: the comment's mark if it is `inactive`, the `=`, and the value."""
    mark = "[#;]?" if inactive else ""
    name = re.escape(option)
    return re.compile(
        rf"[ \t]*(?P<mark>{mark})[ \t]*{name}[ \t]*(?:(?P<sign>=)|\Z)[ \t]*(?P<value>.*)"
    )
