"""Plays on several hosts: waiting for each other, and the consequences of a failed host."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provisioner.events import HostFinished, Notice
from tests.engine.play_runner import PlayRunner


def test_a_failed_or_dead_host_does_not_stop_the_others(runner: PlayRunner) -> None:
    runner.dead = frozenset({"h2"})
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: a, shell: '[ {{ inventory_hostname }} != h3 ]'}
            - {name: b, command: echo}
        """,
        hosts=3,
    )
    assert {name: str(host.status) for name, host in got.hosts.items()} == {
        "h1": "changed",
        "h2": "unreachable",
        "h3": "failed",
    }
    assert got.exit == 6
    assert got.tasks("h2") == [("a", "unreachable")]
    assert got.event("a", "h2").hint == "switch it on"


def test_a_failed_host_takes_no_part_in_later_plays(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: all
          tasks: [{name: a, shell: '[ {{ inventory_hostname }} = h1 ]'}]
        - hosts: all
          tasks: [{name: b, command: echo}]
        """,
        hosts=2,
    )
    assert got.tasks("h1") == [("a", "changed"), ("b", "changed")]
    assert got.tasks("h2") == [("a", "failed")]


def test_run_once_runs_on_one_host_and_all_hosts_see_its_result(runner: PlayRunner) -> None:
    marks = runner.folder / "marks"
    got = runner.run(
        f"""
        - hosts: all
          tasks:
            - {{name: before, command: echo}}
            - {{name: once, shell: 'echo x >> {marks}; echo from {{{{ inventory_hostname }}}}',
                run_once: true, register: r}}
            - debug: msg="{{{{ r.stdout }}}}"
        """,
        hosts=3,
    )
    assert marks.read_text() == "x\n"
    assert [got.debug_output(host) for host in ("h1", "h2", "h3")] == [["from h1"]] * 3
    assert got.exit == 0


def test_a_failed_run_once_task_stops_all_hosts(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: once, command: "false", run_once: true}
            - {name: after, command: echo}
        """,
        hosts=2,
    )
    assert got.tasks("h2") == []
    assert {str(host.status) for host in got.hosts.values()} == {"failed"}


def test_any_errors_fatal_ends_the_play_for_all_hosts_after_the_task(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: all
          any_errors_fatal: true
          tasks:
            - {name: a, shell: '[ {{ inventory_hostname }} != h2 ]'}
            - {name: b, command: echo}
        """,
        hosts=3,
    )
    assert got.tasks("h1") == [("a", "changed")]
    assert got.tasks("h3") == [("a", "changed")]
    assert got.exit == 2


def test_the_play_ends_when_max_fail_percentage_is_exceeded(runner: PlayRunner) -> None:
    text = """
        - hosts: all
          max_fail_percentage: {}
          tasks:
            - {{name: a, shell: '[ {{{{ inventory_hostname }}}} != h2 ]'}}
            - {{name: b, command: echo}}
        """
    assert len(runner.run(text.format(20), hosts=4).tasks("h1")) == 1
    assert len(runner.run(text.format(25), hosts=4).tasks("h1")) == 2


def test_serial_runs_batches_and_stops_when_all_hosts_of_one_have_failed(
    runner: PlayRunner,
) -> None:
    order: list[str] = []
    text = """
        - hosts: all
          serial: {}
          tasks:
            - {{name: a, shell: '[ {{{{ inventory_hostname }}}} != {} ]'}}
            - debug: msg="{{{{ ansible_play_batch | join(',') }}}}"
        """
    got = runner.run(text.format("[1, 2]", "none"), hosts=5)
    order = [str(got.debug_output(f"h{n}")[0]) for n in range(1, 6)]
    assert order == ["h1", "h2,h3", "h2,h3", "h4,h5", "h4,h5"]
    stopped = runner.run(text.format("50%", "h1"), hosts=2)
    assert str(stopped.hosts["h2"].status) == "not-run"


def test_hostvars_and_groups_show_the_other_hosts(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: all
          tasks:
            - set_fact: {mine: "of {{ inventory_hostname }}"}
            - debug: msg="{{ groups.web | map('extract', hostvars, 'mine') | join(', ') }}"
            - debug: msg="{{ hostvars['h2'].port }} {{ group_names }}"
        """,
        inventory="""
            web: {hosts: {h1: , h2: {port: 7}}}
            """,
    )
    assert got.debug_output("h1") == ["of h1, of h2", "7 ['web']"]


def test_end_host_ends_the_play_for_one_host_and_end_play_for_all(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: a, command: echo}
            - {meta: end_host, when: inventory_hostname == 'h1'}
            - {name: b, command: echo}
            - {meta: end_play, when: inventory_hostname == 'h2'}
            - {name: c, command: echo}
        - hosts: all
          tasks: [{name: d, command: echo}]
        """,
        hosts=3,
    )
    names = {host: "".join(task for task, _ in got.tasks(host)) for host in got.hosts}
    assert names == {"h1": "ad", "h2": "abd", "h3": "abd"}


def test_more_hosts_than_forks_run_and_a_host_at_a_barrier_holds_no_slot(
    runner: PlayRunner,
) -> None:
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: a, command: echo}
            - {name: b, command: echo, run_once: true, register: r}
            - {name: c, command: echo}
        """,
        hosts=12,
        forks=2,
    )
    assert {len(got.tasks(host)) for host in got.hosts} == {2, 3}
    assert got.exit == 0


def test_add_host_and_group_by_add_hosts_and_groups_for_later_plays(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: add, add_host: {name: "new", groups: [fresh], color: red}}
            - {group_by: {key: "os {{ inventory_hostname }}"}}
        - hosts: fresh
          tasks: [{debug: {msg: "{{ color }} {{ groups['fresh'] }} {{ group_names }}"}}]
        - hosts: os-h2
          tasks: [{name: b, command: echo}]
        - hosts: nobody
          tasks: [{name: c, command: echo}]
        """,
        hosts=2,
    )
    assert got.debug_output("new") == ["red ['new'] ['fresh']"]
    assert [task for task, _ in got.tasks("h1")] == ["add", "group_by"]
    assert [task for task, _ in got.tasks("h2")] == ["group_by", "b"]
    assert [e.text for e in got.events if isinstance(e, Notice)] != []


def test_a_delegated_task_runs_on_the_other_host_with_its_own_hosts_variables(
    runner: PlayRunner,
) -> None:
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: a, shell: 'echo {{ inventory_hostname }}', delegate_to: h2, register: r}
            - {name: b, command: echo, delegate_to: localhost}
            - {local_action: command echo local}
            - debug: msg="{{ r.stdout }}"
        """,
        hosts=2,
    )
    assert got.debug_output("h1") == ["h1"]
    assert got.event("a", "h1").delegated_to == "h2"
    assert got.event("b", "h1").delegated_to == "localhost"
    assert got.exit == 0


def test_localhost_needs_neither_inventory_nor_ssh(runner: PlayRunner) -> None:
    got = runner.run("[{hosts: localhost, tasks: [{command: echo}]}]")
    assert got.tasks("localhost") == [("command", "changed")]
    assert got.sent == {}


def test_a_delegated_task_uses_the_other_hosts_connection_and_become(
    runner: PlayRunner,
) -> None:
    got = runner.run(
        """
        - hosts: h1
          tasks: [{command: echo, delegate_to: h2}]
        """,
        inventory="""
        all:
          hosts:
            h1: {ansible_become: true, ansible_become_user: nobody}
            h2: {ansible_connection: local, ansible_become: false}
        """,
    )
    assert got.tasks("h1") == [("command", "changed")]
    assert got.sent == {}


def test_remote_user_and_port_apply_unless_variables_override_them(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: all
          remote_user: "{{ who }}"
          port: 2222
          vars: {who: deploy}
          tasks:
            - command: echo
            - {command: echo, remote_user: other, when: inventory_hostname == 'h1'}
        """,
        inventory="all: {hosts: {h1: , h2: {ansible_user: own}}}",
    )
    assert got.exit == 0
    logins = {
        host: (v.get("ansible_user"), v["ansible_port"]) for host, v in runner.variables.items()
    }
    assert logins == {"h1": ("other", "2222"), "h2": ("own", "2222")}


def test_names_of_vars_files_may_use_facts_and_host_names(runner: PlayRunner) -> None:
    runner.write("Linux-h1.yml", "{v: one}")
    runner.write("Linux-h2.yml", "{v: two}")
    got = runner.run(
        """
        - hosts: all
          vars_files: ["{{ ansible_system }}-{{ inventory_hostname }}.yml"]
          tasks: [{debug: {msg: "{{ v }} {{ ansible_system }}"}}]
        """,
        hosts=2,
    )
    assert [got.debug_output("h1"), got.debug_output("h2")] == [["one Linux"], ["two Linux"]]


def test_pause_waits_for_its_time(runner: PlayRunner) -> None:
    got = runner.run("[{hosts: all, tasks: [{name: p, pause: {seconds: 0}}, {command: echo}]}]")
    assert got.tasks() == [("p", "ok"), ("command", "changed")]


def test_hosts_of_a_play_may_come_from_the_groups_of_the_inventory(runner: PlayRunner) -> None:
    got = runner.run(
        """
        - hosts: "{{ groups[which] | difference(groups.idle) }}"
          vars: {which: web}
          tasks: [{debug: {msg: hello}}]
        """,
        inventory="all: {children: {web: {hosts: {h1: , h2: }}, idle: {hosts: {h2: }}}}",
    )
    assert (got.debug_output("h1"), got.debug_output("h2")) == (["hello"], [])


def test_a_pause_without_a_time_asks_once_for_all_hosts(runner: PlayRunner) -> None:
    asked: list[tuple[str, bool]] = []

    def read(prompt: str, echo: bool) -> str:
        asked.append((prompt, echo))
        return "blue"

    runner.read = read
    got = runner.run(
        """
        - hosts: all
          tasks:
            - {name: colour, pause: {prompt: 'Which {{ what }}?', echo: false}, register: said}
            - {pause: , when: inventory_hostname == 'h2'}
            - {pause: {prompt: never}, when: false}
            - {debug: {msg: "{{ said.user_input }}"}}
          vars: {what: colour}
        """,
        hosts=3,
    )
    assert asked == [("[colour] Which colour?", False), ("[pause] Press Enter to go on", True)]
    assert [got.debug_output(host) for host in ("h1", "h2", "h3")] == [["blue"]] * 3


def test_pause_asks_no_question_in_check_mode(runner: PlayRunner) -> None:
    runner.read = lambda prompt, echo: pytest.fail("asked")
    got = runner.run("[{hosts: all, tasks: [{name: p, pause: {prompt: x}}]}]", check=True)
    assert got.tasks() == [("p", "ok")]


def test_ignore_unreachable_goes_on_with_the_next_task(runner: PlayRunner) -> None:
    runner.dead = frozenset({"h1"})
    got = runner.run("""
        - hosts: all
          tasks:
            - {name: a, command: echo, ignore_unreachable: true, register: r}
            - {name: b, debug: {msg: "{{ r is unreachable }}"}}
        """)
    assert got.tasks() == [("a", "unreachable"), ("b", "ok")]
    assert (got.exit, got.debug_output()) == (0, [True])


def test_throttle_limits_how_many_hosts_run_a_task_at_once(runner: PlayRunner) -> None:
    busy = runner.folder / "busy"
    got = runner.run(
        f"""
        - hosts: all
          tasks:
            - {{name: a, shell: 'mkdir {busy} && sleep 0.05 && rmdir {busy}', throttle: 1}}
        """,
        hosts=4,
    )
    assert got.exit == 0


@pytest.mark.parametrize(
    ("of_play", "of_task"),
    [
        ({}, {"delegate_to": "h1"}),
        ({}, {"delegate_to": "localhost"}),
        ({}, {"delegate_to": "localhost", "throttle": 2}),
        ({"connection": "local"}, {}),
    ],
)
def test_hosts_that_change_the_same_machine_do_so_one_after_the_other(
    runner: PlayRunner, of_play: dict[str, Any], of_task: dict[str, Any]
) -> None:
    own = "{{ inventory_hostname }}"
    shared = runner.folder / "shared"
    shared.mkdir()
    tasks: list[dict[str, Any]] = [
        {"lineinfile": {"path": f"{shared}/lines", "line": own, "create": True}},
        {"copy": {"dest": f"{shared}/own", "content": own}},
        {"file": {"path": f"{shared}/a/b/c", "state": "directory"}},
        {"blockinfile": {"path": f"{shared}/block", "block": "same", "create": True}},
    ]
    play = {"hosts": "all", "gather_facts": False, "tasks": [task | of_task for task in tasks]}
    got = runner.run(json.dumps([play | of_play]), hosts=8)
    assert got.exit == 0
    assert sorted((shared / "lines").read_text().split()) == [f"h{n}" for n in range(1, 9)]
    assert {summary.ok for summary in got.hosts.values()} == {4}


def test_a_file_that_has_changed_since_the_look_is_read_once_more(runner: PlayRunner) -> None:
    """Another process writes the file after the look at the first item."""
    got = runner.run(
        f"""
        - hosts: all
          gather_facts: false
          tasks:
            - lineinfile:
                path: {runner.folder}/f
                line: "{{{{ item }}}}"
                validate: >-
                  /bin/sh -c '[ -e {runner.folder}/seen ] || echo other >>{runner.folder}/f;
                  touch {runner.folder}/seen' %s
                create: true
              loop: [a, b]
        """
    )
    assert got.exit == 0
    assert (runner.folder / "f").read_text() == "other\na\nb\n"


def test_a_task_whose_file_changes_again_and_again_fails(runner: PlayRunner) -> None:
    got = runner.run(
        f"""
        - hosts: all
          gather_facts: false
          tasks:
            - name: a
              lineinfile:
                path: {runner.folder}/f
                line: a
                validate: /bin/sh -c 'echo other >>{runner.folder}/f' %s
                create: true
        """
    )
    assert got.exit == 2
    assert "was changed by another process after it was read" in got.event("a").message
    assert (runner.folder / "f").read_text() == "other\nother\n"


def test_async_with_a_poll_is_a_time_limit(runner: PlayRunner) -> None:
    got = runner.run("[{hosts: all, tasks: [{name: a, shell: sleep 60, async: 1, poll: 5}]}]")
    assert "longer than 1 s" in got.event("a").message


def test_jobs_without_a_poll_run_side_by_side_and_over_connections(runner: PlayRunner) -> None:
    got = runner.run(f"""
        - hosts: all
          vars: {{ansible_async_dir: {runner.folder}/jobs}}
          tasks:
            - shell: until [ -e {{{{ item }}}} ]; do sleep 0.05; done; echo {{{{ item }}}}
              args: {{chdir: {runner.folder}}}
              async: "{{{{ 60 }}}}"
              poll: 0
              loop: [a, b]
              register: jobs
            - meta: reset_connection
            - file: {{path: "{runner.folder}/{{{{ item }}}}", state: touch}}
              loop: [b, a]
            - async_status: {{jid: "{{{{ item.ansible_job_id }}}}"}}
              loop: "{{{{ jobs.results }}}}"
              register: ends
              until: ends.finished
              delay: 0.1
              retries: 300
            - debug: msg="{{{{ ends.results | map(attribute='stdout') | join(' ') }}}}"
        """)
    assert got.exit == 0
    assert got.debug_output() == ["a b"]


LATE = """
        - hosts: all
          gather_facts: false
          vars: {all_made: "{{ groups.all | map('extract', hostvars, 'made') | list }}"}
          tasks:
            - command: sleep 0.2
              when: inventory_hostname != 'h1'
            - set_fact: {made: "{{ inventory_hostname }}"}
"""


def test_hosts_wait_before_a_task_whose_variables_or_files_name_other_hosts(
    runner: PlayRunner,
) -> None:
    runner.write("t.j2", "{% for h in groups.all %}{{ hostvars[h].made }} {% endfor %}")
    for task in (
        "debug: msg=\"{{ all_made | join(' ') }}\"",
        "debug: msg=\"{{ lookup('template', 't.j2') }}\"",
        "debug: msg=\"{{ item ~ all_made | join(' ') }}\"\n              loop: ['', '']",
    ):
        got = runner.run(f"{LATE}            - {task}", hosts=3)
        assert got.exit == 0
        assert {text.strip() for text in got.debug_output("h1")} == {"h1 h2 h3"}, task


def test_every_play_gathers_facts_if_a_file_names_other_hosts_variables(runner: PlayRunner) -> None:
    runner.write("templates/t.j2", "{{ hostvars['h2'].ansible_facts.kernel is string }}")
    got = runner.run(
        """
        - hosts: h2
        - hosts: h1
          gather_facts: false
          tasks:
            - debug: msg="{{ lookup('template', 't.j2') }}"
            - template: {src: t.j2, dest: made}
              check_mode: true
        """,
        hosts=2,
    )
    assert (got.exit, got.debug_output("h1")[0]) == (0, "True")


def test_clear_host_errors_applies_to_hosts_that_have_failed_before_it(
    runner: PlayRunner,
) -> None:
    play = """
    - hosts: all
      gather_facts: false
      serial: 1
      tasks:
        - meta: clear_host_errors
        - {name: a, fail: {msg: now}}
    """
    got = runner.run(play, hosts=2)
    assert [got.tasks(host) for host in ("h1", "h2")] == [[("a", "failed")], []]


@pytest.mark.parametrize("forks", [1, 3])
def test_a_task_sees_other_hosts_before_their_later_tasks(runner: PlayRunner, forks: int) -> None:
    """As in Ansible, all hosts have ended such a task before any of them goes on."""
    play = """
    - hosts: all
      gather_facts: false
      tasks:
        - set_fact: {x: before}
        - debug: {msg: "{{ hostvars['h1'].x }} {{ groups['g'] | default('none') }}"}
        - set_fact: {x: after}
        - group_by: {key: g}
        - set_fact: {y: given}
          delegate_to: h1
          delegate_facts: true
          when: inventory_hostname == 'h3'
        - debug: {msg: "{{ y | default('none') }}"}
    """
    got = runner.run(play, hosts=3, forks=forks)
    assert [got.debug_output(host) for host in ("h1", "h2", "h3")] == [
        ["before none", "given"],
        ["before none", "none"],
        ["before none", "none"],
    ]


def test_a_run_once_task_of_unknown_outcome_is_not_run_by_another_host(
    runner: PlayRunner,
) -> None:
    runner.cut = {"h1": 2}
    play = """
    - hosts: all
      gather_facts: false
      tasks:
        - {name: a, command: echo}
        - {name: migrate, command: echo, run_once: true}
        - {name: b, command: echo}
    """
    got = runner.run(play, hosts=3)
    assert [got.tasks(host) for host in ("h1", "h2", "h3")] == [
        [("a", "changed"), ("migrate", "unknown")], [("a", "changed")], [("a", "changed")],
    ]  # fmt: skip
    ends = {event.host: event.reason for event in got.events if isinstance(event, HostFinished)}
    assert ends["h2"] == "run_once: h1 is unknown"
    assert got.exit == 6
