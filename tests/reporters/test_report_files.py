"""The report files, JUnit and HTML, and their atomic writing."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from provisioner.events import Event, HostFinished, HostSummary, RunFinished, Status
from provisioner.reporters.atomic_write import write_atomically
from provisioner.reporters.html import Html
from provisioner.reporters.junit import JUnit
from provisioner.reporters.reporter import Reporter
from provisioner.result import Outcome
from tests.reporters.examples import FAILURE, RUN, hostile_run, started, task

KINDS: dict[str, Callable[[Path], Reporter]] = {"junit": JUnit, "html": Html}


def report(kind: str, path: Path, events: Iterable[Event]) -> str:
    reporter = KINDS[kind](path)
    for event in events:
        reporter(event)
    reporter.close()
    return path.read_text("utf-8")


def junit(path: Path, events: Iterable[Event]) -> ET.Element:
    return ET.fromstring(report("junit", path / "report.xml", events))


def test_hosts_are_suites_with_their_counts(tmp_path: Path) -> None:
    suites = junit(tmp_path, RUN)
    counts = [
        tuple(suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped"))
        for suite in suites
    ]
    assert counts == [
        ("web1", "7", "0", "0", "1"),
        ("web2", "1", "1", "0", "0"),
        ("db-main", "1", "0", "1", "0"),
    ]


def test_a_failure_has_reason_place_output_and_hint(tmp_path: Path) -> None:
    failure = junit(tmp_path, [FAILURE]).find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "yum exited with 1"
    assert (failure.text or "").splitlines()[:5] == [
        "yum exited with 1",
        "No package docker-cee available.",
        "at docker.yml:14 (yum)",
        "rc: 1",
        "stdout:",
    ]
    assert "what to do: check the package's name" in (failure.text or "")


@pytest.mark.parametrize("how", ["ignored", "rescued"])
def test_an_ignored_or_rescued_failure_passes(tmp_path: Path, how: str) -> None:
    event = replace(FAILURE, ignored=how == "ignored", rescued=how == "rescued")
    case = junit(tmp_path, [event]).find(".//testcase")
    assert case is not None
    assert [child.tag for child in case] == ["system-out"]


@pytest.mark.parametrize("outcome", [Outcome.UNREACHABLE, Outcome.UNKNOWN])
def test_an_unreachable_or_unknown_task_is_an_error(tmp_path: Path, outcome: Outcome) -> None:
    assert junit(tmp_path, [task(outcome=outcome)]).find(".//error") is not None


def test_a_host_without_tasks_has_a_test_case(tmp_path: Path) -> None:
    end = {"a": HostSummary(Status.UNREACHABLE), "b": HostSummary(Status.NOT_RUN)}
    events: list[Event] = [HostFinished("a", end["a"], "no route"), RunFinished(end, 4)]
    root = junit(tmp_path, events)
    error, skipped = root.find(".//error"), root.find(".//skipped")
    assert error is not None
    assert error.get("message") == "no route"
    assert skipped is not None
    assert len(root.findall(".//testcase")) == 2


def test_the_failed_items_of_a_loop_are_part_of_its_test_case(tmp_path: Path) -> None:
    bad = task(outcome=Outcome.FAILED, is_item=True, item="bob", message="no such user")
    root = junit(tmp_path, [bad, task(outcome=Outcome.FAILED, loop=True, message="1 of 2 failed")])
    assert len(root.findall(".//testcase")) == 1
    assert "[bob] no such user" in (root.findtext(".//failure") or "")


def test_hostile_text_is_valid_xml(tmp_path: Path) -> None:
    root = junit(tmp_path, [*hostile_run(), task("\ufffe\uffff")])
    assert r"\x1b]0;owned\x07" in ET.tostring(root, "unicode")


class Page(HTMLParser):
    """Collects the tags and URLs of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        self.addresses += [f"{tag} {values[key]}" for key in ("src", "href") if key in values]
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values.get("content") or ""


def test_the_page_loads_no_other_resource(tmp_path: Path) -> None:
    page = Page(report("html", tmp_path / "r.html", RUN))
    assert page.addresses == []
    assert page.policy.startswith("default-src 'none';")


def test_the_page_allows_exactly_its_own_script_and_style(tmp_path: Path) -> None:
    text = report("html", tmp_path / "r.html", RUN)
    policy = Page(text).policy
    for tag in ("style", "script"):
        content = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert content is not None
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_hostile_text_adds_no_tags_to_the_page(tmp_path: Path) -> None:
    markup = (
        "</pre></head></body><script>alert(1)</script><img src=x onerror=alert(1)>{{ 777 * 777 }}"
    )
    events = [
        *hostile_run(),
        task(markup, Outcome.FAILED, message=markup, stdout=markup, task=markup, changes=(markup,)),
    ]
    text = report("html", tmp_path / "r.html", events)
    page = Page(text)
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert "603729" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_the_page_shows_the_end_of_the_run(tmp_path: Path) -> None:
    text = report("html", tmp_path / "r.html", RUN)
    assert "<h1>3 hosts: 1 changed, 1 failed, 1 unreachable</h1>" in text
    assert "Docker version 24.0.7" in text
    assert "No package docker-cee available." in text
    assert "exit 6" in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_without_an_end_is_reported_too(tmp_path: Path, kind: str) -> None:
    text = report(kind, tmp_path / "r", [started(), FAILURE])
    assert "No package docker-cee available." in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_error_names_the_report_file(tmp_path: Path, kind: str) -> None:
    reporter = KINDS[kind](tmp_path / "missing" / "report")
    reporter(started())
    with pytest.raises(OSError, match=r"missing/report"):
        reporter.close()


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    old_file = path.open()
    write_atomically(path, b"new")
    assert (old_file.read(), path.read_text()) == ("old", "new")
    assert [each.name for each in tmp_path.iterdir()] == ["report"]
    old_file.close()


def test_a_failed_write_leaves_the_old_file_and_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_atomically(Path("/dev/null"), b"new")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left"):
        write_atomically(Path("/dev/full"), b"new")


def test_the_umask_decides_the_files_mode(tmp_path: Path) -> None:
    program = (
        "import os, pathlib; os.umask(0o027)\n"
        "from provisioner.reporters.atomic_write import write_atomically\n"
        f"write_atomically(pathlib.Path({str(tmp_path / 'r')!r}), b'')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o640
