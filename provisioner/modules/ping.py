"""ping: check that the host can be logged in to and runs a shell."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.remote.shell import Report

BODY = r"""
[ "$data" != crash ] || fail 'crash, because the task has data: crash'
"""


class Ping(Module):
    """Check that the host can be logged in to and runs a shell. Nothing is changed."""

    body: ClassVar[str] = BODY

    data: str = "pong"
    """The value to return as `ping`. `crash` makes the task fail, for tests."""

    def returns(self, report: Report) -> dict[str, Any]:
        return {"ping": self.data}
