"""meta: control the play: run handlers, end it for a host, clear facts or failures."""

from __future__ import annotations

from typing import ClassVar, Literal

from provisioner.modules.framework.base import ControlModule
from provisioner.modules.framework.fields import parameter


class Meta(ControlModule):
    """Control the play: run handlers now, end it for a host, clear facts or failures."""

    free_form: ClassVar[str | None] = "action"

    action: Literal[
        "flush_handlers",
        "noop",
        "clear_facts",
        "clear_host_errors",
        "end_host",
        "end_play",
        "end_batch",
        "refresh_inventory",
        "reset_connection",
    ] = parameter()
    """What to do; carried out by the engine (engine/control_flow.py)."""
