"""--junit FILE: hosts as test suites and tasks as test cases, for CI servers.

A failed task is a <failure>; an unreachable host or an unknown fate an <error>; a failure that was
ignored or rescued passes, and says so in <system-out>. Loop items are told within their task.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import field, replace
from pathlib import Path

from provisioner import regex
from provisioner.events import Event, HostFinished, HostSummary, RunFinished, Status, TaskFinished
from provisioner.records import dataclass
from provisioner.reporters.files import write_whole
from provisioner.reporters.steps import BAD
from provisioner.reporters.structures import label
from provisioner.reporters.text import escape, tail
from provisioner.result import Outcome

_LINES = 200
_NO_CHARACTERS = regex.compile("[\ufffe\uffff]")
_TAGS = {Outcome.FAILED: "failure", Outcome.UNREACHABLE: "error", Outcome.UNKNOWN: "error"}
_ENDS = {
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
    borne: bool = False
    """The failure was ignored or rescued."""


@dataclass
class _Suite:
    cases: list[_Case] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    """What the failed items of the loop under way had to say."""


class JUnit:
    """A `Reporter` that writes its file in `close`."""

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
        write_whole(self._path, ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")

    def _suite(self, host: str) -> _Suite:
        return self._suites.setdefault(host, _Suite())

    def _task(self, event: TaskFinished, suite: _Suite) -> None:
        if event.is_item:
            if event.outcome in BAD:
                suite.items.append(f"[{label(event.item)}] {_told(event)}")
            return
        case = _case(event)
        if suite.items and event.loop:
            case = replace(case, text="\n".join([case.text, *suite.items]))
        suite.items.clear()
        suite.cases.append(case)

    def _host(self, host: str, summary: HostSummary, reason: str) -> None:
        """A host that is not ok without a task to blame still needs a case that says so."""
        suite = self._suite(host)
        end = _ENDS.get(summary.status)
        if end is not None and not any(
            case.outcome is end and not case.borne for case in suite.cases
        ):
            message = reason or f"the host is {summary.status}"
            suite.cases.append(_Case("run", host, summary.seconds, end, message))


def _case(event: TaskFinished) -> _Case:
    bad = event.outcome in BAD
    return _Case(
        event.play,
        event.task or event.module,
        event.seconds,
        event.outcome,
        event.message if bad or event.outcome is Outcome.SKIPPED else "",
        _told(event) if bad else "\n".join(event.changes),
        bad and (event.ignored or event.rescued),
    )


def _told(event: TaskFinished) -> str:
    """A failure in full: message, place, outputs, remedy."""
    parts = [event.message, f"at {event.where} ({event.module})"]
    if event.rc is not None:
        parts.append(f"rc: {event.rc}")
    for name, text in (("stdout", event.stdout), ("stderr", event.stderr)):
        cut, lines = tail(text or "", _LINES)
        if lines:
            note = f" ({cut} lines before are left out)" if cut else ""
            parts += [f"{name}{note}:", *lines]
    if event.hint:
        parts.append(f"what to do: {event.hint}")
    return "\n".join(part for part in parts if part)


def _write_suite(root: ET.Element, host: str, cases: list[_Case]) -> None:
    tags = [_TAGS.get(case.outcome) for case in cases if not case.borne]
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
    elif tag and not case.borne:
        message = _xml(case.message.partition("\n")[0])
        ET.SubElement(element, tag, type=case.outcome.value, message=message).text = _xml(case.text)
    elif case.text:
        said = f"a failure that did not stop the host\n{case.text}" if case.borne else case.text
        ET.SubElement(element, "system-out").text = _xml(said)


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 can't hold, not even as references."""
    return _NO_CHARACTERS.sub("\ufffd", escape(text, lines=True))
