"""A finished step as the line that a person reads, under the playbook's own name for it."""

from __future__ import annotations

from provisioner.events import Status, TaskFinished
from provisioner.records import dataclass
from provisioner.reporters.palette import Line, Role, Span, indented, line
from provisioner.reporters.structures import label, outline
from provisioner.reporters.text import clip, count, duration, escape, pad
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
ROLES = {
    "ok": Role.OK,
    "changed": Role.CHANGED,
    "failed": Role.BAD,
    "skipped": Role.SKIPPED,
    "unreachable": Role.BAD,
    "unknown": Role.BAD,
    "ignored": Role.WARNING,
    "rescued": Role.WARNING,
    "not-run": Role.DIM,
    "retrying": Role.DIM,
}
BAD = frozenset({Outcome.FAILED, Outcome.UNREACHABLE, Outcome.UNKNOWN})
BAD_STATUSES = frozenset({Status.FAILED, Status.UNREACHABLE, Status.UNKNOWN})

_TWICE = frozenset({"stdout_lines", "stderr_lines", "warnings"})
_IN_BLOCK = frozenset({"msg", "rc", "stdout", "stderr"})
_WORD = len("unreachable")
_CHANGES = 3
_SHORT = 160


@dataclass(frozen=True)
class View:
    """How a run is shown: decided once, when it starts."""

    verbosity: int = 0
    symbols: bool = True
    columns: int = 0
    """Of the column of host names."""
    many: bool = False
    """Many hosts: only what deviates is worth a line."""
    check: bool = False
    diff: bool = False

    @property
    def margin(self) -> int:
        return self.columns + 2


def word(event: TaskFinished) -> str:
    """The outcome as shown: a failure that stops nothing is `ignored` or `rescued`."""
    if event.outcome in BAD and event.ignored:
        return "ignored"
    return "rescued" if event.outcome in BAD and event.rescued else event.outcome.value


def head(host: str, outcome: str, view: View) -> Line:
    """`web1  ● changed      `: what every line of a host begins with, aligned."""
    mark = f"{SYMBOLS[outcome]} " if view.symbols else ""
    return line(
        f"{pad(escape(host), view.columns)}  ",
        Span(f"{mark}{outcome:<{_WORD}}  ", ROLES[outcome]),
    )


def step_line(event: TaskFinished, view: View, items: str = "") -> Line:
    """One line for a finished step, or for one item of it; `items` sums up a loop."""
    details = items or _details(event, view)
    return line(
        *head(event.host, word(event), view),
        _name(event),
        Span(f": {details}" if details else "", Role.DIM),
        Span(_asides(event, view), Role.DIM),
    )


def step_body(event: TaskFinished, view: View) -> list[Line]:
    """What belongs below a step that went well: debug's text, warnings, and what -v adds."""
    lines = [line(each) for each in outline(event.shown)] if event.shown is not None else []
    lines += [line(Span(f"warning: {escape(text)}", Role.WARNING)) for text in _warnings(event)]
    if view.verbosity >= 1 and event.returns and not event.loop:
        lines += [line(Span(each, Role.DIM)) for each in _returned(event)]
    return indented(lines, view.margin)


def _warnings(event: TaskFinished) -> list[str]:
    given = event.returns.get("warnings")
    return [str(text) for text in given] if isinstance(given, list | tuple) else []


def _returned(event: TaskFinished) -> list[str]:
    """The return values, without those that say again what is on the screen already."""
    told = _TWICE | _IN_BLOCK if event.outcome in BAD else _TWICE
    values = {key: value for key, value in event.returns.items() if key not in told}
    return outline(values) if values else []


def _name(event: TaskFinished) -> str:
    name = escape(event.task or event.module)
    return f"{name} [{label(event.item)}]" if event.is_item else name


def _details(event: TaskFinished, view: View) -> str:
    if event.outcome in BAD:
        return ""
    if event.changes:
        return _short_changes(event.changes, view)
    if event.message and (event.outcome is not Outcome.OK or view.verbosity):
        return _short(event.message, view)
    return ""


def _short_changes(changes: tuple[str, ...], view: View) -> str:
    shown = changes if view.verbosity else changes[:_CHANGES]
    more = len(changes) - len(shown)
    text = _short(", ".join(shown), view)
    return f"{text} and {count(more, 'more change')}" if more else text


def _short(text: str, view: View) -> str:
    text = escape(" ".join(text.split()) if "\n" in text else text)
    return text if view.verbosity else clip(text, _SHORT)


def _asides(event: TaskFinished, view: View) -> str:
    """`(handler, 3 attempts, 12.3 s)`: what else is worth knowing of the step."""
    asides = [
        "handler" if event.handler else "",
        f"delegated to {escape(event.delegated_to)}" if event.delegated_to else "",
        count(event.attempts, "attempt") if event.attempts > 1 else "",
        duration(event.seconds) if event.seconds > 1 else "",
        f"{escape(event.module)}, {escape(event.where)}" if view.verbosity >= 2 else "",
    ]
    said = ", ".join(aside for aside in asides if aside)
    return f" ({said})" if said else ""
