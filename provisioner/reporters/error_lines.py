"""With --json, one line per warning and failure on standard error, for the operator."""

from __future__ import annotations

from provisioner.escaping import escape
from provisioner.events import (
    Event,
    HostFinished,
    HostWaiting,
    Notice,
    SameMachine,
    TaskFinished,
)
from provisioner.reporters.console import notice_line
from provisioner.reporters.formatting import clip
from provisioner.reporters.quiet_stream import QuietStream
from provisioner.reporters.styles import paint
from provisioner.reporters.task_lines import BAD_OUTCOMES, BAD_STATUSES, outcome_word

_MAX_REASON = 400
"""Characters of a reason that are shown."""


class ErrorLines:
    """A `Reporter` that writes one line per warning, failed task and failed host."""

    def __init__(self, stream: QuietStream) -> None:
        self._stream = stream
        self._reported_hosts: set[str] = set()

    def __call__(self, event: Event) -> None:
        text = self._line(event)
        if text:
            self._stream.write(f"{text}\n")

    def close(self) -> None:
        """Do nothing: each line is already written."""

    def _line(self, event: Event) -> str:
        match event:
            case Notice():
                return paint(notice_line(event), colour=False)
            case HostWaiting() | SameMachine():
                return paint(notice_line(Notice(event.text)), colour=False)
            case TaskFinished() if event.outcome in BAD_OUTCOMES and not (
                event.ignored or event.rescued
            ):
                self._reported_hosts.add(event.host)
                return _failure(event)
            case HostFinished() if event.host not in self._reported_hosts:
                status = event.summary.status
                reason = clip(escape(event.reason), _MAX_REASON)
                return f"{escape(event.host)}: {status}: {reason}" if status in BAD_STATUSES else ""
            case _:
                return ""


def _failure(event: TaskFinished) -> str:
    task = f"{escape(event.play)} > {escape(event.task or event.module)}"
    reason = clip(escape(event.message), _MAX_REASON)
    return f"{escape(event.host)}: {outcome_word(event)}: {task}: {reason} ({escape(event.where)})"
