"""--junit FILE: a JUnit file with hosts as test suites and tasks as test cases, for CI servers.

A failed task is a <failure>. An unreachable host or an unknown outcome is an <error>. An ignored or
rescued failure passes with a note in <system-out>. Failed loop items are part of their task's text.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import field, replace
from pathlib import Path

from provisioner import regex
from provisioner.escaping import escape
from provisioner.events import Event, HostFinished, HostSummary, RunFinished, Status, TaskFinished
from provisioner.records import dataclass
from provisioner.reporters.atomic_write import write_atomically
from provisioner.reporters.formatting import tail
from provisioner.reporters.outline import label
from provisioner.reporters.task_lines import BAD_OUTCOMES
from provisioner.result import Outcome

_OUTPUT_LINES = 200
_INVALID_IN_XML = regex.compile("[\ufffe\uffff]")
_TAGS = {Outcome.FAILED: "failure", Outcome.UNREACHABLE: "error", Outcome.UNKNOWN: "error"}
_OUTCOME_OF_STATUS = {
    Status.FAILED: Outcome.FAILED,
    Status.UNREACHABLE: Outcome.UNREACHABLE,
    Status.UNKNOWN: Outcome.UNKNOWN,
    Status.NOT_RUN: Outcome.SKIPPED,
}


@dataclass(frozen=True)
class _Case:
    play: str
    task: str
    seconds: float
    outcome: Outcome
    message: str = ""
    text: str = ""
    tolerated: bool = False
    """The failure was ignored or rescued."""


@dataclass
class _Suite:
    cases: list[_Case] = field(default_factory=list)
    failed_items: list[str] = field(default_factory=list)
    """Texts of the failed items of the running loop."""


class JUnit:
    """A `Reporter` that writes the file in `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._suites: dict[str, _Suite] = {}
        self._seconds = 0.0

    def __call__(self, event: Event) -> None:
        match event:
            case TaskFinished():
                self._task(event, self._suite(event.host))
            case HostFinished():
                self._host(event.host, event.summary, event.reason)
            case RunFinished():
                self._seconds = event.seconds
                for host, summary in event.hosts.items():
                    self._host(host, summary, "")

    def close(self) -> None:
        root = ET.Element("testsuites", name="provision", time=f"{self._seconds:.3f}")
        for host, suite in self._suites.items():
            _write_suite(root, host, suite.cases)
        ET.indent(root)
        write_atomically(
            self._path, ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
        )

    def _suite(self, host: str) -> _Suite:
        return self._suites.setdefault(host, _Suite())

    def _task(self, event: TaskFinished, suite: _Suite) -> None:
        if event.is_item:
            if event.outcome in BAD_OUTCOMES:
                suite.failed_items.append(f"[{label(event.item)}] {_failure_text(event)}")
            return
        case = _case(event)
        if suite.failed_items and event.loop:
            case = replace(case, text="\n".join([case.text, *suite.failed_items]))
        suite.failed_items.clear()
        suite.cases.append(case)

    def _host(self, host: str, summary: HostSummary, reason: str) -> None:
        """Add a case for a host's bad status, unless a task's case has the same outcome."""
        suite = self._suite(host)
        outcome = _OUTCOME_OF_STATUS.get(summary.status)
        if outcome is None:
            return
        if not any(case.outcome is outcome and not case.tolerated for case in suite.cases):
            message = reason or f"the host is {summary.status}"
            suite.cases.append(_Case("run", host, summary.seconds, outcome, message))


def _case(event: TaskFinished) -> _Case:
    bad = event.outcome in BAD_OUTCOMES
    return _Case(
        event.play,
        event.task or event.module,
        event.seconds,
        event.outcome,
        event.message if bad or event.outcome is Outcome.SKIPPED else "",
        _failure_text(event) if bad else "\n".join(event.changes),
        bad and (event.ignored or event.rescued),
    )


def _failure_text(event: TaskFinished) -> str:
    """Return message, place, output and hint of a failure, one below the other."""
    parts = [event.message, f"at {event.where} ({event.module})"]
    if event.rc is not None:
        parts.append(f"rc: {event.rc}")
    for name, text in (("stdout", event.stdout), ("stderr", event.stderr)):
        omitted, lines = tail(text or "", _OUTPUT_LINES)
        if lines:
            note = f" ({omitted} earlier lines omitted)" if omitted else ""
            parts += [f"{name}{note}:", *lines]
    if event.hint:
        parts.append(f"what to do: {event.hint}")
    return "\n".join(part for part in parts if part)


def _write_suite(root: ET.Element, host: str, cases: list[_Case]) -> None:
    tags = [_TAGS.get(case.outcome) for case in cases if not case.tolerated]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=_xml(host),
        tests=str(len(cases)),
        failures=str(tags.count("failure")),
        errors=str(tags.count("error")),
        skipped=str(sum(case.outcome is Outcome.SKIPPED for case in cases)),
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    for case in cases:
        _write_case(suite, case)


def _write_case(suite: ET.Element, case: _Case) -> None:
    element = ET.SubElement(
        suite,
        "testcase",
        name=_xml(case.task),
        classname=_xml(f"{suite.get('name')}.{case.play}"),
        time=f"{case.seconds:.3f}",
    )
    tag = _TAGS.get(case.outcome)
    if case.outcome is Outcome.SKIPPED:
        ET.SubElement(element, "skipped", message=_xml(case.message))
    elif tag and not case.tolerated:
        message = _xml(case.message.partition("\n")[0])
        ET.SubElement(element, tag, type=case.outcome.value, message=message).text = _xml(case.text)
    elif case.text:
        note = "a failure that did not stop the host\n" if case.tolerated else ""
        ET.SubElement(element, "system-out").text = _xml(f"{note}{case.text}")


def _xml(text: str) -> str:
    """Replace the characters that XML 1.0 excludes even as character references (section 2.2)."""
    return _INVALID_IN_XML.sub("\ufffd", escape(text, lines=True))
