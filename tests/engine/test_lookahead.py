"""The tasks that are sent in one frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.engine.due_change import DueChange
from provisioner.engine.flow import compile_sections
from provisioner.engine.handler_queue import HandlerQueue
from provisioner.engine.lookahead import AFTER_CHANGE, AFTER_CHANGES, GATHERING, Lookahead
from provisioner.engine.loop_state import LoopState
from provisioner.engine.position import Position
from provisioner.language.play import Task
from provisioner.result import Outcome, Result
from tests.engine.play_worlds import load_play


class Host:
    """A host at the start of a play, with the parts that a lookahead works with."""

    def __init__(self, folder: Path, tasks: str, **options: Any) -> None:
        """`options` are those of `load_play`."""
        play_world = load_play(folder, tasks, **options)
        self.state = play_world.world.states["h1"]
        self.due, self.loop = DueChange(), LoopState()
        self.handlers = HandlerQueue(play_world, self.state)
        self.position = Position(compile_sections(play_world.play.sections), self.handlers)
        self.lookahead = Lookahead(
            play_world, self.state, self.position, self.loop, self.due, self.handlers
        )
        assert self.position.find_task()

    def frame(self) -> list[str]:
        """Return the names of the tasks in the next frame, once for each item."""
        return [str(task_run.task.name) for _, task_run in self.lookahead.build_frame()]

    def make_due(self, name: str) -> None:
        """Make the task of that name current, and let the next frame begin with its change."""
        for place, task_run in self.lookahead.build_frame():
            if task_run.task.name == name:
                self.position.go_to(place)
                self.due.set(place, task_run)
                return
        raise AssertionError(name)


LOOK = "{name: NAME, file: {path: /x, state: directory}}"
COMMAND = "{name: NAME, command: id}"
READ = "{name: NAME, command: id, changed_when: false, check_mode: false}"


def task(name: str, text: str = LOOK, more: str = "") -> str:
    """A task of that name; `more` are keywords."""
    inner = text.replace("NAME", name).removesuffix("}")
    return f"- {inner}{', ' + more if more else ''}}}\n"


@pytest.mark.parametrize(
    ("sentence", "tasks", "expected"),
    [
        (
            "looks of modules with a testable state are sent together",
            task("a") + task("b") + task("c"),
            "abc",
        ),
        ("a command is sent behind looks", task("a") + task("b", COMMAND), "ab"),
        ("looks are sent behind a command", task("a", COMMAND) + task("b") + task("c"), "abc"),
        ("a command is not sent behind a command", task("a", COMMAND) + task("b", COMMAND), "a"),
        (
            "commands declared to change nothing are sent together",
            task("a", READ) + task("b", READ) + task("c", COMMAND),
            "abc",
        ),
        (
            "a command is not sent behind a look that failed_when decides on",
            task("a", LOOK, "register: r, failed_when: r.x is defined") + task("b", COMMAND),
            "a",
        ),
        (
            "a command is sent behind a look with a constant failed_when",
            task("a", LOOK, "failed_when: false") + task("b", COMMAND),
            "ab",
        ),
        (
            "a task that uses a registered result is not sent with the task that registers it",
            task("a", READ, "register: r") + task("b") + task("c", LOOK, 'when: "r.rc == 0"'),
            "ab",
        ),
        (
            "a task that only has a variable of the registered name in a comment is sent",
            task("a", READ, "register: r") + task("b", LOOK, 'when: "{# r #} true"'),
            "ab",
        ),
        (
            "a value that set_fact gives is known at once",
            "- {name: a, set_fact: {x: /x}}\n" + task("b", LOOK, 'when: x == "/x"'),
            "ab",
        ),
        (
            "a task that runs as another user is not sent with the others",
            task("a") + task("b", LOOK, "become: true") + task("c"),
            "a",
        ),
        (
            "a skipped task does not end the frame",
            task("a", COMMAND) + task("b", COMMAND, "when: false") + task("c"),
            "abc",
        ),
        (
            "tasks behind one that waits for other hosts are not sent with it",
            task("a", LOOK, "run_once: true") + task("b"),
            "a",
        ),
        (
            "a task that waits for other hosts begins a frame",
            task("a") + task("b", LOOK, "delegate_to: h1") + task("c"),
            "a",
        ),
        ("a throttled task stands alone", task("a") + task("b", LOOK, "throttle: 1"), "a"),
        (
            "nothing is sent behind a throttled task",
            task("a", LOOK, "throttle: 1") + task("b"),
            "a",
        ),
        (
            "nothing is sent behind a task with until",
            task("a", READ, "register: r, until: r.rc == 0") + task("b"),
            "a",
        ),
        ("nothing is sent behind a reboot", "- {name: a, reboot: }\n" + task("b"), "a"),
        (
            "nothing is sent behind a task that changes the inventory",
            "- {name: a, add_host: {name: h9}}\n" + task("b"),
            "a",
        ),
        (
            "a task that can't be prepared ends the frame before it",
            task("a") + task("b", LOOK, 'when: "undefined_name"') + task("c"),
            "a",
        ),
        (
            "a task that can't be prepared is sent alone",
            task("a", LOOK, 'when: "undefined_name"') + task("b"),
            "a",
        ),
        (
            "the items of a loop are sent together",
            task("a", LOOK, "loop: [1, 2, 3]") + task("b"),
            "aaab",
        ),
        (
            "each command of a loop is sent in its own frame",
            task("a", COMMAND, "loop: [1, 2, 3]") + task("b"),
            "a",
        ),
        (
            "a loop that pauses sends one item at a time",
            task("a", LOOK, "loop: [1, 2, 3], loop_control: {pause: 1}"),
            "a",
        ),
        (
            "a loop over a registered result is not sent with the task that registers it",
            task("a", READ, "register: r") + task("b", LOOK, 'loop: "{{ r.stdout_lines }}"'),
            "a",
        ),
        (
            "tasks of a block are sent with those behind it, without its rescue",
            f"- block: [{task('a')[2:-1]}]\n  rescue: [{task('b')[2:-1]}]\n" + task("c"),
            "ac",
        ),
        (
            "tasks of an always part follow those of the block",
            f"- block: [{task('a')[2:-1]}]\n  always: [{task('b')[2:-1]}]\n" + task("c"),
            "abc",
        ),
        (
            "an include ends the frame before it",
            task("a") + "- {name: b, include_tasks: more.yml}\n" + task("c"),
            "a",
        ),
        (
            "a flush of handlers is passed if none is due",
            task("a") + "- {name: b, meta: flush_handlers}\n" + task("c"),
            "abc",
        ),
    ],
    ids=lambda value: value if " " in value and "\n" not in value else "",
)
def test_a_frame_holds_the_tasks_that_can_be_sent_together(
    tmp_path: Path, sentence: str, tasks: str, expected: str
) -> None:
    (tmp_path / "more.yml").write_text(task("z"))
    assert "".join(Host(tmp_path, tasks).frame()) == expected, sentence


MANY = "".join(task(name) for name in "abcdefghij")


def test_a_frame_that_begins_with_a_change_is_short(tmp_path: Path) -> None:
    host = Host(tmp_path, MANY)
    host.make_due("b")
    assert host.frame() == list("bcdefghij"[:AFTER_CHANGE])


def test_a_frame_with_the_second_change_in_a_row_is_shorter_still(tmp_path: Path) -> None:
    host = Host(tmp_path, MANY)
    host.make_due("b")
    host.make_due("c")
    assert host.frame() == list("cdefghij"[:AFTER_CHANGES])


def test_frames_grow_again_as_long_as_nothing_changes(tmp_path: Path) -> None:
    host = Host(tmp_path, MANY + MANY + MANY)
    host.make_due("b")
    sizes = []
    for _ in range(2):
        frame = host.lookahead.build_frame()
        sizes.append(len(frame))
        host.due.finish()
        host.lookahead.completed()
        host.position.go_to(frame[-1][0])
        host.position.advance()
    assert sizes == [4, 16]


def test_a_task_that_may_notify_ends_the_frame_at_the_next_flush(tmp_path: Path) -> None:
    keywords = "handlers: [{name: h, command: id}]"
    tasks = task("a", COMMAND, "notify: h") + "- meta: flush_handlers\n" + task("b")
    assert Host(tmp_path, tasks, keywords=keywords).frame() == ["a"]


def test_a_look_does_not_notify(tmp_path: Path) -> None:
    keywords = "handlers: [{name: h, command: id}]"
    tasks = task("a", LOOK, "notify: h") + "- {name: f, meta: flush_handlers}\n" + task("b")
    assert Host(tmp_path, tasks, keywords=keywords).frame() == ["a", "f", "b"]


def test_a_task_that_uses_a_fact_makes_the_frame_gather_facts(tmp_path: Path) -> None:
    tasks = task("a") + task("b", LOOK, 'when: "ansible_distribution is defined"')
    host = Host(tmp_path, tasks, keywords="gather_facts: true")
    frame = host.lookahead.build_frame()
    assert [str(task_run.task.name) for _, task_run in frame] == ["a", "Gathering Facts"]
    assert (frame[1][0], host.lookahead.gathers_facts) == (GATHERING, True)


def test_a_play_that_gathers_no_facts_takes_them_for_undefined(tmp_path: Path) -> None:
    tasks = task("a") + task("b", LOOK, 'when: "ansible_distribution is defined"')
    assert Host(tmp_path, tasks).frame() == ["a", "b"]


def test_a_task_asks_for_other_hosts_before_they_have_been_waited_for(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ hostvars.h2.inventory_hostname }}")
    tasks = task("a") + "- {name: b, template: {src: t.j2, dest: /x}}\n"
    host = Host(tmp_path, tasks, hosts="h1,h2,")
    assert (host.frame(), host.lookahead.needs_others) == (["a"], None)
    host.position.advance()
    assert (host.frame(), host.lookahead.needs_others) == ([], host.position.place)
    host.lookahead.others_wait_at(host.position.place)
    assert host.frame() == ["b"]


def test_items_that_are_done_are_not_sent_again(tmp_path: Path) -> None:
    host = Host(tmp_path, task("a", LOOK, "loop: [1, 2, 3]"))
    assert host.frame() == ["a", "a", "a"]
    host.loop.add(1, Result(Outcome.OK))
    assert [task_run.item for _, task_run in host.lookahead.build_frame()] == [2, 3]


def test_a_task_run_is_prepared_once_for_the_frames_in_which_it_is_not_reached(
    tmp_path: Path,
) -> None:
    host = Host(tmp_path, task("a") + task("b"))
    first = dict(host.lookahead.build_frame())
    host.lookahead.completed()
    second = dict(host.lookahead.build_frame())
    place = host.position.place
    assert second[place].program is first[place].program
    host.lookahead.discard_prepared(place)
    host.lookahead.completed()
    assert dict(host.lookahead.build_frame())[place].program is not first[place].program


def test_in_check_mode_commands_are_sent_together(tmp_path: Path) -> None:
    tasks = task("a", COMMAND) + task("b", COMMAND)
    assert Host(tmp_path, tasks, check=True).frame() == ["a", "b"]


def test_a_change_on_this_machine_hides_its_files_from_the_tasks_behind_it(tmp_path: Path) -> None:
    tasks = task("a", COMMAND, "delegate_to: localhost")
    host = Host(tmp_path, tasks + "- {name: b, debug: {msg: \"{{ lookup('env', 'HOME') }}\"}}\n")
    assert host.frame() == ["a"]


def test_the_task_at_the_position_is_the_first_of_the_frame(tmp_path: Path) -> None:
    host = Host(tmp_path, MANY)
    host.position.advance()
    current: Task = host.position.task
    assert (str(current.name), host.frame()[0]) == ("b", "b")
