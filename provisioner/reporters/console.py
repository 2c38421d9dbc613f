"""The reporter for people: it selects and words the lines; a sink prints them.

The sink is live_sink.py on a terminal, and plain_sink.py otherwise. With up to `FEW_HOSTS` hosts,
each task has a line. With more, only changed and failed tasks and those with output, unless -v.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from provisioner.escaping import escape
from provisioner.events import (
    Event,
    HostFinished,
    HostWaiting,
    Notice,
    PlayStarted,
    RunFinished,
    RunStarted,
    SameMachine,
    TaskFinished,
    TaskRetried,
)
from provisioner.records import dataclass
from provisioner.reporters.activity import Activity
from provisioner.reporters.diffs import diff_lines
from provisioner.reporters.failure_block import failure_block, lost_host_block
from provisioner.reporters.formatting import clip, count, counted, similarity_key, width
from provisioner.reporters.recap import recap
from provisioner.reporters.styles import Line, Style, StyledText, indented, line
from provisioner.reporters.task_lines import (
    BAD_OUTCOMES,
    BAD_STATUSES,
    View,
    line_start,
    task_details,
    task_line,
)
from provisioner.result import Outcome

FEW_HOSTS = 10
"""Up to this number of hosts, each task of each host has a line."""

SIMILAR_FAILURES = 10
"""With more hosts, this number of similar failures is shown; the recap contains all of them."""

_MAX_HOST_COLUMNS = 40
_MAX_RETRY_REASON = 80


class Sink(Protocol):
    """Prints lines. It never raises because of the underlying stream."""

    def open(self, view: View) -> None:
        """Start showing progress: the run starts."""

    def write(self, lines: Sequence[Line]) -> None:
        """Print the lines together, above the progress. Allowed after `close`."""

    def announce(self, text: str) -> None:
        """Show `text` immediately, as `Announcer.announce` does."""

    def close(self) -> None:
        """Stop showing progress."""


@dataclass(frozen=True)
class _LoopKey:
    """Identifies the running loop of a host."""

    play: str
    task: str
    host: str


class Console:
    """A `Reporter` for people."""

    def __init__(
        self, sink: Sink, activity: Activity, *, verbosity: int = 0, symbols: bool = True
    ) -> None:
        self._sink = sink
        self._activity = activity
        self._view = View(verbosity=verbosity, symbols=symbols)
        self._loops: dict[_LoopKey, Counter[Outcome]] = {}
        self._hosts_with_failure: set[str] = set()
        self._similar_failures: Counter[tuple[str, str, Outcome, str]] = Counter()
        self._shown_notices: set[str] = set()
        self._finished_hosts: dict[str, HostFinished] = {}

    def __call__(self, event: Event) -> None:
        self._activity.record(event)
        if isinstance(event, RunStarted):
            self._start(event)
        if isinstance(event, RunFinished):
            self._sink.close()
        lines = self._lines(event)
        if lines:
            self._sink.write(lines)

    def announce(self, text: str) -> None:
        self._sink.announce(text)

    def close(self) -> None:
        self._sink.close()

    def _start(self, event: RunStarted) -> None:
        widths = [width(escape(host)) for host in event.hosts]
        self._view = View(
            verbosity=self._view.verbosity,
            symbols=self._view.symbols,
            columns=min(_MAX_HOST_COLUMNS, max([4, *widths])),
            many=len(event.hosts) > FEW_HOSTS,
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
                return self._task(event)
            case TaskRetried():
                return self._retry(event)
            case HostFinished():
                return self._host(event)
            case Notice():
                return self._notice(event)
            case HostWaiting() | SameMachine():
                return [notice_line(Notice(event.text))]
            case RunFinished():
                return recap(event, self._finished_hosts, self._view)
            case _:
                return []

    def _notice(self, event: Notice) -> list[Line]:
        """Return the notice's line.

        With many hosts, only the first of several similar notices is shown. Similar ones differ
        only in the host's name or in numbers.
        """
        _, _, text_without_host = event.text.partition(": ")
        key = similarity_key(text_without_host or event.text, "")
        is_shown = self._view.many and not self._view.verbosity and key in self._shown_notices
        self._shown_notices.add(key)
        return [] if is_shown else [notice_line(event)]

    def _task(self, event: TaskFinished) -> list[Line]:
        loop = _LoopKey(event.play, event.task, event.host)
        if event.is_item:
            self._loops.setdefault(loop, Counter())[event.outcome] += 1
        items = self._item_counts(loop) if event.loop else ""
        if event.outcome in BAD_OUTCOMES:
            return self._failure(event)
        if not self._is_shown(event):
            return []
        return [task_line(event, self._view, items), *self._below(event)]

    def _failure(self, event: TaskFinished) -> list[Line]:
        self._hosts_with_failure.add(event.host)
        similar = self._count_similar(event)
        if similar > SIMILAR_FAILURES:
            return []
        block = failure_block(event, self._view)
        if similar == SIMILAR_FAILURES:
            block.append(line("the recap lists the other hosts with the same failure"))
        return [*block, *self._below(event)]

    def _below(self, event: TaskFinished) -> list[Line]:
        return [*task_details(event, self._view), *self._diffs(event)]

    def _count_similar(self, event: TaskFinished) -> int:
        """Return the number of similar failures with this one, or 0 where each one is shown."""
        if not self._view.many or self._view.verbosity or event.ignored or event.rescued:
            return 0
        output = "\0".join((event.message, event.stdout or "", event.stderr or ""))
        key = (event.play, event.task, event.outcome, similarity_key(output, event.host))
        self._similar_failures[key] += 1
        return self._similar_failures[key]

    def _is_shown(self, event: TaskFinished) -> bool:
        """Return whether a task that did not fail has a line."""
        if self._view.verbosity or event.shown is not None or (self._view.diff and event.diff):
            return True
        only_changes = event.is_item or self._view.many
        return event.outcome is Outcome.CHANGED or not only_changes

    def _item_counts(self, loop: _LoopKey) -> str:
        """Return the outcomes of a loop's items: `3 items: 2 ok, 1 changed`."""
        outcomes = self._loops.pop(loop, Counter())
        counts = counted((outcome.value, outcomes[outcome]) for outcome in Outcome)
        return f"{count(outcomes.total(), 'item')}: {counts}" if counts else ""

    def _diffs(self, event: TaskFinished) -> list[Line]:
        whole = self._view.verbosity > 0
        lines = [each for diff in event.diff for each in diff_lines(diff, whole=whole)]
        return indented(lines, self._view.margin) if self._view.diff else []

    def _retry(self, event: TaskRetried) -> list[Line]:
        if self._view.many and not self._view.verbosity:
            return []
        attempt = f"{escape(event.task)}: attempt {event.attempt} of {event.retries}"
        reason = clip(escape(event.message), _MAX_RETRY_REASON)
        text = f"{attempt}: {reason}" if reason else attempt
        return [line(*line_start(event.host, "retrying", self._view), StyledText(text, Style.DIM))]

    def _host(self, event: HostFinished) -> list[Line]:
        self._finished_hosts[event.host] = event
        failure_is_shown = event.host in self._hosts_with_failure
        if event.summary.status in BAD_STATUSES and not failure_is_shown:
            return lost_host_block(event, self._view)
        return []


def notice_line(event: Notice) -> Line:
    """Return `warning: text (where)`."""
    where = f" ({escape(event.where)})" if event.where else ""
    return line(
        StyledText(f"{escape(event.level)}: ", Style.WARNING), f"{escape(event.text)}{where}"
    )


def _run_header(event: RunStarted) -> Line:
    playbooks = ", ".join(escape(playbook) for playbook in event.playbooks)
    return line(
        StyledText(f"{escape(event.inventory)}: {playbooks}", Style.HEAD),
        f" on {count(len(event.hosts), 'host')}",
        StyledText(", check mode: nothing will be changed" if event.check else "", Style.WARNING),
    )


def _play_header(event: PlayStarted, view: View) -> Line:
    where = f" ({escape(event.where)})" if view.verbosity else ""
    size = f"{count(len(event.hosts), 'host')}, {count(event.tasks, 'task')}"
    return line(
        StyledText(f"Play {escape(event.play)}", Style.HEAD),
        StyledText(f": {size}{where}", Style.DIM),
    )
