"""Plugins in a playbook's folders are not run; only tasks that use them fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import LoadError
from tests.engine.play_runner import PlayRunner

FILTER = 'class FilterModule:\n    def filters(self):\n        return {"mine": str, "more": str}\n'
OTHER = "def filters():\n    return dict(mine=str)\n"

BROUGHT = {
    "filter_plugins/words.py": (FILTER, "debug: {msg: \"{{ 'x' | mine }}\"}"),
    "filter_plugins/deep/words.py": (OTHER, "debug: {msg: \"{{ 'x' | mine }}\"}"),
    "roles/r/filter_plugins/words.py": (FILTER, "debug: {msg: \"{{ 'x' | mine }}\"}"),
    "plugins/filter/words.py": (FILTER, "debug: {msg: \"{{ 'x' | mine }}\"}"),
    "../filter_plugins/words.py": (FILTER, "debug: {msg: \"{{ 'x' | mine }}\"}"),
    "test_plugins/words.py": (FILTER, "debug: {msg: \"{{ 'x' is mine }}\"}"),
    "lookup_plugins/mine.py": ("", "debug: {msg: \"{{ lookup('mine', 'x') }}\"}"),
    "library/mine.py": ("", "mine: {any: thing}"),
    "library/mine.sh": ("", "mine: {any: thing}"),
    "roles/r/library/mine.py": ("", "mine: {any: thing}"),
    "action_plugins/mine.py": ("", "mine: {any: thing}"),
    "collections/ansible_collections/a/b/plugins/filter/f.py": (
        FILTER,
        "debug: {msg: \"{{ 'x' | a.b.mine }}\"}",
    ),
    "collections/ansible_collections/a/b/plugins/modules/mine.py": ("", "a.b.mine: {}"),
}
"""A file ▶ its content, and a task that needs it."""


PLAY = """
        - hosts: h1
          gather_facts: false
          roles: [r]
          tasks:
            - {name: not here, TASK, when: false}
            - {name: here, TASK}
"""


@pytest.mark.parametrize("file", BROUGHT)
def test_a_plugin_fails_only_the_task_that_uses_it_and_is_named_with_its_file(
    tmp_path: Path, file: str
) -> None:
    content, task = BROUGHT[file]
    runner = PlayRunner(tmp_path / "books")
    runner.write(file, content)
    runner.write("callback_plugins/loud.py", "raise SystemExit")
    runner.write("roles/r/tasks/main.yml", "- ping:")
    got = runner.run(PLAY.replace("TASK", task))
    assert got.tasks()[-2:] == [("not here", "skipped"), ("here", "failed")]
    assert str(Path(file).name) in got.event("here").message


def test_an_unknown_plugin_is_refused(tmp_path: Path) -> None:
    runner = PlayRunner(tmp_path)
    runner.write("filter_plugins/words.py", FILTER)
    runner.write("roles/r/tasks/main.yml", "- ping:")
    with pytest.raises(LoadError, match='there is no filter "nobodys"'):
        runner.run(PLAY.replace("TASK", "debug: {msg: \"{{ 'x' | nobodys }}\"}"))


WHENS = {
    "false": "skipped",
    "[false, item.x]": "skipped",
    "[item.x, false]": "skipped",
    "false and item.x": "skipped",
    "item.name | default()": "failed",
    "item": "failed",
    "item == 1": "failed",
    "'item in [1]'": "failed",
    "not item": "failed",
    "true": "failed",
}


@pytest.mark.parametrize("when", WHENS)
def test_a_loop_with_a_plugin_is_skipped_only_if_when_does_not_use_the_item(
    tmp_path: Path, when: str
) -> None:
    runner = PlayRunner(tmp_path)
    runner.write("filter_plugins/words.py", FILTER)
    runner.write("roles/r/tasks/main.yml", "- ping:")
    task = f"ping: , loop: \"{{{{ ['x'] | mine }}}}\", when: {when}"
    got = runner.run(
        PLAY.replace("- {name: not here, TASK, when: false}", "").replace("TASK", task)
    )
    assert got.tasks()[-1] == ("here", WHENS[when])
    if WHENS[when] == "failed":
        assert "words.py" in got.event("here").message
