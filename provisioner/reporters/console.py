"""The reporter for people: it decides what is worth a line, and a sink shows it.

On a terminal the sink is live.py's, elsewhere plain.py's. With up to `FEW` hosts every step has a
line; with more, only steps that changed, failed, or have something to show, unless -v.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from provisioner.events import (
    Event,
    HostFinished,
    Notice,
    PlayStarted,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskRetried,
)
from provisioner.records import dataclass
from provisioner.reporters.activity import Activity
from provisioner.reporters.diffs import diff_lines
from provisioner.reporters.failure import failure_block, lost_host
from provisioner.reporters.palette import Line, Role, Span, indented, line
from provisioner.reporters.recap import recap
from provisioner.reporters.steps import BAD, BAD_STATUSES, View, head, step_body, step_line
from provisioner.reporters.text import alike, clip, count, counted, escape, width
from provisioner.result import Outcome

FEW = 10
"""Up to so many hosts, every step of every host has a line."""

ALIKE = 10
"""With more hosts, so many failures of one kind are told as they happen; the recap has all."""

_WIDEST_HOST = 40


class Sink(Protocol):
    """Where lines go. It never raises because of the stream behind it."""

    def open(self, view: View) -> None:
        """The run starts: show progress from now on."""

    def write(self, lines: Sequence[Line]) -> None:
        """Print the lines together, above the progress; also after `close`."""

    def say(self, text: str) -> None:
        """Show it at once, as a `Speaker` does."""

    def close(self) -> None:
        """Stop showing progress."""


@dataclass(frozen=True)
class _Loop:
    """A host's loop that is under way."""

    play: str
    task: str
    host: str


class Console:
    """A `Reporter` for people: what is worth a line, and in which words."""

    def __init__(
        self, sink: Sink, activity: Activity, *, verbosity: int = 0, symbols: bool = True
    ) -> None:
        self._sink = sink
        self._activity = activity
        self._view = View(verbosity=verbosity, symbols=symbols)
        self._loops: dict[_Loop, Counter[Outcome]] = {}
        self._shown_bad: set[str] = set()
        self._alike: Counter[tuple[str, str, Outcome, str]] = Counter()
        self._noticed: set[str] = set()
        self._ends: dict[str, HostFinished] = {}

    def __call__(self, event: Event) -> None:
        self._activity.note(event)
        if isinstance(event, RunStarted):
            self._start(event)
        if isinstance(event, RunFinished):
            self._sink.close()
        lines = self._lines(event)
        if lines:
            self._sink.write(lines)

    def say(self, text: str) -> None:
        self._sink.say(text)

    def close(self) -> None:
        self._sink.close()

    def _start(self, event: RunStarted) -> None:
        names = [width(escape(host)) for host in event.hosts]
        self._view = View(
            verbosity=self._view.verbosity,
            symbols=self._view.symbols,
            columns=min(_WIDEST_HOST, max([4, *names])),
            many=len(event.hosts) > FEW,
            check=event.check,
            diff=event.diff,
        )
        self._sink.open(self._view)

    def _lines(self, event: Event) -> list[Line]:
        match event:
            case RunStarted():
                return [_run_header(event)]
            case PlayStarted():
                return [(), _play_header(event, self._view)]
            case TaskFinished():
                return self._step(event)
            case TaskRetried():
                return self._retry(event)
            case HostFinished():
                return self._host(event)
            case Notice():
                return self._notice(event)
            case RunFinished():
                return recap(event, self._ends, self._view)
            case _:
                return []

    def _notice(self, event: Notice) -> list[Line]:
        """With many hosts, one notice stands for those with another host's name or numbers."""
        _, _, said = event.text.partition(": ")
        key = alike(said or event.text, "")
        known = self._view.many and not self._view.verbosity and key in self._noticed
        self._noticed.add(key)
        return [] if known else [notice_line(event)]

    def _step(self, event: TaskFinished) -> list[Line]:
        loop = _Loop(event.play, event.task, event.host)
        if event.is_item:
            self._loops.setdefault(loop, Counter())[event.outcome] += 1
        items = self._summed(loop) if event.loop else ""
        bad = event.outcome in BAD
        if bad:
            self._shown_bad.add(event.host)
        told = self._times_told(event) if bad else 0
        if told > ALIKE:
            return []
        if not (bad or self._worth_a_line(event)):
            return []
        view = self._view
        block = failure_block(event, view) if bad else [step_line(event, view, items)]
        if told == ALIKE:
            block.append(line(Span("hosts that fail like this one are only in the recap now")))
        return [*block, *step_body(event, view), *self._diffs(event)]

    def _times_told(self, event: TaskFinished) -> int:
        """How many hosts have failed like this one; 0 where each failure is told."""
        if not self._view.many or self._view.verbosity or event.ignored or event.rescued:
            return 0
        said = "\0".join((event.message, event.stdout or "", event.stderr or ""))
        key = (event.play, event.task, event.outcome, alike(said, event.host))
        self._alike[key] += 1
        return self._alike[key]

    def _worth_a_line(self, event: TaskFinished) -> bool:
        if self._view.verbosity or event.shown is not None or (self._view.diff and event.diff):
            return True
        quiet = event.is_item or self._view.many
        return event.outcome is Outcome.CHANGED or not quiet

    def _summed(self, loop: _Loop) -> str:
        outcomes = self._loops.pop(loop, Counter())
        said = counted((outcome.value, outcomes[outcome]) for outcome in Outcome)
        return f"{count(outcomes.total(), 'item')}: {said}" if said else ""

    def _diffs(self, event: TaskFinished) -> list[Line]:
        whole = self._view.verbosity > 0
        lines = [each for diff in event.diff for each in diff_lines(diff, whole=whole)]
        return indented(lines, self._view.margin) if self._view.diff else []

    def _retry(self, event: TaskRetried) -> list[Line]:
        if self._view.many and not self._view.verbosity:
            return []
        said = f"{escape(event.task)}: attempt {event.attempt} of {event.retries}"
        why = f": {clip(escape(event.message), 80)}" if event.message else ""
        return [line(*head(event.host, "retrying", self._view), Span(f"{said}{why}", Role.DIM))]

    def _host(self, event: HostFinished) -> list[Line]:
        self._ends[event.host] = event
        unexplained = event.host not in self._shown_bad
        if event.summary.status in BAD_STATUSES and unexplained:
            return lost_host(event, self._view)
        return []


def notice_line(event: Notice) -> Line:
    where = f" ({escape(event.where)})" if event.where else ""
    return line(Span(f"{escape(event.level)}: ", Role.WARNING), f"{escape(event.text)}{where}")


def _run_header(event: RunStarted) -> Line:
    playbooks = ", ".join(escape(playbook) for playbook in event.playbooks)
    return line(
        Span(f"{escape(event.inventory)}: {playbooks}", Role.HEAD),
        f" on {count(len(event.hosts), 'host')}",
        Span(", check mode: nothing will be changed" if event.check else "", Role.WARNING),
    )


def _play_header(event: PlayStarted, view: View) -> Line:
    where = f" ({escape(event.where)})" if view.verbosity else ""
    size = f"{count(len(event.hosts), 'host')}, {count(event.tasks, 'task')}"
    return line(Span(f"Play {escape(event.play)}", Role.HEAD), Span(f": {size}{where}", Role.DIM))
