"""The block of lines about a failed task: enough to find the cause without running it again.

The task's output keeps its newlines: people cannot read `\\n`-escaped JSON
(ansible/ansible#27078).
"""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.escaping import escape
from provisioner.events import HostFinished, TaskFinished
from provisioner.reporters.formatting import lines_of, tail
from provisioner.reporters.styles import Line, Style, StyledText, indented, line
from provisioner.reporters.task_lines import View, line_start, task_line

OUTPUT_LINES = 20
"""Last lines of stdout and of stderr that are shown without -v."""

TRACEBACKS = 3
"""The verbosity (-vvv) from which the tracebacks of unexpected exceptions are shown."""

_OUTPUT_LINES_TOLERATED = 5
_REASON_LINES = 50
_NO_LIMIT = 10**9


def failure_block(event: TaskFinished, view: View) -> list[Line]:
    """Return the task's line and below it: place, reason, attempted changes, output, hint."""
    tolerated = event.ignored or event.rescued
    output_lines = _OUTPUT_LINES_TOLERATED if tolerated else OUTPUT_LINES
    limit = _NO_LIMIT if view.verbosity else output_lines
    reason = _reason(event.message, _NO_LIMIT if view.verbosity else _REASON_LINES)
    attempted = [] if event.loop else [escape(each) for each in event.changes]
    task = f"{escape(event.play)} > {escape(event.task or event.module)}"
    body = [
        line(StyledText(f"{task} ({escape(event.module)}, {escape(event.where)})", Style.DIM)),
        *labelled("reason", reason),
        *labelled("tried", attempted),
        *labelled("rc", [] if event.rc is None else [str(event.rc)]),
        *_output("stdout", event.stdout, limit),
        *_output("stderr", event.stderr, limit),
        *labelled("what to do", lines_of(event.hint)),
        *labelled("traceback", lines_of(event.traceback) if view.verbosity >= TRACEBACKS else []),
        *labelled("ignored", ["the host continues (ignore_errors)"] if event.ignored else []),
        *labelled("rescued", ["the block's rescue tasks run next"] if event.rescued else []),
    ]
    return [task_line(event, view), *indented(body, view.margin)]


def lost_host_block(event: HostFinished, view: View) -> list[Line]:
    """Return the lines about a host that left the run without a failed task."""
    first, *rest = lines_of(event.reason) or ["the reason is unknown"]
    body = [*(line(each) for each in rest), *labelled("what to do", lines_of(event.hint))]
    top = line(*line_start(event.host, event.summary.status.value, view), first)
    return [top, *indented(body, view.margin)]


def labelled(name: str, texts: Sequence[str]) -> list[Line]:
    """Return `name: text` for one text, or several texts indented below their name."""
    if not texts:
        return []
    if len(texts) == 1:
        return [line(StyledText(f"{name}: ", Style.HEAD), texts[0])]
    return [line(StyledText(f"{name}:", Style.HEAD)), *indented([line(text) for text in texts], 2)]


def _reason(message: str, limit: int) -> list[str]:
    lines = lines_of(message)
    omitted = len(lines) - limit
    return [*lines[:limit], f"({omitted} more lines: -v shows all)"] if omitted > 0 else lines


def _output(name: str, text: str | None, limit: int) -> list[Line]:
    omitted, lines = tail(text or "", limit)
    if not lines:
        return []
    total = omitted + len(lines)
    note = f" (last {len(lines)} of {total} lines; -v shows all)" if omitted else ""
    top = line(
        StyledText(name, Style.HEAD), StyledText(note, Style.DIM), StyledText(":", Style.HEAD)
    )
    return [top, *indented([line(each) for each in lines], 2)]
