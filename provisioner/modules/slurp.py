"""slurp: a file's content, into a variable."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.base import Module, Text
from provisioner.modules.model import AliasChoices, Field
from provisioner.remote.shell import Report

BODY = r"""
expand src
report source "$src"
[ -e "$src" ] || fail "$src is not there"
[ ! -d "$src" ] || fail "$src is a directory, not a file"
content=$(base64 -w 0 <"$src") || fail "$src can't be read by this user: add become"
report content "$content"
"""


class Slurp(Module):
    """Read a file of the host; `content` is in base64."""

    body: ClassVar[str] = BODY

    src: Text = Field(validation_alias=AliasChoices("src", "path"))
    """The file."""

    def returns(self, report: Report) -> dict[str, Any]:
        if "content" not in report.records:
            return {}
        return {
            "content": report.get("content"),
            "source": report.get("source"),
            "encoding": "base64",
        }
