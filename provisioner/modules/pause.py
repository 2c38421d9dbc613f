"""pause: wait for some time, or until the user presses return."""

from __future__ import annotations

from typing import ClassVar

from provisioner.modules.framework.base import ControlModule


class Pause(ControlModule):
    """Wait some time, or for somebody at the terminal; where nobody is there, for nobody."""

    free_form: ClassVar[str | None] = None

    seconds: float | None = None
    """How long, in seconds."""
    minutes: float | None = None
    """How long, in minutes."""
    prompt: str | None = None
    """What to ask; the answer is in `user_input`."""
    echo: bool = True
    """Show what is typed."""

    @property
    def duration(self) -> float | None:
        """Seconds to wait; None if it waits for the user."""
        if self.seconds is None and self.minutes is None:
            return None
        return (self.seconds or 0.0) + 60 * (self.minutes or 0.0)
