"""--report FILE.html: the run as one self-contained HTML page.

The template is report.html in this folder. Every value passes `escape` and jinja2's autoescaping.
The page's Content-Security-Policy allows only its own script and style.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from provisioner.escaping import escape
from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    HostWaiting,
    Notice,
    RunFinished,
    RunStarted,
    SameMachine,
    TaskFinished,
)
from provisioner.records import dataclass
from provisioner.reporters.atomic_write import write_atomically
from provisioner.reporters.diffs import diff_lines
from provisioner.reporters.formatting import count, counted, duration, tail
from provisioner.reporters.outline import label, outline
from provisioner.reporters.recap import COUNTS, meaning_of
from provisioner.reporters.styles import paint
from provisioner.reporters.task_lines import BAD_OUTCOMES, outcome_word

_OUTPUT_LINES = 200


@dataclass(frozen=True)
class TaskEntry:
    """A finished task on the page. Only a failed one has its output among `details`."""

    play: str
    name: str
    where: str
    outcome: str
    seconds: float
    changes: tuple[str, ...]
    details: tuple[tuple[str, str], ...]


@dataclass
class HostSection:
    """A host's part of the page."""

    name: str
    tasks: list[TaskEntry] = field(default_factory=list)
    summary: HostSummary | None = None
    reason: str = ""
    hint: str = ""

    @property
    def status(self) -> str:
        return self.summary.status.value if self.summary else "not-run"


class Html:
    """A `Reporter` that writes the page in `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started_at = datetime.now(UTC)
        self._start: RunStarted | None = None
        self._end: RunFinished | None = None
        self._hosts: dict[str, HostSection] = {}
        self._notices: list[str] = []

    def __call__(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._start = event
                for name in event.hosts:
                    self._host(name)
            case TaskFinished():
                self._host(event.host).tasks.append(_entry(event))
            case HostFinished():
                host = self._host(event.host)
                host.summary, host.reason, host.hint = event.summary, event.reason, event.hint
            case Notice() | HostWaiting() | SameMachine():
                self._notices.append(event.text)
            case RunFinished():
                self._end = event
                for name, summary in event.hosts.items():
                    self._host(name).summary = summary

    def close(self) -> None:
        write_atomically(self._path, self._page().encode("utf-8"))

    def _host(self, name: str) -> HostSection:
        return self._hosts.setdefault(name, HostSection(name))

    def _page(self) -> str:
        hosts = list(self._hosts.values())
        statuses = Counter(host.status for host in hosts)
        return _render(
            start=self._start,
            end=self._end,
            started_at=self._started_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            hosts=hosts,
            notices=self._notices,
            summary=f"{count(len(hosts), 'host')}: {counted(statuses.items())}",
            meaning=meaning_of(self._end) if self._end else "the run did not finish",
            counts=COUNTS,
        )


def _entry(event: TaskFinished) -> TaskEntry:
    name = event.task or event.module
    outcome = outcome_word(event)
    return TaskEntry(
        play=event.play,
        name=f"{name} [{label(event.item)}]" if event.is_item else name,
        where=f"{event.module}, {event.where}",
        outcome=outcome,
        seconds=event.seconds,
        changes=event.changes,
        details=tuple(_details(event)),
    )


def _details(event: TaskFinished) -> list[tuple[str, str]]:
    """Return (name, text) of each section that a reader can expand below a task."""
    details = [("reason" if event.outcome in BAD_OUTCOMES else "message", event.message)]
    if event.shown is not None:
        details.append(("shown", "\n".join(outline(event.shown))))
    if event.outcome in BAD_OUTCOMES:
        details.append(("rc", "" if event.rc is None else str(event.rc)))
        details += [("stdout", _tail(event.stdout)), ("stderr", _tail(event.stderr))]
        details.append(("what to do", event.hint))
    for diff in event.diff:
        lines = (paint(line, colour=False) for line in diff_lines(diff, whole=False))
        details.append(("diff", "\n".join(lines)))
    return [(name, text) for name, text in details if text]


def _tail(text: str | None) -> str:
    omitted, lines = tail(text or "", _OUTPUT_LINES)
    note = [f"({omitted} earlier lines omitted)"] if omitted else []
    return "\n".join(note + lines)


def _render(**values: Any) -> str:
    from jinja2 import Environment, StrictUndefined  # imported here because the import is slow

    package_data = files("provisioner.reporters")
    style = package_data.joinpath("report.css").read_text("utf-8")
    script = package_data.joinpath("report.js").read_text("utf-8")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: escape(value, lines=True) if isinstance(value, str) else value,
    )
    environment.filters["duration"] = duration
    # Style and script are inserted after rendering: they must not be escaped, and no value of the
    # run may get into them.
    template = environment.from_string(package_data.joinpath("report.html").read_text("utf-8"))
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}"
    page = template.render(policy=policy, **values)
    head, _, body = page.partition("</head>")
    return f"{head}<style>{style}</style>\n</head>{body}<script>{script}</script>\n</html>\n"


def _hash(text: str) -> str:
    """Return the Content-Security-Policy source expression that allows exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
