"""A step that failed, as a block that says all there is to know without another run.

Output keeps its newlines: people can't read `\\n`-escaped JSON (ansible/ansible#27078).
"""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.events import HostFinished, TaskFinished
from provisioner.reporters.palette import Line, Role, Span, indented, line
from provisioner.reporters.steps import View, head, step_line
from provisioner.reporters.text import escape, lines_of, tail

TAIL = 20
"""Lines of stdout and of stderr that a failure shows without -v."""

_TAIL_BORNE = 5
_MESSAGE = 50
_ALL = 10**9


def failure_block(event: TaskFinished, view: View) -> list[Line]:
    """The step's line and below it: where, why, what was tried, the output and the remedy."""
    borne = event.ignored or event.rescued
    limit = _ALL if view.verbosity else _TAIL_BORNE if borne else TAIL
    place = f"{escape(event.play)} > {escape(event.task or event.module)}"
    body = [
        line(Span(f"{place} ({escape(event.module)}, {escape(event.where)})", Role.DIM)),
        *labelled("reason", _reason(event.message, _ALL if view.verbosity else _MESSAGE)),
        *([] if event.loop else labelled("tried", [escape(each) for each in event.changes])),
        *labelled("rc", [] if event.rc is None else [str(event.rc)]),
        *_output("stdout", event.stdout, limit),
        *_output("stderr", event.stderr, limit),
        *labelled("what to do", lines_of(event.hint)),
        *labelled("ignored", ["the host goes on (ignore_errors)"] if event.ignored else []),
        *labelled("rescued", ["the block's rescue takes over"] if event.rescued else []),
    ]
    return [step_line(event, view), *indented(body, view.margin)]


def lost_host(event: HostFinished, view: View) -> list[Line]:
    """A host that is out of the run without any step having failed on it."""
    first, *rest = lines_of(event.reason) or ["no reason is known"]
    body = [*(line(each) for each in rest), *labelled("what to do", lines_of(event.hint))]
    top = line(*head(event.host, event.summary.status.value, view), first)
    return [top, *indented(body, view.margin)]


def labelled(name: str, texts: Sequence[str]) -> list[Line]:
    """`name: text`, or the texts below their name when there are several; nothing for none."""
    if not texts:
        return []
    if len(texts) == 1:
        return [line(Span(f"{name}: ", Role.HEAD), texts[0])]
    return [line(Span(f"{name}:", Role.HEAD)), *indented([line(text) for text in texts], 2)]


def _reason(message: str, limit: int) -> list[str]:
    lines = lines_of(message)
    more = len(lines) - limit
    return [*lines[:limit], f"({more} more lines: -v shows all)"] if more > 0 else lines


def _output(name: str, text: str | None, limit: int) -> list[Line]:
    cut, lines = tail(text or "", limit)
    if not lines:
        return []
    note = f" (last {len(lines)} of {cut + len(lines)} lines; -v shows all)" if cut else ""
    top = line(Span(name, Role.HEAD), Span(note, Role.DIM), Span(":", Role.HEAD))
    return [top, *indented([line(each) for each in lines], 2)]
