"""sysctl: set a kernel parameter in a file for the next boot, and now."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import Before, parameter
from provisioner.modules.shared.textfile import text_diff
from provisioner.remote.shell import Program, Report
from provisioner.result import Diff


def _value(value: Any) -> Any:
    """Return 1 for yes and 0 for no, as Ansible does; other values as text."""
    word = str(value).strip()
    if word.lower() in ("true", "yes", "on", "y", "t"):
        return "1"
    if word.lower() in ("false", "no", "off", "n", "f"):
        return "0"
    return word


class Sysctl(Module):
    """Set a kernel parameter in a file.

    The kernel gets it when the file changes, or with `sysctl_set` in every run.
    """

    body: ClassVar[str] = load_body("shared/textfile.sh", "sysctl.sh")

    name: str = parameter(aliases=("key",))
    """The parameter, such as `net.ipv4.ip_forward`. A dot within the name of an interface is
    written as a slash."""
    value: Annotated[str, Before(_value)] | None = parameter(None, aliases=("val",))
    """The value. Differences in white space are ignored; yes and no are 1 and 0. Needed for state:
    present."""
    state: Literal["present", "absent"] = "present"
    """`present` sets the parameter in the file. `absent` removes it from the file; the kernel keeps
    its value."""
    sysctl_file: str = "/etc/sysctl.conf"
    """The file."""
    reload: bool = True
    """Load the file (`sysctl -p`) after a change."""
    sysctl_set: bool = False
    """Set the value in the kernel too if the file is already right."""
    ignoreerrors: bool = False
    """Ignore parameters that the kernel does not have."""

    @classmethod
    def validate_name(cls, name: str) -> str:
        return name.strip()

    def validate(self) -> None:
        if not self.name or set(self.name) & set("=\n") or ".." in self.name:
            raise ValueError(f"{self.name!r} is not a valid name of a kernel parameter")
        if self.state == "present" and not self.value:
            raise ValueError("state: present needs a value")
        if "\n" in (self.value or ""):
            raise ValueError("value must be a single line")

    def program(self, context: TaskContext) -> Program:
        slashed = self._slashed()
        variables = self.variables() | {
            "slashed": slashed,
            "dotted": slashed.translate(str.maketrans("/.", "./")),
            "path": f"/proc/sys/{slashed}",
        }
        return Program("sysctl", self.body, variables)

    def _slashed(self) -> str:
        """Return the path below /proc/sys. The first `.` or `/` in the name is the separator."""
        first = next((letter for letter in self.name if letter in "./"), "/")
        return self.name if first == "/" else self.name.translate(str.maketrans("/.", "./"))

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return text_diff(report, self.sysctl_file)
