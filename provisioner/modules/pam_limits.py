"""pam_limits: set a limit in /etc/security/limits.conf."""

from __future__ import annotations

import re
from typing import Literal

from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.edited import Edit, EditedFile, to_bytes

UNLIMITED = ("unlimited", "infinity", "-1")
SIGNED = ("nice", "priority")

Item = Literal[
    "core",
    "data",
    "fsize",
    "memlock",
    "nofile",
    "rss",
    "stack",
    "cpu",
    "nproc",
    "as",
    "maxlogins",
    "maxsyslogins",
    "priority",
    "locks",
    "sigpending",
    "msgqueue",
    "nice",
    "rtprio",
    "chroot",
]


class PamLimits(EditedFile):
    """Set a limit for the sessions of a user or group."""

    path: str = parameter("/etc/security/limits.conf", aliases=("dest",))
    """The file."""
    domain: str
    """A user, `@GROUP`, `%GROUP`, `*` or a range of numbers."""
    limit_type: Literal["hard", "soft", "-"]
    """`hard`, `soft`, or `-` for both."""
    limit_item: Item
    """The limited resource, such as nofile, nproc or memlock."""
    value: str
    """The limit: a number, or `unlimited` (also `infinity` or `-1`)."""
    use_max: bool = False
    """Keep an existing value if it is higher."""
    use_min: bool = False
    """Keep an existing value if it is lower."""
    comment: str = ""
    """A comment after the line. The default is the existing comment."""

    def validate(self) -> None:
        if self.use_max and self.use_min:
            raise ValueError("use_max and use_min can't both be set")
        if not re.fullmatch(r"\S+", self.domain) or self.domain.startswith("#"):
            raise ValueError("domain: it must be one word")
        number = r"-?\d+" if self.limit_item in SIGNED else r"\d+"
        if self.value not in UNLIMITED and not re.fullmatch(number, self.value):
            raise ValueError(f"value: it must be a number or one of {', '.join(UNLIMITED)}")
        if "\n" in self.comment:
            raise ValueError("comment: it must be a single line")

    @property
    def needed(self) -> bool:
        return False

    def edited(self, old: bytes | None) -> Edit:
        lines = (old or b"").decode("utf-8", "surrogateescape").splitlines()
        limits = [(n, parts) for n, line in enumerate(lines) if (parts := self._parts(line))]
        message = ""
        for number, (value, comment) in limits:
            new_value = self._new_value(value)
            if new_value != value:
                lines[number] = message = self._line(new_value, self.comment or comment)
        if not limits:
            message = self._line(self.value, self.comment)
            lines.append(message)
        if not message:
            return Edit(old or b"")
        return Edit(to_bytes("".join(f"{line}\n" for line in lines)), message)

    def _parts(self, line: str) -> tuple[str, str] | None:
        """Return the value and comment of a line that sets this limit; None for another line."""
        text, _, comment = line.partition("#")
        words = text.split()
        if words[:3] != [self.domain, self.limit_type, self.limit_item] or len(words) != 4:
            return None
        return words[3], comment.strip()

    def _new_value(self, value: str) -> str:
        """Return the value that replaces `value`."""
        new, old = _number(self.value, self.limit_item), _number(value, self.limit_item)
        if old is None or new is None:
            return self.value
        keep = (self.use_max and old >= new) or (self.use_min and old <= new)
        return value if keep else self.value

    def _line(self, value: str, comment: str) -> str:
        line = "\t".join((self.domain, self.limit_type, self.limit_item, value))
        return f"{line}\t#{comment}" if comment else line


def _number(value: str, item: str) -> float | None:
    """Return the value as a number for comparing; None if it is not a number."""
    if value in UNLIMITED and not (value == "-1" and item in SIGNED):
        return float("inf")
    return float(value) if re.fullmatch(r"-?\d+", value) else None
