"""pause: wait for some time, or until the user presses return."""

from __future__ import annotations

from typing import ClassVar

from provisioner.modules.framework.base import ControlModule


class Pause(ControlModule):
    """Wait for some time, or until the user presses return.

    Without a terminal it does not wait for the user.
    """

    free_form: ClassVar[str | None] = None

    seconds: float | None = None
    """Seconds to wait."""
    minutes: float | None = None
    """Minutes to wait."""
    prompt: str | None = None
    """The question for the user. The answer is returned as `user_input`."""
    echo: bool = True
    """Show what the user types."""

    @property
    def duration(self) -> float | None:
        """Seconds to wait; None if it waits for the user."""
        if self.seconds is None and self.minutes is None:
            return None
        return (self.seconds or 0.0) + 60 * (self.minutes or 0.0)
