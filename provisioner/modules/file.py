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
    """Keep a file, directory or link there, or gone, with the owner and mode that are given."""

    body: ClassVar[str] = load_body("shared/directories.sh", "file.sh")

    path: str = parameter(aliases=("dest", "name"))
    """What it is about."""
    state: Literal["absent", "directory", "file", "hard", "link", "touch"] | None = None
    """What shall be there: `touch` creates an empty file or renews the times of what exists, `file`
    only looks after one that exists, `absent` removes directories with all in them. Unset is what
    is there already, or `file`."""
    src: str | None = None
    """What a `link` or `hard` link leads to; a link's may be relative to the link. A hard link
    whose `path` is a directory is made in there, under the name of `src`."""
    recurse: bool = False
    """With `directory`: owner, group, mode and context for everything in it, too."""
    force: bool = False
    """Make a link although what it leads to is not there, or a file is in its place."""
    follow: bool = True
    """Where `path` is a link, mean what it leads to."""
    modification_time: str | None = None
    """`now`, `preserve` or a time: that of the last change."""
    modification_time_format: str = "%Y%m%d%H%M.%S"
    """How the time is written, in Python's strptime codes; it is the host's local time."""
    access_time: str | None = None
    """`now`, `preserve` or a time: that of the last reading."""
    access_time_format: str = "%Y%m%d%H%M.%S"
    """How the time is written."""
    diff_peek: bool | None = parameter(None, name="_diff_peek")
    """Accepted and ignored: Ansible's own."""

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
