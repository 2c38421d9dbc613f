"""The recap at the end of a run: the hosts, the reasons of failures, a summary, the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from provisioner import exits
from provisioner.escaping import escape
from provisioner.events import HostFinished, HostSummary, RunFinished, Status
from provisioner.records import dataclass
from provisioner.reporters.failure_block import labelled
from provisioner.reporters.formatting import (
    count,
    counted,
    duration,
    lines_of,
    pad,
    similarity_key,
)
from provisioner.reporters.styles import Line, Style, StyledText, indented, line
from provisioner.reporters.task_lines import BAD_STATUSES, OUTCOME_STYLES, View

FULL_TABLE = 30
"""Up to this number of hosts, the table has all of them. With more hosts and without -v, it has
only hosts that are not ok. If the number of these hosts is larger too, they are grouped by reason.
"""

GROUP_SIZE = 3
"""From this number of hosts with the same reason, the reason is shown once, below the table."""

COUNTS = ("ok", "changed", "failed", "skipped", "ignored", "rescued")
_PLAY_NOT_RUN = "a play could not be run"
_STATUS_COLUMNS = len("would change")
_NOT_OK = BAD_STATUSES | {Status.NOT_RUN}


def meaning_of(event: RunFinished) -> str:
    """Return the meaning of the run's exit status."""
    failed = any(summary.status is Status.FAILED for summary in event.hosts.values())
    if event.exit == exits.FAILED and not failed:
        return _PLAY_NOT_RUN
    return exits.MEANINGS.get(event.exit, "see provision --help")


@dataclass(frozen=True)
class HostRow:
    """A host in the recap."""

    host: str
    summary: HostSummary
    reason: str = ""
    hint: str = ""


def recap(event: RunFinished, finished: Mapping[str, HostFinished], view: View) -> list[Line]:
    """Return the recap. `finished` has each host's last event, with its reason and hint."""
    rows = [_row(host, summary, finished.get(host)) for host, summary in event.hosts.items()]
    show_all = len(rows) <= FULL_TABLE or view.verbosity > 0
    shown = rows if show_all else [r for r in rows if r.summary.status in _NOT_OK or r.reason]
    title = "Recap (check mode: nothing was changed)" if view.check else "Recap"
    lines = [(), line(StyledText(title, Style.HEAD))]
    if len(shown) > FULL_TABLE and not view.verbosity:
        lines += _group_lines(_group_by_reason(shown), view, _reason_and_notes)
    elif shown:
        lines += _table(shown, view)
    return [*lines, *_summary(event, len(rows) - len(shown), view)]


def _row(host: str, summary: HostSummary, event: HostFinished | None) -> HostRow:
    return HostRow(host, summary, event.reason, event.hint) if event else HostRow(host, summary)


def _group_by_reason(rows: list[HostRow]) -> list[list[HostRow]]:
    """Return the hosts grouped by status and similar reason, the largest group first."""
    groups: dict[tuple[Status, str], list[HostRow]] = {}
    for row in rows:
        key = (row.summary.status, similarity_key(row.reason, row.host))
        groups.setdefault(key, []).append(row)
    return sorted(groups.values(), key=len, reverse=True)


def _group_lines(
    groups: list[list[HostRow]], view: View, details: Callable[[HostRow], list[Line]]
) -> list[Line]:
    """Return, for each group, the number of hosts, the details of the first one, and the names."""
    lines: list[Line] = []
    for group in groups:
        names = ", ".join(escape(row.host) for row in group)
        status = group[0].summary.status
        title = f"{count(len(group), 'host')} {_status_text(status, view)}"
        body = [*details(group[0]), *labelled("hosts", [names])]
        lines += [line(StyledText(title, OUTCOME_STYLES[status])), *indented(body, 2)]
    return lines


def _table(rows: list[HostRow], view: View) -> list[Line]:
    groups = [g for g in _group_by_reason(rows) if g[0].reason and len(g) >= GROUP_SIZE]
    grouped_hosts = {row.host for group in groups for row in group}
    lines = [_titles(view)]
    for row in rows:
        below = _notes(row) if row.host in grouped_hosts else _reason_and_notes(row)
        lines += [_cells(row, view), *indented(below, view.margin)]
    return [*lines, *_group_lines(groups, view, _reason)]


def _titles(view: View) -> Line:
    counts = "".join(f"  {name:>{_count_columns(name)}}" for name in COUNTS)
    host = pad("host", view.columns)
    return line(StyledText(f"{host}  {'status':<{_STATUS_COLUMNS}}{counts}  seconds", Style.DIM))


def _cells(row: HostRow, view: View) -> Line:
    summary = row.summary
    status = _status_text(summary.status, view)
    counts: list[StyledText] = []
    for name in COUNTS:
        number = getattr(summary, name)
        style = OUTCOME_STYLES[name] if number else Style.DIM
        counts.append(StyledText(f"  {number:>{_count_columns(name)}}", style))
    return line(
        f"{pad(escape(row.host), view.columns)}  ",
        StyledText(f"{status:<{_STATUS_COLUMNS}}", OUTCOME_STYLES[summary.status]),
        *counts,
        f"  {summary.seconds:>7.1f}",
    )


def _count_columns(name: str) -> int:
    """Return the width of a count's column: narrow, so that the table fits 80 columns."""
    return max(len(name), 4)


def _reason_and_notes(row: HostRow) -> list[Line]:
    return [*_reason(row), *_notes(row)]


def _reason(row: HostRow) -> list[Line]:
    reason = labelled("reason", lines_of(row.reason))
    return [*reason, *labelled("what to do", lines_of(row.hint))]


def _notes(row: HostRow) -> list[Line]:
    return [line(each) for note in row.summary.notes for each in lines_of(note)]


def _status_text(status: Status, view: View) -> str:
    return "would change" if view.check and status is Status.CHANGED else status.value


def _summary(event: RunFinished, hidden: int, view: View) -> list[Line]:
    """Return `3 hosts: 2 changed, 1 failed - 12.3 s` and the meaning of the exit status."""
    by_status = Counter(summary.status for summary in event.hosts.values())
    statuses = counted((_status_text(status, view), by_status[status]) for status in Status)
    not_listed = f" ({count(hidden, 'host')} not listed: -v lists all)" if hidden else ""
    interrupted = "interrupted: " if event.interrupted else ""
    meaning = meaning_of(event)
    dash = "—" if view.symbols else "-"
    return [
        line(
            StyledText(f"{interrupted}{count(len(event.hosts), 'host')}", Style.HEAD),
            f": {statuses}" if statuses else "",
            f" {dash} {duration(event.seconds)}",
            StyledText(not_listed, Style.DIM),
        ),
        line(
            StyledText(f"exit {event.exit}: {meaning}", Style.FAILED if event.exit else Style.DIM)
        ),
    ]
