"""The machine and the user of a task's programs."""

from __future__ import annotations

import pytest

from tests.engine.play_runner import PlayRunner


def test_relative_paths_on_the_controller_are_beside_the_playbook(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          connection: local
          tasks:
            - {shell: "pwd; echo x >made", register: r}
            - debug: msg="{{ r.stdout }}"
        """)
    assert got.debug_output() == [str(runner.folder)]
    assert (runner.folder / "made").exists()


@pytest.mark.tools
def test_synchronize_finds_its_source_beside_the_playbook_and_runs_on_the_controller(
    runner: PlayRunner,
) -> None:
    runner.write("files/tree/f", "x\n")
    got = runner.run(f"""
        - hosts: all
          connection: local
          tasks:
            - {{name: a, synchronize: {{src: tree, dest: {runner.folder}/to}}}}
            - {{name: a, synchronize: {{src: tree, dest: {runner.folder}/to}}}}
            - name: b
              synchronize: {{src: {runner.folder}/to/, dest: {runner.folder}/again}}
              delegate_to: "{{{{ inventory_hostname }}}}"
        """)
    assert got.tasks() == [("a", "changed"), ("a", "ok"), ("b", "changed")]
    assert (runner.folder / "again" / "tree" / "f").read_text() == "x\n"


def test_an_invalid_become_user_or_method_fails_the_task(runner: PlayRunner) -> None:
    got = runner.run(r"""
        - hosts: all
          gather_facts: false
          become: true
          tasks:
            - {name: a, command: id, become_user: "r\0oot", ignore_errors: true}
            - {name: b, command: id, become_user: "{{ 'root\n' }}", ignore_errors: true}
            - {name: c, command: id, become_method: magic, ignore_errors: true}
        """)
    assert [event.message for event in got.finished()] == [
        r"become_user 'r\x00oot' is not a valid user name",
        r"become_user 'root\n' is not a valid user name",
        'become_method "magic" is not supported: sudo and su are',
    ]
