"""file: create or remove a file, directory or link, and set its attributes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.content import file_values
from provisioner.remote.shell import Program, Report, Value


class File(FileAttributes, Module):
    """Create or remove a file, directory or link, and set its attributes."""

    body: ClassVar[str] = load_body("shared/directories.sh", "file.sh")

    path: str = parameter(aliases=("dest", "name"))
    """The path."""
    state: Literal["absent", "directory", "file", "hard", "link", "touch"] | None = None
    """touch: create an empty file or renew the times. file: change an existing file. directory:
    create a directory. link, hard: create a link. absent: remove it, a directory with its content.
    The default is what exists at the path, or file."""
    src: str | None = None
    """The target of a `link` or `hard` link. For a link it may be relative to the link. If `path`
    is a directory, a hard link is created in it with the name of `src`."""
    recurse: bool = False
    """With `directory`: set owner, group, mode and SELinux context of everything in it too."""
    force: bool = False
    """Create a link even if its target does not exist or a file is in its place."""
    follow: bool = True
    """If `path` is a link, change its target."""
    modification_time: str | None = None
    """The time of the last change: `now`, `preserve` or a time."""
    modification_time_format: str = "%Y%m%d%H%M.%S"
    """The format of the time, in the codes of Python's strptime. It is the local time of the
    host."""
    access_time: str | None = None
    """The time of the last access: `now`, `preserve` or a time."""
    access_time_format: str = "%Y%m%d%H%M.%S"
    """The format of the time, in the codes of Python's strptime."""
    diff_peek: bool | None = parameter(None, name="_diff_peek")
    """Accepted and ignored: Ansible uses it internally."""

    def validate(self) -> None:
        if self.recurse and self.state not in (None, "directory"):
            raise ValueError("recurse option requires state to be 'directory'")
        if self.src is not None and self.state not in ("link", "hard"):
            raise ValueError("src option requires state to be 'link' or 'hard'")
        if not self.path:
            raise ValueError("path is empty")
        self._times()

    def _times(self) -> dict[str, str]:
        modified = _time(self.modification_time, self.modification_time_format)
        accessed = _time(self.access_time, self.access_time_format)
        return {"modification_time": modified, "access_time": accessed}

    def program(self, context: TaskContext) -> Program:
        names = ("path", "state", "src", "recurse", "force", "follow")
        variables: dict[str, Value] = {name: getattr(self, name) for name in names}
        variables |= self.attribute_variables() | self._times() | {"directory_mode": ""}
        return Program("file", self.body, variables, looks_at=self.path)

    def returns(self, report: Report) -> dict[str, Any]:
        values = {"path": report.get("path"), "dest": report.get("path"), **file_values(report)}
        if "src" in report.records:
            values["src"] = report.get("src")
        return values | {"state": self._final_state(report.get("state"), values.get("state"))}

    def _final_state(self, state: str, current: str | None) -> str:
        """Return the return value `state`. In check mode a path to remove still exists."""
        if state == "touch":
            return current or "file"
        return current or state if state == "absent" else state


def _time(text: str | None, format_: str) -> str:
    """Return a time in the notation of touch and date; `now` and `preserve` unchanged."""
    if text is None or text in ("now", "preserve"):
        return text or ""
    try:
        return datetime.strptime(text, format_).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time in the format {format_!r}: {error}") from None
