"""The number of frames that a play takes, and that no frame holds two changes."""

from __future__ import annotations

import re
from pathlib import Path

from tests.engine.play_runner import PlayRunner


def files(folder: Path, count: int) -> str:
    tasks = "".join(
        f"\n            - {{name: t{n}, shell: touch {folder}/f{n} creates={folder}/f{n}}}"
        for n in range(count)
    )
    return f"""
        - hosts: all
          gather_facts: false
          tasks:{tasks}
        """


def modes(frame: bytes) -> list[str]:
    return [m.decode() for m in re.findall(rb"^task \d+ (\w+) ", frame, re.MULTILINE)]


def test_a_run_without_changes_takes_one_frame_however_long_it_is(runner: PlayRunner) -> None:
    for n in range(30):
        (runner.folder / f"f{n}").touch()
    got = runner.run(files(runner.folder, 30))
    assert (got.frames, got.hosts["h1"].changed) == ({"h1": 1}, 0)


def test_each_change_takes_one_more_frame(runner: PlayRunner) -> None:
    for n in (0, 1, 2, 4, 6, 7):
        (runner.folder / f"f{n}").touch()
    got = runner.run(files(runner.folder, 8))
    assert (got.frames, got.hosts["h1"].changed) == ({"h1": 3}, 2)


def test_at_most_one_change_is_in_a_frame_and_only_looks_follow_it(runner: PlayRunner) -> None:
    got = runner.run(f"""
        - hosts: all
          tasks:
            - command: echo 1
            - command: echo 2
            - shell: touch {runner.folder}/a
              args: {{creates: {runner.folder}/a}}
            - command: echo 3
              register: r
            - command: echo {{{{ r.stdout }}}}
            - {{command: echo item, loop: [1, 2, 3]}}
        """)
    for frame in got.sent["h1"]:
        sent = modes(frame)
        assert sent.count("apply") <= 1
        if "apply" in sent:
            assert set(sent[sent.index("apply") + 1 :]) <= {"look"}
    assert got.hosts["h1"].changed == 6


def test_commands_declared_to_change_nothing_are_sent_together(runner: PlayRunner) -> None:
    declared = "changed_when: false, check_mode: false"
    reads = "".join(
        f"\n            - {{command: echo {n}, register: r{n}, {declared}}}" for n in range(5)
    )
    got = runner.run(f"""
        - hosts: all
          tasks:{reads}
            - debug: msg="{{{{ r0.stdout }}}}{{{{ r4.stdout }}}}"
        """)
    assert (got.frames, got.debug_output()) == ({"h1": 1}, ["04"])


def test_no_change_is_sent_behind_a_result_that_the_playbook_decides_on(
    runner: PlayRunner,
) -> None:
    got = runner.run(f"""
        - hosts: all
          tasks:
            - {{name: a, command: echo bad, changed_when: false, check_mode: false,
                register: r, failed_when: "'bad' in r.stdout"}}
            - {{name: b, command: touch {runner.folder}/never}}
        """)
    assert got.tasks() == [("a", "failed")]
    assert not (runner.folder / "never").exists()


def test_check_mode_sends_all_looks_in_one_frame_and_changes_nothing(
    runner: PlayRunner,
) -> None:
    got = runner.run(files(runner.folder, 10) + "    - command: touch never", check=True)
    assert got.frames == {"h1": 1}
    assert got.hosts["h1"].changed == 10
    assert got.tasks()[-1] == ("command", "skipped")
    assert sorted(path.name for path in runner.folder.iterdir()) == ["play.yml"]


def test_a_connection_lost_during_a_change_makes_its_outcome_unknown(runner: PlayRunner) -> None:
    runner.cut = {"h1": 1, "h2": 2}
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: change, command: echo 1}
            - {name: change again, command: echo 2}
        """,
        hosts=3,
    )
    assert got.tasks("h1") == [("change", "unknown")]
    assert got.tasks("h2") == [("change", "changed"), ("change again", "unknown")]
    assert {name: str(host.status) for name, host in got.hosts.items()} == {
        "h1": "unknown",
        "h2": "unknown",
        "h3": "changed",
    }
    assert got.exit == 4


def test_a_connection_lost_during_looks_makes_the_host_unreachable(runner: PlayRunner) -> None:
    runner.cut = {"h1": 1}
    (runner.folder / "f0").touch()
    got = runner.run(files(runner.folder, 1))
    assert got.tasks() == [("t0", "unreachable")]


def test_few_looks_are_sent_behind_a_change_and_more_in_each_later_frame(
    runner: PlayRunner,
) -> None:
    for n in range(1, 40):
        (runner.folder / f"f{n}").touch()
    got = runner.run(files(runner.folder, 40))
    assert [len(modes(frame)) for frame in got.sent["h1"]] == [40, 4, 16, 20]


def test_any_number_of_reads_and_local_actions_is_sent_with_a_change(runner: PlayRunner) -> None:
    declared = "{command: echo, changed_when: false, check_mode: false}"
    here = "{debug: {msg: here}}"
    others = f"\n            - {declared}\n            - {here}" * 10
    got = runner.run(f"""
        - hosts: all
          gather_facts: false
          tasks:
            - file: {{path: "{runner.folder}/d", state: directory}}{others}
        """)
    sent = [modes(frame) for frame in got.sent["h1"]]
    assert sent == [["look", *["read"] * 10], ["apply", *["read"] * 10]]


def test_a_long_loop_of_changes_is_prepared_a_few_items_at_a_time(runner: PlayRunner) -> None:
    got = runner.run(f"""
        - hosts: all
          gather_facts: false
          tasks:
            - file: {{path: "{runner.folder}/{{{{ item }}}}", state: directory}}
              loop: "{{{{ range(12) | list }}}}"
        """)
    assert [len(modes(frame)) for frame in got.sent["h1"]] == [12, 4, *[2] * 10, 1]
    assert got.hosts["h1"].changed == 1


def test_nothing_is_sent_behind_the_look_of_an_edit_that_follows_a_change(
    runner: PlayRunner,
) -> None:
    (runner.folder / "text").write_text("a\n")
    edit = f"lineinfile: {{path: {runner.folder}/text, line: a}}"
    got = runner.run(f"""
        - hosts: all
          gather_facts: false
          tasks:
            - file: {{path: {runner.folder}/d, state: directory}}
            - {edit}
            - {edit}
        """)
    assert [modes(frame) for frame in got.sent["h1"]] == [
        ["look"] * 3, ["apply", "look"], ["look"],
    ]  # fmt: skip


def test_the_tasks_behind_a_change_are_prepared_once(runner: PlayRunner) -> None:
    name = "{{ lookup('pipe', 'echo ' ~ word ~ ' | tee -a ' ~ log) }}"
    tasks = "".join(
        f"""
            - file: {{path: "{runner.folder}/{name}", state: directory}}
              vars: {{word: d{n}, log: "{runner.folder}/log"}}"""
        for n in range(9)
    )
    got = runner.run(f"""
        - hosts: all
          gather_facts: false
          tasks:{tasks}
        """)
    assert got.hosts["h1"].changed == 9
    assert sorted((runner.folder / "log").read_text().split()) == [f"d{n}" for n in range(9)]
    assert all((runner.folder / f"d{n}").is_dir() for n in range(9))


def test_tasks_are_prepared_again_after_files_of_the_controller_have_changed(
    runner: PlayRunner,
) -> None:
    folder = runner.folder
    (folder / "theirs").write_text("new")
    (folder / "ours").write_text("old")
    got = runner.run(f"""
        - hosts: all
          gather_facts: false
          tasks:
            - fetch: {{src: "{folder}/theirs", dest: "{folder}/ours", flat: true}}
            - file: {{path: "{folder}/a", state: directory}}
            - file: {{path: "{folder}/b", state: directory}}
            - copy: {{src: "{folder}/ours", dest: "{folder}/copied"}}
            - file:
                path: "{folder}/{{{{ lookup('file', '{folder}/ours') }}}}"
                state: directory
        """)
    assert got.hosts["h1"].changed == 5
    assert (folder / "copied").read_text() == "new"
    assert ((folder / "new").is_dir(), (folder / "old").exists()) == (True, False)
