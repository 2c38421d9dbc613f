"""blockinfile: keep a block of lines between two marker lines of a file."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from provisioner.modules.framework.fields import parameter
from provisioner.modules.lineinfile import lines_of
from provisioner.modules.shared.edited import Edit, EditedFile, check_pattern, to_bytes
from provisioner.user_regex import UserRegex


class BlockInFile(EditedFile):
    """Keep a block of lines between two marker lines of a file, or remove it."""

    lists_diff: ClassVar[bool] = True
    hint: ClassVar[str] = ", or set create: true"

    path: str = parameter(aliases=("dest", "destfile", "name"))
    """The file. If it is a link, its target is edited."""
    state: Literal["present", "absent"] = "present"
    """`present` keeps the block in the file, `absent` removes it with its markers."""
    block: str = parameter("", aliases=("content",))
    """The lines. An empty text removes the block."""
    marker: str = "# {mark} ANSIBLE MANAGED BLOCK"
    """The marker lines. `{mark}` is replaced by `marker_begin` or `marker_end`. Each block of a
    file needs a marker of its own."""
    marker_begin: str = "BEGIN"
    """The text for `{mark}` in the line before the block."""
    marker_end: str = "END"
    """The text for `{mark}` in the line after the block."""
    insertafter: str | None = None
    """Insert a new block after the last line that matches this regular expression. EOF, the
    default, means the end of the file; it is also used if nothing matches."""
    insertbefore: str | None = None
    """Insert a new block before the last line that matches this regular expression. BOF means the
    beginning of the file."""
    create: bool = False
    """Create the file and its directory if they are missing."""
    append_newline: bool = False
    """Keep an empty line between the block and the line after it."""
    prepend_newline: bool = False
    """Keep an empty line between the block and the line before it."""

    def validate(self) -> None:
        if self.insertafter is not None and self.insertbefore is not None:
            raise ValueError("insertafter and insertbefore can't both be set")
        for pattern in (self.insertafter, self.insertbefore):
            if pattern is not None:
                check_pattern(pattern)
        if self._marker(self.marker_begin) == self._marker(self.marker_end):
            raise ValueError("the two marker lines are equal: marker must contain {mark}")

    @property
    def needed(self) -> bool:
        return bool(self._block()) and not self.create

    def edited(self, old: bytes | None) -> Edit:
        lines, block = lines_of(old or b""), self._block()
        number = self._remove_old(lines)
        if number > 0 and not lines[number - 1].endswith(b"\n"):
            lines[number - 1] += b"\n"
        if block and self.prepend_newline and number > 0 and lines[number - 1] != b"\n":
            lines.insert(number, b"\n")
            number += 1
        behind = lines[number] if number < len(lines) else b"\n"
        if block and self.append_newline and behind != b"\n":
            block.append(b"\n")
        lines[number:number] = block
        content = b"".join(lines)
        if content == (old or b""):
            return Edit(old or b"")
        if old is None:
            return Edit(content, "File created")
        return Edit(content, "Block inserted" if block else "Block removed")

    def _marker(self, mark: str) -> bytes:
        return to_bytes(self.marker.replace("{mark}", mark)) + b"\n"

    def _block(self) -> list[bytes]:
        """Return the lines including the markers; an empty list if the block is to be removed."""
        if self.state == "absent" or not self.block:
            return []
        text = self.block if self.block.endswith("\n") else self.block + "\n"
        begin, end = self._marker(self.marker_begin), self._marker(self.marker_end)
        return [begin, *lines_of(to_bytes(text)), end]

    def _remove_old(self, lines: list[bytes]) -> int:
        """Remove the old block from `lines`. Return the index at which the new block goes."""
        begin = _last(lines, self._marker(self.marker_begin))
        end = _last(lines, self._marker(self.marker_end))
        if begin is None or end is None:
            return self._new_place(lines)
        first, last = min(begin, end), max(begin, end)
        del lines[first : last + 1]
        return first

    def _new_place(self, lines: list[bytes]) -> int:
        pattern = self.insertafter or self.insertbefore
        if self.insertbefore == "BOF" or self.insertafter == "BOF":
            return 0
        if not pattern or pattern == "EOF":
            return len(lines)
        expression = UserRegex(to_bytes(pattern))
        if expression.flags & re.MULTILINE:
            return self._place_in_text(expression, b"".join(lines), len(lines))
        matching = [number for number, line in enumerate(lines) if expression.search(line)]
        if not matching:
            return len(lines)
        return matching[-1] + 1 if self.insertafter else matching[-1]

    def _place_in_text(self, expression: UserRegex[bytes], text: bytes, otherwise: int) -> int:
        """Return the index of the new block for a pattern with `(?m)`, which may span lines."""
        match = expression.search(text)
        if match is None:
            return otherwise
        if self.insertafter:
            return text.count(b"\n", 0, match.end()) + 1
        return text.count(b"\n", 0, match.start())


def _last(lines: list[bytes], marker: bytes) -> int | None:
    """Return the index of the last line that is `marker`. A missing final newline is ignored."""
    matching = [number for number, line in enumerate(lines) if line.rstrip(b"\n") + b"\n" == marker]
    return matching[-1] if matching else None
