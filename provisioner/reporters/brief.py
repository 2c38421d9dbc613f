"""With --json, for the person who started the run: warnings and failures, on standard error."""

from __future__ import annotations

from provisioner.events import Event, HostFinished, Notice, TaskFinished
from provisioner.reporters.console import notice_line
from provisioner.reporters.palette import paint
from provisioner.reporters.steps import BAD, BAD_STATUSES, word
from provisioner.reporters.stream import QuietStream
from provisioner.reporters.text import clip, escape

_LONGEST = 400


class Brief:
    """A `Reporter` of one line for each thing that went wrong."""

    def __init__(self, stream: QuietStream) -> None:
        self._stream = stream
        self._said: set[str] = set()

    def __call__(self, event: Event) -> None:
        text = self._line(event)
        if text:
            self._stream.write(f"{text}\n")

    def close(self) -> None:
        """Nothing is left to do."""

    def _line(self, event: Event) -> str:
        match event:
            case Notice():
                return paint(notice_line(event), colour=False)
            case TaskFinished() if event.outcome in BAD and not (event.ignored or event.rescued):
                self._said.add(event.host)
                return _failure(event)
            case HostFinished() if event.host not in self._said:
                status = event.summary.status
                reason = clip(escape(event.reason), _LONGEST)
                return f"{escape(event.host)}: {status}: {reason}" if status in BAD_STATUSES else ""
            case _:
                return ""


def _failure(event: TaskFinished) -> str:
    what = f"{escape(event.play)} > {escape(event.task or event.module)}"
    why = clip(escape(event.message), _LONGEST)
    return f"{escape(event.host)}: {word(event)}: {what}: {why} ({escape(event.where)})"
