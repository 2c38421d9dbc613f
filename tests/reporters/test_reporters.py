"""The choice of reporters by the command line's options, and their imports."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from provisioner import reporters
from provisioner.reporters import reporters_for
from tests.reporters.examples import RUN, hostile_run
from tests.reporters.test_formatting import UNSAFE

FOLDER = Path(reporters.__file__).parent

CHOICES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Console"]),
    ({"json": True}, ["JsonLines", "ErrorLines"]),
    ({"junit": Path("a"), "html": Path("b")}, ["Console", "JUnit", "Html"]),
    ({"json": True, "html": Path("b")}, ["JsonLines", "ErrorLines", "Html"]),
]


@pytest.mark.parametrize(("options", "expected"), CHOICES)
def test_options_choose_the_reporters(options: dict[str, Any], expected: list[str]) -> None:
    made = reporters_for(stdout=io.StringIO(), stderr=io.StringIO(), environment={}, **options)
    assert [type(each).__name__ for each in made] == expected


def test_with_json_warnings_and_failures_are_single_lines_on_standard_error() -> None:
    out, err = io.StringIO(), io.StringIO()
    for report in reporters_for(json=True, stdout=out, stderr=err, environment={}):
        for event in RUN:
            report(event)
    assert err.getvalue() == (
        "web2: failed: Docker > Install Docker: yum exited with 1\\n"
        "No package docker-cee available. (docker.yml:14)\n"
        "db-main: unreachable: no answer for 30 s\n"
        "warning: at most 40 hosts at once: 64 files may be open (ulimit -n)\n"
    )
    assert all(line.startswith('{"event": ') for line in out.getvalue().splitlines())


def test_text_on_standard_error_is_escaped() -> None:
    err = io.StringIO()
    for report in reporters_for(json=True, stdout=io.StringIO(), stderr=err, environment={}):
        for event in hostile_run():
            report(event)
    assert set(err.getvalue()) & UNSAFE == {"\n"}


@pytest.mark.parametrize("module", ["plain_sink", "console", "jsonl", "redactor", "error_lines"])
def test_a_run_without_a_terminal_imports_no_slow_library(module: str) -> None:
    program = (
        f"import sys, provisioner.reporters.{module}\n"
        "print(sorted({'rich', 'jinja2', 'difflib', 'xml.etree', 'yaml'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


def test_rich_is_imported_by_the_live_view_only() -> None:
    importing = [
        path.name
        for path in sorted(FOLDER.glob("*.py"))
        if re.search(r"^\s*(from|import) rich\b", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert importing == ["live_sink.py"]
