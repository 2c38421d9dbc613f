"""Roles, imports and includes."""

from __future__ import annotations

import pytest

from provisioner.errors import LoadError
from tests.engine.play_runner import PlayRunner


def names(got: object) -> list[str]:
    return [task for task, _ in got.tasks()]  # type: ignore[attr-defined]


def test_a_role_has_tasks_handlers_defaults_vars_files_and_templates(runner: PlayRunner) -> None:
    runner.write(
        "roles/web/tasks/main.yml",
        """
        - {name: copy, copy: {src: a.txt, dest: "{{ out }}/a"}, notify: reload}
        - {name: template, template: {src: b.j2, dest: "{{ out }}/b"}, notify: "web : reload"}
        - {name: say, debug: {msg: "{{ http }} {{ level }} {{ role_name }}"}}
        """,
    )
    runner.write("roles/web/handlers/main.yml", "[{name: reload, command: echo}]")
    runner.write("roles/web/defaults/main.yml", "{http: 80, level: default, listen: x}")
    runner.write("roles/web/vars/main.yml", "{level: vars}")
    runner.write("roles/web/files/a.txt", "a")
    runner.write("roles/web/templates/b.j2", "port {{ http }}")
    got = runner.run(f"""
        - hosts: all
          vars: {{out: {runner.folder}, level: play}}
          pre_tasks: [{{name: pre, command: echo}}]
          roles: [{{role: web, http: 8080}}]
          tasks: [{{name: seen, debug: {{msg: "{{{{ listen }}}} {{{{ level }}}}"}}}}]
          post_tasks: [{{name: post, command: echo}}]
        """)
    assert names(got) == [
        "pre", "web : copy", "web : template", "web : say", "seen", "web : reload", "post",
    ]  # fmt: skip
    assert got.debug_output() == ["8080 vars web", "x vars"]
    assert (runner.folder / "b").read_text() == "port 8080"


def test_dependencies_run_first_and_a_role_runs_once(runner: PlayRunner) -> None:
    runner.write("roles/base/tasks/main.yml", "[{name: b, command: echo}]")
    for name in ("one", "two"):
        runner.write(f"roles/{name}/tasks/main.yml", "[{name: t, command: echo}]")
        runner.write(f"roles/{name}/meta/main.yml", "{dependencies: [base]}")
    got = runner.run("[{hosts: all, roles: [one, two, one, {role: one, vars: {x: 1}}]}]")
    assert names(got) == ["base : b", "one : t", "two : t", "one : t"]


def test_roles_that_depend_on_each_other_are_refused(runner: PlayRunner) -> None:
    runner.write("roles/a/meta/main.yml", "{dependencies: [b]}")
    runner.write("roles/b/meta/main.yml", "{dependencies: [a]}")
    with pytest.raises(LoadError, match="depend on each other"):
        runner.run("[{hosts: all, roles: [a]}]")


def test_a_missing_role_is_reported_with_its_place_and_a_similar_name(runner: PlayRunner) -> None:
    runner.write("roles/docker/tasks/main.yml", "[]")
    with pytest.raises(LoadError) as caught:
        runner.run("[{hosts: all, roles: [dokcer]}]")
    assert "play.yml:1:" in str(caught.value)
    assert 'did you mean "docker"?' in str(caught.value)


def test_import_tasks_passes_its_keywords_to_each_task(runner: PlayRunner) -> None:
    runner.write("more/a.yml", "[{name: a, debug: {msg: '{{ x }}'}}, {import_tasks: b.yml}]")
    runner.write("more/b.yml", "[{name: b, command: echo}]")
    text = """
        - hosts: all
          vars: {which: a}
          tasks:
            - {import_tasks: "more/{{ which }}.yml", vars: {x: 1}, tags: t, when: wanted}
            - {name: last, command: echo}
        """
    got = runner.run(text, extra_vars={"wanted": True})
    assert (names(got), got.debug_output()) == (["a", "b", "last"], [1])
    skipped = runner.run(text, extra_vars={"wanted": False})
    assert skipped.tasks()[:2] == [("a", "skipped"), ("b", "skipped")]
    assert names(runner.run(text, extra_vars={"wanted": True}, tags=frozenset("t"))) == ["a", "b"]


def test_include_tasks_may_loop_and_use_results_in_file_names(runner: PlayRunner) -> None:
    runner.write("a.yml", "[{name: 'a {{ item }} {{ y }}', command: echo, notify: h}]")
    runner.write("b.yml", "[{name: b, command: echo}, {include_tasks: c.yml}]")
    runner.write("c.yml", "[{name: c, command: echo}]")
    got = runner.run("""
        - hosts: all
          tasks:
            - {shell: echo b.yml, register: r}
            - {name: many, include_tasks: a.yml, loop: [1, 2, 3], when: item != 2, vars: {y: 7}}
            - include_tasks: {file: "{{ r.stdout }}"}
            - {name: last, command: echo}
          handlers: [{name: h, command: echo}]
        """)
    assert names(got) == [
        "shell", "many", "a 1 7", "a 3 7", "include_tasks", "b", "include_tasks", "c", "last", "h",
    ]  # fmt: skip


def test_a_failure_in_an_included_file_is_rescued_where_it_is_included(runner: PlayRunner) -> None:
    runner.write("a.yml", "[{name: fails, command: 'false'}, {name: no, command: echo}]")
    got = runner.run("""
        - hosts: all
          tasks:
            - block: [{name: inc, include_tasks: a.yml}]
              rescue: [{name: saved, command: echo}]
            - {name: last, command: echo}
        """)
    assert names(got) == ["inc", "fails", "saved", "last"]
    assert got.event("fails").rescued
    assert got.exit == 0


def test_a_missing_included_file_fails_the_task_with_its_name(runner: PlayRunner) -> None:
    got = runner.run("[{hosts: all, tasks: [{name: inc, include_tasks: none.yml}]}]")
    assert got.event("inc").outcome == "failed"
    assert "none.yml was not found" in got.event("inc").message


BROKEN = [
    ("- {name: t, nonsense: 1}", "neither a keyword of a task nor a module"),
    ("- debug: msg='x", "a quote is not closed"),
    ("a: b", "a task file must be a list"),
    ("[{", "YAML"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_no_rescue_catches_an_included_file_that_is_not_valid(
    runner: PlayRunner, text: str, message: str
) -> None:
    runner.write("h1.yml", text)
    runner.write("h2.yml", "- {name: t, debug: }")
    got = runner.run(
        """
        - hosts: all
          tasks:
            - block: [{name: inc, include_tasks: "{{ inventory_hostname }}.yml"}]
              ignore_errors: true
              rescue: [{name: saved, debug: }]
              always: [{name: always, debug: }]
        - hosts: all
          tasks: [{name: later, debug: }]
        """,
        hosts=2,
    )
    assert message in got.event("inc").message
    assert names(got) == ["inc"]
    assert got.tasks("h2")[-1] == ("always", "ok")
    assert got.exit == 2


def test_wrong_arguments_in_an_included_file_are_rescued_like_other_failures(
    runner: PlayRunner,
) -> None:
    runner.write("a.yml", "[{name: first, debug: }, {name: wrong, file: {path: /, sate: file}}]")
    got = runner.run("""
        - hosts: all
          tasks:
            - block: [{name: inc, include_tasks: a.yml}]
              rescue: [{name: saved, debug: }]
            - {name: again, include_tasks: a.yml}
        """)
    assert names(got) == ["inc", "first", "wrong", "saved", "again"]
    assert got.event("wrong").rescued
    assert got.event("again").outcome == "failed"


OLD = [
    ("x.yml v=1 w='a b'", "", ["1 a b"]),
    ("x.yml v={{ n }}", "when: n == 5", ["5 -"]),
    ("x.yml v={{ item }}", "with_items: [1, 2]", ["1 -", "2 -"]),
    ("x.yml v=1 static=no", "", ["1 -"]),
    ("x.yml", "vars: {v: 1, w: 2}", ["1 2"]),
    ('"{{ m }}.yml v=1"', "", ["1 -"]),
]


@pytest.mark.parametrize(("text", "more", "expected"), OLD)
def test_the_old_include_takes_parameters(
    runner: PlayRunner, text: str, more: str, expected: list[str]
) -> None:
    runner.write("x.yml", """[{debug: {msg: "{{ v }} {{ w | default('-') }}"}}]""")
    got = runner.run(f"""
        - hosts: all
          vars: {{n: 5, m: x}}
          tasks:
            - include: {text}
              {more}
        """)
    assert got.debug_output() == expected


def test_tasks_of_the_old_include_inherit_its_tags(runner: PlayRunner) -> None:
    runner.write("x.yml", "[{name: t, debug: }]")
    runner.write("y.yml", "[{hosts: all, tasks: [{name: u, debug: , tags: a}]}]")
    text = """
        - hosts: all
          tasks: [{include: x.yml tags=a}, {name: no, debug: }]
        - include: y.yml
        """
    assert names(runner.run(text, tags=frozenset({"a"}))) == ["t", "u"]


def test_variables_of_include_role_are_private_unless_public_and_of_import_role_never(
    runner: PlayRunner,
) -> None:
    runner.write("roles/r/tasks/main.yml", "[{name: t, debug: {msg: '{{ x }}'}, notify: h}]")
    runner.write("roles/r/tasks/other.yml", "[{name: o, command: echo, notify: h}]")
    runner.write("roles/r/handlers/main.yml", "[{name: h, command: echo}]")
    runner.write("roles/r/defaults/main.yml", "{x: dflt}")
    got = runner.run("""
        - hosts: all
          tasks:
            - {include_role: {name: r}, vars: {x: given}}
            - {name: before, debug: {msg: "{{ x | default('unseen') }}"}}
            - include_role: {name: r, tasks_from: other, public: true}
            - {name: after, debug: {msg: "{{ x }}"}}
        """)
    assert got.debug_output() == ["given", "unseen", "dflt"]
    assert names(got)[-1] == "r : h"
    got = runner.run("""
        - hosts: all
          tasks:
            - {debug: {msg: "{{ x }}"}}
            - import_role: {name: r}
        """)
    assert got.debug_output() == ["dflt", "dflt"]


def test_include_vars_loads_files_and_directories(runner: PlayRunner) -> None:
    runner.write("vars/a.yml", "{a: 1, b: '{{ a }}'}")
    runner.write("vars/d/1.yml", "{c: 1}")
    runner.write("vars/d/2.json", '{"c": 2}')
    got = runner.run("""
        - hosts: all
          tasks:
            - include_vars: a.yml
            - include_vars: {dir: d, name: named}
            - debug: msg="{{ b }} {{ named.c }}"
            - {name: missing, include_vars: none.yml, ignore_errors: true}
        """)
    assert got.debug_output() == ["1 2"]
    assert "tried" in got.event("missing").message


def test_tags_of_an_include_select_the_include_and_apply_its_tasks(runner: PlayRunner) -> None:
    runner.write("a.yml", "[{name: plain, command: echo}, {name: mine, command: echo, tags: t}]")
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: one, include_tasks: a.yml, tags: t}
            - name: two
              include_tasks: {file: a.yml, apply: {tags: t}}
              tags: t
        """,
        tags=frozenset("t"),
    )
    assert names(got) == ["one", "mine", "two", "plain", "mine"]


def test_import_playbook_adds_its_plays_with_vars_and_tags(runner: PlayRunner) -> None:
    runner.write("sub/other.yml", "[{hosts: all, tasks: [{name: x, debug: {msg: '{{ v }}'}}]}]")
    text = """
        - {import_playbook: sub/other.yml, vars: {v: 1}, tags: t}
        - {hosts: all, tasks: [{name: y, command: echo}]}
        """
    got = runner.run(text)
    assert (names(got), got.debug_output()) == (["x", "y"], [1])
    assert names(runner.run(text, tags=frozenset("t"))) == ["x"]


def test_vaulted_vars_files_roles_and_copies_are_opened(runner: PlayRunner) -> None:
    from provisioner.loading.vault import Secret, Vault, encrypt

    secret = Secret("default", b"pw")
    sealed = {
        "secret.yml": b"{password: hidden}",
        "files/key": b"key\n",
        "files/tree/sealed": b"in a tree\n",
        "roles/r/vars/main.yml": b"{inner: sealed}",
    }
    for name, plain in sealed.items():
        runner.write(name, encrypt(plain, secret).decode())
    runner.write("roles/r/tasks/main.yml", "[{debug: {msg: '{{ inner }} {{ password }}'}}]")
    runner.vault = Vault((secret,))
    got = runner.run(f"""
        - hosts: all
          vars_files: [secret.yml]
          roles: [r]
          tasks:
            - {{name: c, copy: {{src: key, dest: {runner.folder}/out, mode: "0600"}}}}
            - {{name: t, copy: {{src: tree, dest: {runner.folder}}}}}
            - debug: msg="{{{{ lookup('file', 'key') }}}}"
        """)
    assert got.debug_output() == ["sealed hidden", "key"]
    assert (runner.folder / "out").read_text() == "key\n"
    assert (runner.folder / "tree" / "sealed").read_text() == "in a tree\n"


def test_the_hint_for_a_missing_role_names_the_options_for_other_folders(
    runner: PlayRunner,
) -> None:
    runner.write("ansible.cfg", "[defaults]\nroles_path = elsewhere\n")
    with pytest.raises(LoadError) as caught:
        runner.run("[{hosts: all, roles: [quite_unlike_any]}]")
    assert "ANSIBLE_ROLES_PATH names more" in str(caught.value)
    assert "ansible.cfg is not read" in str(caught.value)


def test_files_that_include_each_other_without_end_fail_with_the_chain(runner: PlayRunner) -> None:
    runner.write("a.yml", "[{include_tasks: b.yml}]")
    runner.write("b.yml", "[{include_tasks: a.yml}]")
    got = runner.run("""
        - hosts: all
          tasks:
            - block: [{include_tasks: a.yml}]
              rescue: [{name: rescued, command: echo}]
        """)
    message = got.finished()[-1].message
    assert "includes are nested more than 200 deep" in message
    a, b = (f"{runner.folder}/{name}.yml:1" for name in "ab")
    assert f"{b} -> {a} -> {b}" in message
    assert "rescued" not in names(got)


def test_a_file_that_includes_itself_until_a_condition_is_true_ends(runner: PlayRunner) -> None:
    runner.write(
        "again.yml",
        """
        - set_fact: {count: "{{ count | default(0) | int + 1 }}"}
        - {include_tasks: again.yml, when: count | int < 150}
        """,
    )
    got = runner.run("""
        - hosts: all
          tasks: [{include_tasks: again.yml}, {debug: {msg: "{{ count }}"}}]
        """)
    assert got.debug_output() == [150]
