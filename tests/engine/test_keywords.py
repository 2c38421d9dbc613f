"""The keywords of plays, blocks and tasks."""

from __future__ import annotations

import pytest

from provisioner.errors import LoadError
from tests.engine.play_runner import PlayRunner


def test_a_task_skipped_by_when_names_the_condition(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          vars: {wanted: false, many: [1, 2]}
          tasks:
            - {name: a, command: echo a, when: wanted}
            - {name: b, command: echo b, when: [many | length == 2, not wanted]}
            - {name: c, command: echo c, when: [true, "{{ wanted }}"]}
            - {name: d, command: echo d, when: wanted or many}
        """)
    assert got.tasks() == [("a", "skipped"), ("b", "changed"), ("c", "skipped"), ("d", "changed")]
    assert got.event("a").message == "condition is false: wanted"


def test_register_keeps_the_output_of_a_command(runner: PlayRunner) -> None:
    got = runner.run(r"""
        - hosts: all
          tasks:
            - shell: printf 'one\ntwo\n'; echo oops >&2
              register: r
            - debug: msg="{{ r.stdout_lines }} {{ r.stderr }} {{ r.rc }} {{ r is changed }}"
            - command: echo no
              when: false
              register: s
            - debug: msg="{{ s is skipped }} {{ s.stdout | default('none') }}"
        """)
    assert got.debug_output() == ["['one', 'two'] oops 0 True", "True none"]


def test_types_of_single_expressions_are_kept(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          vars: {n: 5, version: "1.10", list: [1, 2], text: "{{ n }}", both: "{{ n }}{{ n }}"}
          tasks:
            - debug: msg="{{ [text is number, both, version, list | map('string') | list] }}"
        """)
    assert got.debug_output() == [[True, "55", "1.10", ["1", "2"]]]


LOOPS = [
    ("loop: [a, b]", ["a", "b"]),
    ("with_items: [a, [b, c]]", ["a", "b", "c"]),
    ("loop: '{{ names }}'", ["x", "y"]),
    ("with_dict: {k: v}", ["{'key': 'k', 'value': 'v'}"]),
    ("with_sequence: start=1 end=3", ["1", "2", "3"]),
    ("with_together: [[1, 2], [3, 4]]", ["[1, 3]", "[2, 4]"]),
    ("with_nested: [[1, 2], [3]]", ["[1, 3]", "[2, 3]"]),
    ("with_indexed_items: [a]", ["(0, 'a')"]),
    ("loop: '{{ names | dict2items }}'", None),
]


@pytest.mark.parametrize(("loop", "items"), LOOPS)
def test_a_loop_runs_once_for_each_item(
    runner: PlayRunner, loop: str, items: list[str] | None
) -> None:
    got = runner.run(f"""
        - hosts: all
          vars: {{names: [x, y]}}
          tasks:
            - {{name: it, command: echo, args: {{stdin: "{{{{ item }}}}"}}, {loop}}}
        """)
    seen = [str(event.item) for event in got.finished() if event.is_item]
    if items is None:
        assert got.event("it").outcome == "failed"
    else:
        assert seen == items


def test_loop_control_sets_variable_label_and_index(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - debug: msg="{{ i }} {{ thing.name }} {{ ansible_loop.last }}"
              loop: [{name: a}, {name: b}]
              loop_control:
                {loop_var: thing, index_var: i, label: "{{ thing.name }}", extended: true}
              register: r
            - debug: msg="{{ r.results | map(attribute='thing.name') | join(',') }}"
        """)
    assert got.debug_output() == ["0 a False", "1 b True", "a,b"]
    assert [event.item for event in got.finished() if event.is_item] == ["a", "b"]


def test_a_loop_goes_on_after_an_item_that_failed_and_the_task_has_failed(
    runner: PlayRunner,
) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: it, shell: "exit {{ item }}", loop: [0, 3, 0], ignore_errors: yes, register: r}
            - debug: msg="{{ r.results | map(attribute='rc') | list }} {{ r is failed }}"
        """)
    outcomes = [str(event.outcome) for event in got.finished() if event.is_item]
    assert outcomes == ["changed", "failed", "changed"]
    assert got.debug_output() == ["[0, 3, 0] True"]


def test_changed_when_and_failed_when_decide_the_outcome(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: a, shell: echo same, register: r, changed_when: "'new' in r.stdout"}
            - {name: b, shell: exit 3, register: r, failed_when: "r.rc not in [0, 3]"}
            - {name: c, shell: exit 3, failed_when: false, changed_when: false}
            - {name: d, shell: echo bad, register: r, failed_when: ["'bad' in r.stdout"]}
        """)
    expected = [("a", "ok"), ("b", "changed"), ("c", "ok"), ("d", "failed")]
    assert got.tasks() == expected
    assert got.exit == 2


def test_until_tries_again_and_gives_up(runner: PlayRunner) -> None:
    marks = runner.folder / "marks"
    got = runner.run(f"""
        - hosts: all
          tasks:
            - name: third
              shell: echo x >> {marks}; wc -l < {marks}
              register: r
              until: r.stdout | int >= 3
              retries: 5
              delay: 0
            - {{name: never, shell: exit 1, register: r, until: r.rc == 0, retries: 2, delay: 0}}
        """)
    assert got.event("third").attempts == 3
    assert got.tasks() == [("third", "changed"), ("never", "failed")]
    assert got.event("never").attempts == 3


def test_handlers_run_once_at_the_end_in_their_own_order(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          pre_tasks:
            - {name: p, command: echo, notify: second}
          tasks:
            - {name: a, command: echo, notify: [second, first]}
            - {name: b, command: echo, notify: topic}
            - {name: c, command: echo, changed_when: false, notify: never}
          handlers:
            - {name: first, command: echo}
            - {name: second, command: echo, notify: last}
            - {name: third, command: echo, listen: topic}
            - {name: never, command: echo}
            - {name: last, command: echo}
        """)
    assert [task for task, _ in got.tasks()] == [
        "p", "second", "last", "a", "b", "c", "first", "second", "third", "last",
    ]  # fmt: skip


def test_flush_handlers_runs_notified_handlers_at_once(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: a, command: echo, notify: h}
            - meta: flush_handlers
            - {name: b, command: echo}
          handlers:
            - {name: h, command: echo}
        """)
    assert [task for task, _ in got.tasks()] == ["a", "h", "b"]


def test_handlers_of_a_failed_host_run_only_when_forced(runner: PlayRunner) -> None:
    text = """
        - hosts: all
          tasks:
            - {name: a, command: echo, notify: h}
            - {name: b, command: "false"}
          handlers:
            - {name: h, command: echo}
        """
    assert [task for task, _ in runner.run(text).tasks()] == ["a", "b"]
    forced = runner.run(text, force_handlers=True)
    assert [task for task, _ in forced.tasks()] == ["a", "b", "h"]
    assert forced.exit == 2


def test_rescue_runs_after_a_failure_and_always_in_any_case(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - block:
                - {name: fails, command: "false"}
                - {name: not reached, command: echo}
              rescue:
                - debug: msg="{{ ansible_failed_task.name }} {{ ansible_failed_result.rc }}"
              always:
                - {name: always, command: echo}
            - block:
                - {name: fine, command: echo}
              rescue:
                - {name: no, command: echo}
              always:
                - {name: always too, command: echo}
            - {name: after, command: echo}
        """)
    names = [task for task, _ in got.tasks()]
    assert names == ["fails", "debug", "always", "fine", "always too", "after"]
    assert got.debug_output() == ["fails 1"]
    assert (got.exit, got.hosts["h1"].rescued, got.hosts["h1"].failed) == (0, 1, 0)


def test_a_failure_that_no_rescue_catches_runs_always_and_ends_the_host(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - block:
                - block:
                    - {name: fails, command: "false"}
                  always:
                    - {name: inner, command: echo}
                - {name: not reached, command: echo}
              rescue:
                - {name: rescue fails, command: "false"}
              always:
                - {name: outer, command: echo}
            - {name: not reached either, command: echo}
        """)
    assert [task for task, _ in got.tasks()] == ["fails", "inner", "rescue fails", "outer"]
    assert got.exit == 2


def test_tasks_inherit_the_keywords_of_their_block(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          vars: {x: play, "on": true}
          environment: {A: play, B: play}
          tasks:
            - block:
                - {name: a, shell: 'echo {{ x }} $A $B', vars: {x: task}, register: r}
                - debug: msg="{{ r.stdout }} {{ x }}"
                - {name: nothing, command: echo, when: false}
              when: "on"
              vars: {x: block}
              environment: {B: block}
        """)
    assert got.debug_output() == ["task play block block"]
    assert got.tasks()[2] == ("nothing", "skipped")


def test_ignore_errors_lets_the_host_go_on(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: a, command: "false", ignore_errors: true}
            - {name: b, command: echo}
        """)
    assert (got.exit, got.hosts["h1"].ignored, got.hosts["h1"].failed) == (0, 1, 0)
    assert got.event("a").ignored
    assert got.tasks()[1] == ("b", "changed")


def test_set_fact_is_seen_by_later_tasks_and_plays(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - set_fact: {a: 1, b: "{{ 1 + 1 }}"}
            - set_fact: c="{{ a + b }}"
            - debug: msg="{{ c }}"
        - hosts: all
          vars: {c: 0}
          tasks:
            - debug: msg="{{ c }}"
        """)
    assert got.debug_output() == [3, 3]


def test_vars_files_and_extra_vars_have_their_precedence(runner: PlayRunner) -> None:
    runner.write("more.yml", "{a: file, b: file, c: file}")
    runner.write("group_vars/all.yml", "{a: group, d: group}")
    runner.write("host_vars/h1.yml", "{d: host}")
    got = runner.run(
        """
        - hosts: all
          vars: {a: play, c: play}
          vars_files: [[missing.yml, more.yml]]
          tasks:
            - debug: msg="{{ a }} {{ b }} {{ c }} {{ d }}"
        """,
        inventory="all: {hosts: {h1: {a: inventory}}}",
        extra_vars={"c": "extra"},
    )
    assert got.debug_output() == ["file file extra host"]


def test_omit_leaves_an_argument_out(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: a, command: echo, args: {chdir: "{{ nowhere | default(omit) }}"}}
        """)
    assert got.tasks() == [("a", "changed")]


UNDEFINED = """
    - hosts: all
      vars: {docker_edition: ce, chain: "{{ missing_one }}"}
      tasks:
        - {name: a, command: "echo {{ docker_editon }}"}
        - {name: b, command: "echo {{ chain }}"}
        - {name: c, command: "echo {{ perhaps | default(1) }} {{ r.x }}", register: r}
        - {name: d, command: "echo {{ whatever }}", when: false}
    """


def test_an_undefined_variable_is_reported_before_any_host_is_contacted(
    runner: PlayRunner,
) -> None:
    with pytest.raises(LoadError) as caught:
        runner.run(UNDEFINED)
    message = str(caught.value)
    assert 'play.yml:5:26: the variable "docker_editon" is not defined anywhere' in message
    assert 'did you mean "docker_edition"?' in message
    assert '"missing_one" is not defined anywhere' in message
    assert len(caught.value.problems) == 2


def test_a_variable_that_an_assertion_checks_is_not_reported_before_the_run(
    runner: PlayRunner,
) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - assert:
                that: [image is defined, image | length > 0]
                fail_msg: name an image
        """)
    assert got.tasks() == [("assert", "failed")]


MAY_FAIL = """
    - hosts: all
      tasks:
        - {{name: a, file: {{state: hard, nosuch: 1}}, {how}}}
        - {{name: b, debug: {{}}}}
    """


@pytest.mark.parametrize("how", ["ignore_errors: true", "failed_when: false"])
def test_a_wrong_argument_fails_only_its_task_if_the_playbook_handles_failures(
    runner: PlayRunner, how: str
) -> None:
    got = runner.run(MAY_FAIL.format(how=how))
    assert got.tasks()[-1] == ("b", "ok")
    with pytest.raises(LoadError, match='no parameter "nosuch"'):
        runner.run(MAY_FAIL.format(how="tags: [x]"))


def test_wrong_arguments_and_templates_are_ignored_and_rescued(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {debug: {msg: "{{ 1 + }}"}, ignore_errors: true}
            - block: [{name: a, file: {path: /x, state: foo}}]
              rescue: [{debug: {msg: "{{ ansible_failed_task.name }}"}}]
        """)
    assert got.debug_output() == ["a"]


UNFIT = [
    ("retries: \"{{ 'inf' }}\"", '"retries" must be a number, not "inf"'),
    ("retries: \"{{ '5%' }}\"", '"retries" must be a number, not "5%"'),
    ('loop: [1, 2]\n      loop_control: {pause: "{{ 1 / 0 }}"}', "division by zero"),
    (
        'module_defaults: {file: "{{ [1] }}"}',
        "module_defaults must be a mapping of names to values",
    ),
    ('environment: {A: "\\0"}', "a NUL byte can't be passed to a shell"),
    ('vars: {path: "\\0"}', "a NUL byte can't be passed to a shell"),
]


@pytest.mark.parametrize(("keyword", "why"), UNFIT)
def test_a_value_of_the_wrong_type_fails_only_its_task(
    runner: PlayRunner, keyword: str, why: str
) -> None:
    got = runner.run(f"""
- hosts: all
  vars: {{path: /etc}}
  tasks:
    - name: a
      file: {{path: "{{{{ path }}}}", state: directory}}
      ignore_errors: true
      {keyword}
    - {{name: b, command: "true"}}
""")
    assert got.tasks() == [("a", "failed"), ("b", "changed")]
    assert why in got.event("a").message


@pytest.mark.parametrize("keyword", ["", "loop: [1, 2]"])
def test_a_broken_notify_fails_the_task_that_would_notify(runner: PlayRunner, keyword: str) -> None:
    got = runner.run(f"""
- hosts: all
  handlers: [{{name: told, debug: {{msg: told}}}}]
  tasks:
    - name: a
      command: "true"
      notify: "{{{{ 1 / 0 }}}}"
      ignore_errors: true
      {keyword}
    - {{name: b, command: "true", notify: told}}
""")
    assert got.tasks() == [("a", "failed"), ("b", "changed"), ("told", "ok")]
    assert got.event("a").message == "notify: ZeroDivisionError: division by zero"


def test_notify_may_use_facts_and_results(runner: PlayRunner) -> None:
    got = runner.run("""
- hosts: all
  handlers: [{name: of Linux, debug: }, {name: of done, debug: }]
  tasks:
    - {command: echo done, register: said}
    - {command: "true", notify: ["of {{ ansible_system }}", "of {{ said.stdout }}"]}
""")
    assert got.tasks()[-2:] == [("of Linux", "ok"), ("of done", "ok")]


@pytest.mark.parametrize(
    "keywords",
    [
        'become: true, become_user: "a\\nb"',
        'become: true, become_user: "{{ nowhere }}"',
        "vars: {ansible_connection: docker}",
    ],
)
def test_waiting_over_an_unknown_connection_fails(runner: PlayRunner, keywords: str) -> None:
    waits = f"{{name: a, wait_for_connection: , {keywords}, ignore_errors: true}}"
    got = runner.run(f"[{{hosts: all, tasks: [{waits}, {{name: b, debug: }}]}}]")
    assert got.tasks() == [("a", "failed"), ("b", "ok")]


def test_waiting_for_a_connection_may_use_facts(runner: PlayRunner) -> None:
    got = runner.run("""
- hosts: all
  tasks:
    - name: a
      wait_for_connection:
      become: true
      become_user: "{{ ansible_system }}\\n"
""")
    assert "become_user 'Linux\\n' is not a valid user name" in got.event("a").message


def test_a_label_is_plain_data(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          gather_facts: false
          tasks:
            - {name: a, debug: {msg: x}, loop: [1], loop_control: {label: "{{ hostvars }}"}}
        """)
    label = got.finished()[0].item
    assert type(label) is type(label["h1"]) is dict
    assert label["h1"]["inventory_hostname"] == "h1"


def test_a_timeout_of_any_length_is_accepted(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: a, command: sleep 0.1, async: 1e300, poll: 1e300}
            - {name: b, command: sleep 0.1, timeout: 1e300}
        """)
    assert got.tasks() == [("a", "changed"), ("b", "changed")]


def test_an_undefined_variable_fails_the_task_and_names_the_nearest(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          vars: {docker_edition: ce}
          tasks:
            - {name: a, command: "echo {{ docker_editon }}", when: inventory_hostname == 'h1'}
        """)
    event = got.event("a")
    assert event.outcome == "failed"
    assert '"docker_editon" is undefined' in event.message
    assert 'did you mean "docker_edition"?' in event.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ map.b }}", "'dict object' has no attribute 'b'"),
        ("{{ list.b }}", "'list object' has no attribute 'b'"),
        ("{{ 'x' + map }}", 'can only concatenate str (not "dict") to str'),
    ],
)
def test_reasons_name_types_by_their_yaml_names(runner: PlayRunner, text: str, reason: str) -> None:
    got = runner.run(f"""
        - hosts: h1
          vars: {{map: {{a: 1}}, list: [1]}}
          tasks:
            - {{name: a, debug: {{msg: "{text}"}}}}
        """)
    assert reason in got.event("a").message


def test_variables_that_refer_to_each_other_are_shown_as_a_chain(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          vars: {a: "{{ b }}", b: "{{ c }}", c: "{{ a }}"}
          tasks:
            - {name: x, debug: {msg: "{{ a }}"}}
        """)
    assert "a → b → c → a" in got.event("x").message


def test_no_log_hides_the_arguments_and_output_of_a_task(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: a, command: echo s3cret, no_log: true, loop: [s3cret]}
            - {name: b, shell: "echo s3cret; exit 1", no_log: true}
        """)
    assert "s3cret" not in repr([event for event in got.events if event != got.events[-1]])


def test_tags_select_tasks(runner: PlayRunner) -> None:
    text = """
        - hosts: all
          tasks:
            - {name: a, command: echo, tags: x}
            - {name: b, command: echo, tags: [y, always]}
            - {name: c, command: echo, tags: never}
            - {name: d, command: echo, tags: [never, z]}
            - {name: e, command: echo}
            - block:
                - {name: f, command: echo}
              tags: x
        """
    chosen = {
        (): "abef",
        ("x",): "abf",
        ("z",): "bd",
        ("untagged",): "be",
        ("tagged",): "abf",
        ("all",): "abef",
    }
    for tags, names in chosen.items():
        got = runner.run(text, tags=frozenset(tags))
        assert "".join(task for task, _ in got.tasks()) == names, tags
    skipped = runner.run(text, skip_tags=frozenset({"x", "always"}))
    assert "".join(task for task, _ in skipped.tasks()) == "e"


def test_start_at_task_skips_the_tasks_before_it(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: a, command: echo}
            - {name: b, command: echo}
        """,
        start_at_task="b",
    )
    assert got.tasks() == [("b", "changed")]


def test_facts_are_gathered_once_and_only_when_used(runner: PlayRunner) -> None:
    without = runner.run("[{hosts: all, tasks: [{name: a, command: echo}]}]")
    assert without.tasks() == [("a", "changed")]
    used = runner.run("""
        - hosts: all
          tasks:
            - debug: msg="{{ ansible_kernel == ansible_facts.kernel }}"
        - hosts: all
          tasks:
            - debug: msg="{{ ansible_facts['system'] }}"
        """)
    assert [task for task, _ in used.tasks()] == ["Gathering Facts", "debug", "debug"]
    assert used.debug_output() == [True, "Linux"]


def test_all_facts_are_gathered_even_if_a_module_has_set_some(runner: PlayRunner) -> None:
    runner.write(
        "more.yml",
        """
        - getent: {database: passwd, key: root}
        - debug: msg="{{ ansible_facts.getent_passwd.root[1] }} {{ ansible_facts.system }}"
        """,
    )
    got = runner.run("""
        - hosts: all
          tasks: [include_tasks: more.yml]
        - hosts: all
          gather_facts: false
          tasks:
            - getent: {database: group, key: root}
            - debug: msg="{{ ansible_facts.getent_group.keys() | list }}"
        """)
    assert got.debug_output() == ["0 Linux", ["root"]]


def test_values_that_a_host_sends_are_never_rendered(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: a, shell: "echo '{{ '{{' }} 7 * 7 }}'", register: r}
            - set_fact: {again: "{{ r.stdout }}"}
            - debug: msg="{{ again }} {{ r.stdout_lines[0] }}"
            - debug: msg="{{ item }}"
              loop: "{{ r.stdout_lines }}"
            - debug: msg=equal
              when: again == r.stdout
        """)
    assert got.debug_output() == ["{{ 7 * 7 }} {{ 7 * 7 }}", "{{ 7 * 7 }}", "equal"]


def test_an_unknown_order_is_reported_before_any_host_is_contacted(runner: PlayRunner) -> None:
    with pytest.raises(LoadError, match='no order "sortd"'):
        runner.run("[{hosts: all, order: sortd, tasks: [{command: echo}]}]")
    assert runner.connections == {}


def test_a_rescue_sees_that_a_command_exceeded_its_timeout(runner: PlayRunner) -> None:
    got = runner.run("""
        - hosts: all
          gather_facts: false
          tasks:
            - block:
                - {command: sleep 30, timeout: 1, register: r}
              rescue:
                - debug: msg="{{ r.msg }}"
        """)
    assert got.debug_output() == ["it took longer than 1 s and was ended"]
