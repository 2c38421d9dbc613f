"""Limits of what a playbook can make this machine compute."""

from __future__ import annotations

import pytest

from provisioner import user_regex
from tests.engine.play_runner import PlayRunner

SLOW = "(a|b|ab)*c{3}(?=d)"
SLOW_TASKS = [
    f"debug: {{msg: \"{{{{ line is match('{SLOW}') }}}}\"}}",
    f"debug: {{msg: \"{{{{ [line] | select('search', '{SLOW}') }}}}\"}}",
    f"replace: {{path: {{out}}, regexp: '{SLOW}'}}",
    f"replace: {{path: {{out}}, regexp: x, after: '{SLOW}'}}",
    f"lineinfile: {{path: {{out}}, regexp: '{SLOW}', line: x}}",
    f"blockinfile: {{path: {{out}}, insertafter: '{SLOW}', block: x}}",
    f"find: {{paths: {{folder}}, patterns: '{SLOW}', use_regex: true}}",
]


@pytest.mark.parametrize("task", SLOW_TASKS)
def test_a_slow_pattern_fails_its_task_with_the_reason(
    runner: PlayRunner, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_regex, "MAX_SECONDS", 0.01)
    line = "ab" * 60 + "cccx"
    out = runner.write("out.txt", line)
    runner.write(line, "a file whose name takes as long")
    task = task.replace("{out}", str(out)).replace("{folder}", str(runner.folder))
    got = runner.run(f"[{{hosts: all, vars: {{line: {line}}}, tasks: [{{name: slow, {task}}}]}}]")
    assert got.tasks() == [("slow", "failed")]
    assert "takes longer than 0.01 s on a text of 124 characters" in got.event("slow").message
    assert out.read_text() == line


def test_a_range_of_more_than_a_million_numbers_is_an_error(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks: [{name: long, debug: {msg: "{{ range(1, 1000002) | list | length }}"}}]
        """)
    assert "range(1, 1000002) has more than 1000000 numbers" in got.event("long").message


def test_a_range_of_a_million_numbers_is_allowed(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks: [{debug: {msg: "{{ range(1000000) | list | length }}"}}]
        """)
    assert got.debug_output() == [1000000]
