"""The end of a run: a table of hosts, why some failed, one line that sums up, the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from provisioner import exits
from provisioner.events import HostFinished, HostSummary, RunFinished, Status
from provisioner.records import dataclass
from provisioner.reporters.failure import labelled
from provisioner.reporters.palette import Line, Role, Span, indented, line
from provisioner.reporters.steps import BAD_STATUSES, ROLES, View
from provisioner.reporters.text import alike, count, counted, duration, escape, lines_of, pad

WHOLE = 30
"""Up to so many hosts the table has all of them; above, only those that are not ok (-v: all), and
where these are more, too, they are grouped by their reasons."""

ALIKE = 3
"""So many hosts that are out for the same reason have it below the table, once."""

COUNTS = ("ok", "changed", "failed", "skipped", "ignored", "rescued")
_NOT_WHOLE = "a play could not be run"
_STATUS = len("would change")


def meaning_of(event: RunFinished) -> str:
    """The exit status in words."""
    failed = any(summary.status is Status.FAILED for summary in event.hosts.values())
    if event.exit == exits.FAILED and not failed:
        return _NOT_WHOLE
    return exits.MEANINGS.get(event.exit, "see provision --help")


@dataclass(frozen=True)
class Row:
    host: str
    summary: HostSummary
    reason: str = ""
    hint: str = ""


def recap(event: RunFinished, ends: Mapping[str, HostFinished], view: View) -> list[Line]:
    """The whole recap; `ends` holds each host's own last event, for its reason and remedy."""
    rows = [_row(host, summary, ends.get(host)) for host, summary in event.hosts.items()]
    whole = len(rows) <= WHOLE or view.verbosity > 0
    shown = rows if whole else [r for r in rows if r.summary.status in _NOT_OK or r.reason]
    title = "Recap (check mode: nothing was changed)" if view.check else "Recap"
    lines = [(), line(Span(title, Role.HEAD))]
    if len(shown) > WHOLE and not view.verbosity:
        lines += _groups(_grouped(shown), view, _remarks)
    elif shown:
        lines += _table(shown, view)
    return [*lines, *_sums(event, len(rows) - len(shown), view)]


_NOT_OK = BAD_STATUSES | {Status.NOT_RUN}


def _row(host: str, summary: HostSummary, end: HostFinished | None) -> Row:
    return Row(host, summary, end.reason, end.hint) if end else Row(host, summary)


def _grouped(rows: list[Row]) -> list[list[Row]]:
    """Hosts that are out for the same reason together: a thousand often are for one."""
    groups: dict[tuple[Status, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.summary.status, alike(row.reason, row.host)), []).append(row)
    return sorted(groups.values(), key=len, reverse=True)


def _groups(
    groups: list[list[Row]], view: View, remarks: Callable[[Row], list[Line]]
) -> list[Line]:
    """Of each group the number, what is remarked on the first one, and all names."""
    found: list[Line] = []
    for group in groups:
        names = ", ".join(escape(row.host) for row in group)
        status = group[0].summary.status
        top = Span(f"{count(len(group), 'host')} {_said(status, view)}", ROLES[status])
        body = [*remarks(group[0]), *labelled("hosts", [names])]
        found += [line(top), *indented(body, 2)]
    return found


def _table(rows: list[Row], view: View) -> list[Line]:
    titles = f"{pad('host', view.columns)}  {'status':<{_STATUS}}"
    for each in COUNTS:
        titles += f"  {each:>7}"
    lines = [line(Span(f"{titles}  {'seconds':>8}", Role.DIM))]
    groups = [group for group in _grouped(rows) if group[0].reason and len(group) >= ALIKE]
    told = {row.host for group in groups for row in group}
    for row in rows:
        remarks = _notes(row) if row.host in told else _remarks(row)
        lines += [_cells(row, view), *indented(remarks, view.margin)]
    return [*lines, *_groups(groups, view, _why)]


def _cells(row: Row, view: View) -> Line:
    summary = row.summary
    counts: list[Span] = []
    for each in COUNTS:
        number = getattr(summary, each)
        counts.append(Span(f"  {number:>7}", ROLES[each] if number else Role.DIM))
    return line(
        f"{pad(escape(row.host), view.columns)}  ",
        Span(f"{_said(summary.status, view):<{_STATUS}}", ROLES[summary.status]),
        *counts,
        f"  {summary.seconds:>8.1f}",
    )


def _remarks(row: Row) -> list[Line]:
    return [*_why(row), *_notes(row)]


def _why(row: Row) -> list[Line]:
    reason = labelled("reason", lines_of(row.reason))
    return [*reason, *labelled("what to do", lines_of(row.hint))]


def _notes(row: Row) -> list[Line]:
    return [line(each) for note in row.summary.notes for each in lines_of(note)]


def _said(status: Status, view: View) -> str:
    return "would change" if view.check and status is Status.CHANGED else status.value


def _sums(event: RunFinished, hidden: int, view: View) -> list[Line]:
    """`3 hosts: 2 changed, 1 failed - 12.3 s`, then what the exit code means."""
    by_status = Counter(summary.status for summary in event.hosts.values())
    said = counted((_said(status, view), by_status[status]) for status in Status)
    left_out = f" ({count(hidden, 'host')} not listed: -v lists all)" if hidden else ""
    interrupted = "interrupted: " if event.interrupted else ""
    meaning = meaning_of(event)
    dash = "—" if view.symbols else "-"
    return [
        line(
            Span(f"{interrupted}{count(len(event.hosts), 'host')}", Role.HEAD),
            f": {said}" if said else "",
            f" {dash} {duration(event.seconds)}",
            Span(left_out, Role.DIM),
        ),
        line(Span(f"exit {event.exit}: {meaning}", Role.BAD if event.exit else Role.DIM)),
    ]
