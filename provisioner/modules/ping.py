"""ping: check that the host can be logged in to and runs a shell."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.remote.shell import Report

BODY = r"""
[ "$data" != crash ] || fail 'crash, because the task has data: crash'
"""


class Ping(Module):
    """The host can be logged in to and runs a shell; it changes nothing."""

    body: ClassVar[str] = BODY

    data: str = "pong"
    """What comes back as `ping`; `crash` makes it fail, for tests."""

    def returns(self, report: Report) -> dict[str, Any]:
        return {"ping": self.data}
