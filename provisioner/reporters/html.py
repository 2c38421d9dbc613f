"""--report FILE.html: the run on one page that needs nothing from elsewhere.

The template stands beside this file. Every value in it passes `escape` and jinja2's autoescaping,
and the page's own policy allows no script or style but its own.
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

from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    Notice,
    RunFinished,
    RunStarted,
    TaskFinished,
)
from provisioner.records import dataclass
from provisioner.reporters.diffs import diff_lines
from provisioner.reporters.files import write_whole
from provisioner.reporters.palette import paint
from provisioner.reporters.recap import COUNTS, meaning_of
from provisioner.reporters.steps import BAD, word
from provisioner.reporters.structures import label, outline
from provisioner.reporters.text import count, counted, duration, escape, tail

_LINES = 200


@dataclass(frozen=True)
class Step:
    """A step as the page shows it; only steps that deviate carry their outputs."""

    play: str
    name: str
    where: str
    outcome: str
    seconds: float
    changes: tuple[str, ...]
    details: tuple[tuple[str, str], ...]


@dataclass
class Host:
    name: str
    steps: list[Step] = field(default_factory=list)
    summary: HostSummary | None = None
    reason: str = ""
    hint: str = ""

    @property
    def status(self) -> str:
        return self.summary.status.value if self.summary else "not-run"


class Html:
    """A `Reporter` that writes its page in `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began = datetime.now(UTC)
        self._start: RunStarted | None = None
        self._end: RunFinished | None = None
        self._hosts: dict[str, Host] = {}
        self._notices: list[str] = []

    def __call__(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._start = event
                for name in event.hosts:
                    self._host(name)
            case TaskFinished():
                self._host(event.host).steps.append(_step(event))
            case HostFinished():
                host = self._host(event.host)
                host.summary, host.reason, host.hint = event.summary, event.reason, event.hint
            case Notice():
                self._notices.append(event.text)
            case RunFinished():
                self._end = event
                for name, summary in event.hosts.items():
                    self._host(name).summary = summary

    def close(self) -> None:
        write_whole(self._path, self._page().encode("utf-8"))

    def _host(self, name: str) -> Host:
        return self._hosts.setdefault(name, Host(name))

    def _page(self) -> str:
        hosts = list(self._hosts.values())
        statuses = Counter(host.status for host in hosts)
        return _render(
            start=self._start,
            end=self._end,
            began=self._began.strftime("%Y-%m-%d %H:%M:%S UTC"),
            hosts=hosts,
            notices=self._notices,
            sums=f"{count(len(hosts), 'host')}: {counted(statuses.items())}",
            meaning=meaning_of(self._end) if self._end else "the run did not end",
            counts=COUNTS,
        )


def _step(event: TaskFinished) -> Step:
    name = event.task or event.module
    outcome = word(event)
    return Step(
        play=event.play,
        name=f"{name} [{label(event.item)}]" if event.is_item else name,
        where=f"{event.module}, {event.where}",
        outcome=outcome,
        seconds=event.seconds,
        changes=event.changes,
        details=tuple(_details(event)),
    )


def _details(event: TaskFinished) -> list[tuple[str, str]]:
    """Name and text of what can be unfolded below a step."""
    details = [("reason" if event.outcome in BAD else "message", event.message)]
    if event.shown is not None:
        details.append(("shown", "\n".join(outline(event.shown))))
    if event.outcome in BAD:
        details.append(("rc", "" if event.rc is None else str(event.rc)))
        details += [("stdout", _tail(event.stdout)), ("stderr", _tail(event.stderr))]
        details.append(("what to do", event.hint))
    for diff in event.diff:
        lines = (paint(line, colour=False) for line in diff_lines(diff, whole=False))
        details.append(("diff", "\n".join(lines)))
    return [(name, text) for name, text in details if text]


def _tail(text: str | None) -> str:
    cut, lines = tail(text or "", _LINES)
    note = [f"({cut} lines before are left out)"] if cut else []
    return "\n".join(note + lines)


def _render(**values: Any) -> str:
    from jinja2 import Environment, StrictUndefined  # only a run with --report pays for it

    beside = files("provisioner.reporters")
    style = beside.joinpath("report.css").read_text("utf-8")
    script = beside.joinpath("report.js").read_text("utf-8")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: escape(value, lines=True) if isinstance(value, str) else value,
    )
    environment.filters["duration"] = duration
    # Style and script go in after rendering: what stands between their tags must not be escaped,
    # and nothing of the run may get there.
    page = environment.from_string(beside.joinpath("report.html").read_text("utf-8")).render(
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}", **values
    )
    head, _, body = page.partition("</head>")
    return f"{head}<style>{style}</style>\n</head>{body}<script>{script}</script>\n</html>\n"


def _hash(text: str) -> str:
    """A Content-Security-Policy source that allows exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
