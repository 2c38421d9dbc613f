"""The line about a finished task, and the lines below it."""

from __future__ import annotations

from provisioner.escaping import escape
from provisioner.events import Status, TaskFinished
from provisioner.records import dataclass
from provisioner.reporters.formatting import clip, count, duration, pad
from provisioner.reporters.outline import label, outline
from provisioner.reporters.styles import Line, Style, StyledText, indented, line
from provisioner.result import Outcome

SYMBOLS = {
    "ok": "✓",
    "changed": "●",
    "failed": "✗",
    "skipped": "○",
    "unreachable": "✗",
    "unknown": "?",
    "ignored": "!",
    "rescued": "!",
    "not-run": "○",
    "retrying": "…",
}
OUTCOME_STYLES = {
    "ok": Style.OK,
    "changed": Style.CHANGED,
    "failed": Style.FAILED,
    "skipped": Style.SKIPPED,
    "unreachable": Style.FAILED,
    "unknown": Style.FAILED,
    "ignored": Style.WARNING,
    "rescued": Style.WARNING,
    "not-run": Style.DIM,
    "retrying": Style.DIM,
}
BAD_OUTCOMES = frozenset({Outcome.FAILED, Outcome.UNREACHABLE, Outcome.UNKNOWN})
BAD_STATUSES = frozenset({Status.FAILED, Status.UNREACHABLE, Status.UNKNOWN})

# Return values that repeat other values, or that a failure's block shows anyway.
_DUPLICATES = frozenset({"stdout_lines", "stderr_lines", "warnings"})
_SHOWN_IN_BLOCK = frozenset({"msg", "rc", "stdout", "stderr"})
_OUTCOME_COLUMNS = len("unreachable")
_MAX_MARGIN = 12
_MAX_CHANGES = 3
_MAX_DETAILS = 160
"""Characters of a task's details that are shown without -v."""


@dataclass(frozen=True)
class View:
    """How a run is shown. Fixed when the run starts."""

    verbosity: int = 0
    symbols: bool = True
    columns: int = 0
    """Width of the column of host names."""
    many: bool = False
    """The run has many hosts: tasks that are ok or skipped have no line."""
    check: bool = False
    diff: bool = False

    @property
    def margin(self) -> int:
        """Columns before the lines below a task's line.

        They start below the outcome, or further left where host names are long, so that they fit a
        terminal.
        """
        return min(self.columns + 2, _MAX_MARGIN)


def outcome_word(event: TaskFinished) -> str:
    """Return the outcome, or `ignored` or `rescued` for a failure that does not stop the host."""
    if event.outcome in BAD_OUTCOMES and event.ignored:
        return "ignored"
    return "rescued" if event.outcome in BAD_OUTCOMES and event.rescued else event.outcome.value


def line_start(host: str, outcome: str, view: View) -> Line:
    """Return the aligned beginning of a host's line: `web1  ● changed      `."""
    mark = f"{SYMBOLS[outcome]} " if view.symbols else ""
    return line(
        f"{pad(escape(host), view.columns)}  ",
        StyledText(f"{mark}{outcome:<{_OUTCOME_COLUMNS}}  ", OUTCOME_STYLES[outcome]),
    )


def task_line(event: TaskFinished, view: View, items: str = "") -> Line:
    """Return the line about a finished task or loop item. `items` has a loop's item counts."""
    details = items or _details(event, view)
    return line(
        *line_start(event.host, outcome_word(event), view),
        _name(event),
        StyledText(f": {details}" if details else "", Style.DIM),
        StyledText(_extras(event, view), Style.DIM),
    )


def task_details(event: TaskFinished, view: View) -> list[Line]:
    """Return the lines below a task: debug's output, warnings and, with -v, return values."""
    lines = [line(each) for each in outline(event.shown)] if event.shown is not None else []
    lines += [
        line(StyledText(f"warning: {escape(text)}", Style.WARNING)) for text in _warnings(event)
    ]
    if view.verbosity >= 1 and event.returns and not event.loop:
        lines += [line(StyledText(each, Style.DIM)) for each in _returned(event)]
    return indented(lines, view.margin)


def _warnings(event: TaskFinished) -> list[str]:
    warnings = event.returns.get("warnings")
    return [str(text) for text in warnings] if isinstance(warnings, list | tuple) else []


def _returned(event: TaskFinished) -> list[str]:
    """Return the return values as lines, except those that are on the screen already."""
    shown = _DUPLICATES | _SHOWN_IN_BLOCK if event.outcome in BAD_OUTCOMES else _DUPLICATES
    values = {key: value for key, value in event.returns.items() if key not in shown}
    return outline(values) if values else []


def _name(event: TaskFinished) -> str:
    name = escape(event.task or event.module)
    return f"{name} [{label(event.item)}]" if event.is_item else name


def _details(event: TaskFinished, view: View) -> str:
    if event.outcome in BAD_OUTCOMES:
        return ""
    if event.changes:
        return _short_changes(event.changes, view)
    if event.message and (event.outcome is not Outcome.OK or view.verbosity):
        return _short(event.message, view)
    return ""


def _short_changes(changes: tuple[str, ...], view: View) -> str:
    shown = changes if view.verbosity else changes[:_MAX_CHANGES]
    more = len(changes) - len(shown)
    text = _short(", ".join(shown), view)
    return f"{text} and {count(more, 'more change')}" if more else text


def _short(text: str, view: View) -> str:
    text = escape(" ".join(text.split()) if "\n" in text else text)
    return text if view.verbosity else clip(text, _MAX_DETAILS)


def _extras(event: TaskFinished, view: View) -> str:
    """Return further facts about a task in parentheses: ` (handler, 3 attempts, 12.3 s)`."""
    extras = [
        "handler" if event.handler else "",
        f"delegated to {escape(event.delegated_to)}" if event.delegated_to else "",
        count(event.attempts, "attempt") if event.attempts > 1 else "",
        duration(event.seconds) if event.seconds > 1 else "",
        f"{escape(event.module)}, {escape(event.where)}" if view.verbosity >= 2 else "",
    ]
    text = ", ".join(extra for extra in extras if extra)
    return f" ({text})" if text else ""
