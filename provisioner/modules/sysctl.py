"""sysctl: a kernel parameter is set in a file for the next boot, and now."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext, Text
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.model import (
    AliasChoices,
    Field,
    field_validator,
    model_validator,
)
from provisioner.modules.shared.textfile import text_diff
from provisioner.remote.shell import Program, Report
from provisioner.result import Diff


def _value(value: Any) -> Any:
    """Ansible's reading of yes and no: 1 and 0."""
    word = str(value).strip()
    if word.lower() in ("true", "yes", "on", "y", "t"):
        return "1"
    if word.lower() in ("false", "no", "off", "n", "f"):
        return "0"
    return word


class Sysctl(Module):
    """A kernel parameter has a value in a file, and after a change or with `sysctl_set` now too."""

    body: ClassVar[str] = load_body("shared/textfile.sh", "sysctl.sh")

    name: Text = Field(validation_alias=AliasChoices("name", "key"))
    """The parameter: `net.ipv4.ip_forward`; a dot in an interface's name is a slash."""
    value: Text | None = Field(None, validation_alias=AliasChoices("value", "val"))
    """Its value; spaces count as one, yes and no are 1 and 0."""
    state: Literal["present", "absent"] = "present"
    """Whether the file should set it; `absent` leaves the kernel's value as it is."""
    sysctl_file: Text = "/etc/sysctl.conf"
    """The file."""
    reload: bool = True
    """Load the file (`sysctl -p`) when it was changed."""
    sysctl_set: bool = False
    """See that the kernel has the value now, even if the file was right."""
    ignoreerrors: bool = False
    """Go on where the kernel does not know a parameter."""

    @field_validator("name")
    @classmethod
    def _bare(cls, name: str) -> str:
        return name.strip()

    @field_validator("value", mode="before")
    @classmethod
    def _boolean(cls, value: Any) -> Any:
        return None if value is None else _value(value)

    @model_validator(mode="after")
    def _sound(self) -> Sysctl:
        if not self.name or set(self.name) & set("=\n") or ".." in self.name:
            raise ValueError(f"{self.name!r} can't be a kernel parameter")
        if self.state == "present" and not self.value:
            raise ValueError("state present needs a value")
        if "\n" in (self.value or ""):
            raise ValueError("value can't have several lines")
        return self

    def program(self, context: TaskContext) -> Program:
        slashed = self._slashed()
        variables = self.variables() | {
            "slashed": slashed,
            "dotted": slashed.translate(str.maketrans("/.", "./")),
            "path": f"/proc/sys/{slashed}",
        }
        return Program("sysctl", self.body, variables)

    def _slashed(self) -> str:
        """The path below /proc/sys. The first separator is the separator: the other is literal."""
        first = next((letter for letter in self.name if letter in "./"), "/")
        return self.name if first == "/" else self.name.translate(str.maketrans("/.", "./"))

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return text_diff(report, self.sysctl_file)
