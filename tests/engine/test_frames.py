"""Round trips: how many there are, and that nothing but reads is ever queued behind a change."""

from __future__ import annotations

import re
from pathlib import Path

from tests.engine.fleet import Fleet


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


def test_a_run_with_nothing_to_do_costs_one_frame_whatever_its_length(fleet: Fleet) -> None:
    for n in range(30):
        (fleet.folder / f"f{n}").touch()
    got = fleet.run(files(fleet.folder, 30))
    assert (got.frames, got.hosts["h1"].changed) == ({"h1": 1}, 0)


def test_each_change_costs_one_frame_more(fleet: Fleet) -> None:
    for n in (0, 1, 2, 4, 6, 7):
        (fleet.folder / f"f{n}").touch()
    got = fleet.run(files(fleet.folder, 8))
    assert (got.frames, got.hosts["h1"].changed) == ({"h1": 3}, 2)


def test_at_most_one_change_is_in_a_frame_and_only_looks_follow_it(fleet: Fleet) -> None:
    got = fleet.run(f"""
        - hosts: all
          tasks:
            - command: echo 1
            - command: echo 2
            - shell: touch {fleet.folder}/a
              args: {{creates: {fleet.folder}/a}}
            - command: echo 3
              register: r
            - command: echo {{{{ r.stdout }}}}
            - {{command: echo item, loop: [1, 2, 3]}}
        """)
    for frame in got.sent["h1"]:
        found = modes(frame)
        assert found.count("apply") <= 1
        if "apply" in found:
            assert set(found[found.index("apply") + 1 :]) <= {"look"}
    assert got.hosts["h1"].changed == 6


def test_declared_reads_travel_together(fleet: Fleet) -> None:
    declared = "changed_when: false, check_mode: false"
    reads = "".join(
        f"\n            - {{command: echo {n}, register: r{n}, {declared}}}" for n in range(5)
    )
    got = fleet.run(f"""
        - hosts: all
          tasks:{reads}
            - debug: msg="{{{{ r0.stdout }}}}{{{{ r4.stdout }}}}"
        """)
    assert (got.frames, got.said()) == ({"h1": 1}, ["04"])


def test_nothing_that_changes_follows_what_the_playbook_has_yet_to_judge(fleet: Fleet) -> None:
    got = fleet.run(f"""
        - hosts: all
          tasks:
            - {{name: a, command: echo bad, changed_when: false, check_mode: false,
                register: r, failed_when: "'bad' in r.stdout"}}
            - {{name: b, command: touch {fleet.folder}/never}}
        """)
    assert got.tasks() == [("a", "failed")]
    assert not (fleet.folder / "never").exists()


def test_check_mode_looks_at_everything_in_one_frame_and_changes_nothing(fleet: Fleet) -> None:
    got = fleet.run(files(fleet.folder, 10) + "    - command: touch never", check=True)
    assert got.frames == {"h1": 1}
    assert got.hosts["h1"].changed == 10
    assert got.tasks()[-1] == ("command", "skipped")
    assert sorted(path.name for path in fleet.folder.iterdir()) == ["play.yml"]


def test_a_connection_cut_under_a_change_leaves_its_fate_unknown(fleet: Fleet) -> None:
    fleet.cut = {"h1": 1, "h2": 2}
    got = fleet.run(
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


def test_a_connection_cut_under_looks_leaves_the_host_unreachable(fleet: Fleet) -> None:
    fleet.cut = {"h1": 1}
    (fleet.folder / "f0").touch()
    got = fleet.run(files(fleet.folder, 1))
    assert got.tasks() == [("t0", "unreachable")]


def test_behind_a_change_few_looks_are_sent_and_then_ever_more(fleet: Fleet) -> None:
    for n in range(1, 40):
        (fleet.folder / f"f{n}").touch()
    got = fleet.run(files(fleet.folder, 40))
    assert [len(modes(frame)) for frame in got.sent["h1"]] == [40, 4, 16, 20]


def test_reads_and_what_is_done_here_travel_with_a_change_however_many(fleet: Fleet) -> None:
    declared = "{command: echo, changed_when: false, check_mode: false}"
    here = "{debug: {msg: here}}"
    others = f"\n            - {declared}\n            - {here}" * 10
    got = fleet.run(f"""
        - hosts: all
          gather_facts: false
          tasks:
            - file: {{path: "{fleet.folder}/d", state: directory}}{others}
        """)
    sent = [modes(frame) for frame in got.sent["h1"]]
    assert sent == [["look", *["read"] * 10], ["apply", *["read"] * 10]]


def test_a_long_loop_of_changes_is_made_ready_a_few_items_at_a_time(fleet: Fleet) -> None:
    got = fleet.run(f"""
        - hosts: all
          gather_facts: false
          tasks:
            - file: {{path: "{fleet.folder}/{{{{ item }}}}", state: directory}}
              loop: "{{{{ range(12) | list }}}}"
        """)
    assert [len(modes(frame)) for frame in got.sent["h1"]] == [12, 4, *[2] * 10, 1]
    assert got.hosts["h1"].changed == 1


def test_nothing_stands_behind_the_look_of_an_edit_behind_a_change(fleet: Fleet) -> None:
    (fleet.folder / "text").write_text("a\n")
    edit = f"lineinfile: {{path: {fleet.folder}/text, line: a}}"
    got = fleet.run(f"""
        - hosts: all
          gather_facts: false
          tasks:
            - file: {{path: {fleet.folder}/d, state: directory}}
            - {edit}
            - {edit}
        """)
    assert [modes(frame) for frame in got.sent["h1"]] == [
        ["look"] * 3, ["apply", "look"], ["look"],
    ]  # fmt: skip


def test_what_is_behind_a_change_is_made_ready_once(fleet: Fleet) -> None:
    name = "{{ lookup('pipe', 'echo ' ~ word ~ ' | tee -a ' ~ log) }}"
    tasks = "".join(
        f"""
            - file: {{path: "{fleet.folder}/{name}", state: directory}}
              vars: {{word: d{n}, log: "{fleet.folder}/log"}}"""
        for n in range(9)
    )
    got = fleet.run(f"""
        - hosts: all
          gather_facts: false
          tasks:{tasks}
        """)
    assert got.hosts["h1"].changed == 9
    assert sorted((fleet.folder / "log").read_text().split()) == [f"d{n}" for n in range(9)]
    assert all((fleet.folder / f"d{n}").is_dir() for n in range(9))


def test_what_was_made_ready_is_made_again_where_files_of_this_machine_have_changed(
    fleet: Fleet,
) -> None:
    folder = fleet.folder
    (folder / "theirs").write_text("new")
    (folder / "ours").write_text("old")
    got = fleet.run(f"""
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
