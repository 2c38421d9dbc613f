"""raw: run a line in the host's shell, unchanged."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.remote.shell import Program, Report

BODY = r"""
if [ "$look" = yes ]; then report check ''; return; fi
login_path
if [ -n "$executable" ]; then run "$executable" -c "$line"; else run sh -c "$line"; fi || true
report rc "$status"
output
changed "run $line" # also before a failure: its message shows the line
[ "$status" -eq 0 ] || fail "exit $status"
"""


class Raw(Module):
    """Run a line in the host's shell, unchanged."""

    ignores_unknown: ClassVar[bool] = True

    free_form: ClassVar[str | None] = "cmd"
    body: ClassVar[str] = BODY

    strip_empty_ends: ClassVar[bool] = False

    cmd: str
    """The line."""
    executable: str | None = None
    """The shell, as an absolute path. The default is sh."""

    @property
    def acts(self) -> bool:
        return True

    def program(self, context: TaskContext) -> Program:
        return Program("raw", self.body, {"line": self.cmd, "executable": self.executable})

    def returns(self, report: Report) -> dict[str, Any]:
        if report.failed:
            ran = "rc" in report.records
            return {"changed": ran, "msg": "non-zero return code" if ran else ""}
        return {"msg": ""}
