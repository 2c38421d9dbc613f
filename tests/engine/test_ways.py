"""Programs that run elsewhere than on the task's host."""

from __future__ import annotations

from tests.engine.fleet import Fleet


def test_relative_paths_on_this_machine_are_beside_the_playbook(fleet: Fleet) -> None:
    got = fleet.run("""
        - hosts: all
          connection: local
          tasks:
            - {shell: "pwd; echo x >made", register: r}
            - debug: msg="{{ r.stdout }}"
        """)
    assert got.said() == [str(fleet.folder)]
    assert (fleet.folder / "made").exists()


def test_it_finds_its_source_beside_the_playbook_and_runs_on_the_controller(fleet: Fleet) -> None:
    fleet.write("files/tree/f", "x\n")
    got = fleet.run(f"""
        - hosts: all
          connection: local
          tasks:
            - {{name: a, synchronize: {{src: tree, dest: {fleet.folder}/to}}}}
            - {{name: a, synchronize: {{src: tree, dest: {fleet.folder}/to}}}}
            - name: b
              synchronize: {{src: {fleet.folder}/to/, dest: {fleet.folder}/again}}
              delegate_to: "{{{{ inventory_hostname }}}}"
        """)
    assert got.tasks() == [("a", "changed"), ("a", "ok"), ("b", "changed")]
    assert (fleet.folder / "again" / "tree" / "f").read_text() == "x\n"
