"""Random playbooks with everything that makes the hosts of a play depend on each other."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

HOSTS = tuple(f"h{number}" for number in range(1, 7))

INVENTORY = """
all:
  vars: {place: initial, root: "{{ playbook_dir }}/{{ inventory_hostname }}"}
  children:
    web: {hosts: {h1: {n: 1}, h2: {n: 2}, h3: {n: 3}}, vars: {kind: web}}
    db: {hosts: {h4: {n: 4}, h5: {n: 5}, h6: {n: 6}}, vars: {kind: db}}
"""

Node = dict[str, Any]


def playbook(seed: int) -> list[Node]:
    """Return one to three plays. The same seed returns the same plays."""
    return _Generator(Random(seed)).plays()


class _Generator:
    def __init__(self, random: Random) -> None:
        self._random, self._number = random, 0
        self._results, self._facts = ["r0"], ["f0"]
        self._groups = ["web", "db"]

    def plays(self) -> list[Node]:
        return [self._play() for _ in range(self._random.randint(1, 3))]

    def _play(self) -> Node:
        choose = self._random.choice
        play: Node = {
            "hosts": choose(["all", "all", "all:!h3", "web:h5", *self._groups]),
            "gather_facts": False,
            **choose([{}, {"strategy": "linear"}]),  # with "free", results may differ
            "handlers": [
                {"name": "first", "command": "echo {{ n }}", "notify": "second"},
                {"name": "second", "command": "test {{ n }} != 5", "throttle": 1},
            ],
            "tasks": [self._task(0) for _ in range(self._random.randint(4, 10))],
        }
        keywords: dict[str, list[Any]] = {
            "serial": [1, 2, [1, "100%"], "50%"],
            "any_errors_fatal": [True],
            "max_fail_percentage": [0, 40],
            "force_handlers": [True],
            "order": ["reverse_sorted"],
            "vars": [{"place": "play"}],
        }
        for name, values in keywords.items():
            if self._chance(0.2):
                play[name] = choose(values)
        return play

    def _task(self, depth: int) -> Node:
        self._number += 1
        kinds: list[Callable[[], Node]] = [
            self._command, self._command, self._debug, self._debug, self._fact, self._fact,
            self._file, self._fail, self._run_once, self._delegated, self._delegated_fact,
            self._add_host, self._group_by, self._meta, self._looped, self._until,
        ]  # fmt: skip
        task = self._random.choice(kinds)()
        if depth < 2 and self._chance(0.2):
            task = {"block": [self._task(depth + 1) for _ in range(2)]}
            for section in ("rescue", "always"):
                if self._chance(0.5):
                    task[section] = [self._task(depth + 1)]
        task["name"] = f"t{self._number}"
        return self._with_keywords(task)

    def _with_keywords(self, task: Node) -> Node:
        if "when" not in task and self._chance(0.2):
            task["when"] = self._condition()
        if "command" in task and self._chance(0.2):
            task["notify"] = self._random.choice(["first", "second"])
        if "meta" not in task and self._chance(0.1):
            task["ignore_errors"] = True
        if "command" in task and self._chance(0.1):
            task["throttle"] = 1
        return task

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _condition(self) -> str:
        return f"inventory_hostname in {self._random.sample(HOSTS, 2)}"

    def _text(self) -> str:
        """Return a template that depends on variables of this host or of others."""
        choose = self._random.choice
        host, fact, result = choose(HOSTS), choose(self._facts), choose(self._results)
        return choose(
            [
                "{{ n }} {{ place }}",
                f"{{{{ {fact} | default('-') }}}}",
                f"{{{{ {result}.stdout | default('-') }}}}",
                f"{{{{ hostvars['{host}'].{fact} | default('-') }}}}",
                f"{{{{ hostvars['{host}'].{result}.stdout | default('-') }}}}",
                f"{{{{ groups['{choose(self._groups)}'] | default([]) | join(' ') }}}}",
            ]
        )

    def _registered(self, task: Node) -> Node:
        name = f"r{self._number}"
        self._results.append(name)
        return {**task, "register": name}

    def _command(self) -> Node:
        return self._registered({"command": {"argv": ["echo", self._text()]}})

    def _debug(self) -> Node:
        return {"debug": {"msg": self._text()}}

    def _fact(self) -> Node:
        name = self._random.choice([*self._facts, f"f{self._number}"])
        self._facts.append(name)
        return {"set_fact": {name: self._text()}}

    def _file(self) -> Node:
        path = f"{{{{ root }}}}{self._random.randint(1, 2)}"
        return {"copy": {"content": self._text(), "dest": path}}

    def _fail(self) -> Node:
        return {"fail": {"msg": self._text()}, "when": self._condition()}

    def _run_once(self) -> Node:
        return {**self._random.choice([self._command, self._fact])(), "run_once": True}

    def _delegated(self) -> Node:
        other = self._random.choice([*HOSTS, "h{{ n % 6 + 1 }}", "{{ groups['web'][0] }}"])
        return {**self._command(), "delegate_to": other}

    def _delegated_fact(self) -> Node:
        task = {"set_fact": {f"f{self._number}": "of {{ inventory_hostname }}"}}
        self._facts.append(f"f{self._number}")
        return {**task, "delegate_to": "h{{ n % 6 + 1 }}", "delegate_facts": True}

    def _add_host(self) -> Node:
        self._groups.append("added")
        return {"add_host": {"name": self._random.choice(HOSTS), "groups": "added", "place": "new"}}

    def _group_by(self) -> Node:
        self._groups += ["is_web", "is_db"]
        return {"group_by": {"key": "is_{{ kind }}"}}

    def _meta(self) -> Node:
        actions = ("end_host", "flush_handlers", "clear_host_errors", "noop", "clear_facts")
        task: Node = {"meta": self._random.choice(actions)}
        return {**task, "when": self._condition()} if task["meta"] == "end_host" else task

    def _looped(self) -> Node:
        task: Node = {"command": "echo {{ item }}", "loop": ["a", "{{ n }}", "{{ place }}"]}
        return self._registered({**task, "failed_when": "item == '4'"})

    def _until(self) -> Node:
        count = f"{{{{ root }}}}tries{self._number}"
        task = self._registered(
            {"shell": f"echo >> {count}; wc -l < {count}", "retries": 2, "delay": 0}
        )
        return {**task, "until": f"{task['register']}.stdout | int > 1"}
