"""What a playbook says, as frozen data: plays, blocks, tasks and the keywords they inherit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from provisioner.language.templating.template import Template, templates_in
from provisioner.records import dataclass
from provisioner.where import Where

Conditions = tuple[Template | bool, ...]
"""All must be true; each an expression, or a literal that YAML gave."""


COLLECTIONS = "ansible_collections"
"""The folder that holds collections: NAMESPACE/NAME below it."""

VARIABLE = "_variable_params"
"""The argument that holds all others: `args: "{{ a_mapping }}"`. Those beside it prevail."""


@dataclass(frozen=True)
class Keywords:
    """What a task has from its play and blocks and itself: inner values win, `when`, `tags`,
    `vars` and `environment` add up. A value may be a `Template`; None is "not said".
    """

    when: Conditions = ()
    tags: frozenset[Any] = frozenset()
    """Texts; templates too until the plan renders them."""
    vars: tuple[Mapping[str, Any], ...] = ()
    environment: tuple[Any, ...] = ()
    module_defaults: tuple[Mapping[str, Any], ...] = ()
    become: Any = None
    become_user: Any = None
    become_method: Any = None
    become_flags: Any = None
    remote_user: Any = None
    port: Any = None
    connection: Any = None
    ignore_errors: Any = None
    ignore_unreachable: Any = None
    any_errors_fatal: Any = None
    no_log: Any = None
    check_mode: Any = None
    diff: Any = None
    run_once: Any = None
    delegate_to: Any = None
    delegate_facts: Any = None
    timeout: Any = None
    throttle: Any = None
    notify: Any = None
    collections: Any = None
    """Where roles with bare names are looked for first."""
    params: tuple[Mapping[str, Any], ...] = ()
    """The `vars` of the includes that led here: they win over all but extra variables."""


@dataclass(frozen=True)
class Loop:
    """`loop`, or `with_LOOKUP`, and its loop_control."""

    items: Any
    lookup: str | None = None
    variable: str = "item"
    index_variable: str | None = None
    label: Any = None
    pause: Any = None
    extended: bool = False
    extended_allitems: bool = True
    named: Mapping[str, Template] = field(default_factory=dict)
    """Templates that give `variable` or `index_variable`."""


@dataclass(frozen=True)
class Role:
    """A role as a task sees it: where it is, its defaults, its vars, what it was called with.

    `params` stand in its entry beside the keywords, `given` are the entry's `vars`. `chain` are the
    roles that led to it, the nearest last: those that depend on it or include it. `dependencies`
    are all that it depends on, in the order in which they run.
    """

    name: str
    path: Path
    defaults: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    chain: tuple[Role, ...] = ()
    dependencies: tuple[Role, ...] = ()
    parents: tuple[Role, ...] = ()
    """Those that include it, the nearest first."""
    call: str = ""
    """How it is called: the same for roles that are one and the same to Ansible."""
    again: bool = True
    """Whether a host runs it although it ran when it was called in the same way."""
    occurrence: str = ""
    """Unlike that of any other place at which the role is called."""

    @cached_property
    def all_params(self) -> tuple[Mapping[str, Any], ...]:
        """The layers of parameters that its tasks see, the winning one first."""
        return filled(self.params, *(role.params for role in reversed(self.chain)))

    @cached_property
    def all_vars(self) -> tuple[Mapping[str, Any], ...]:
        """The layers of vars that its tasks see, the winning one first."""
        inherited = (layer for role in reversed(self.chain) for layer in (role.vars, role.given))
        return filled(self.given, self.vars, *self._of_dependencies("vars"), *inherited)

    @cached_property
    def exported_vars(self) -> tuple[Mapping[str, Any], ...]:
        """The layers of vars that the whole play sees, the winning one first."""
        inherited = (role.vars for role in reversed(self.chain))
        return filled(self.vars, *self._of_dependencies("vars"), *inherited)

    @cached_property
    def all_defaults(self) -> tuple[Mapping[str, Any], ...]:
        """The layers of defaults, the winning one first."""
        inherited = (role.defaults for role in reversed(self.chain))
        return filled(self.defaults, *inherited, *self._of_dependencies("defaults"))

    def _of_dependencies(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        return tuple(getattr(role, kind) for role in reversed(self.dependencies))

    @property
    def collection(self) -> str:
        """NAMESPACE.NAME of the collection that it is part of, or ""."""
        parts = self.path.parts
        for at in range(len(parts) - 5, -1, -1):
            root, space, collection, below = parts[at : at + 4]
            if root == COLLECTIONS:
                return f"{space}.{collection}" if below == "roles" else ""
        return ""

    @property
    def full_name(self) -> str:
        """Its name with that of its collection."""
        return f"{self.collection}.{self.name}" if self.collection else self.name


def filled(*layers: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The layers that have anything in them."""
    return tuple(filter(None, layers))


_FLAGS = (
    "become", "ignore_errors", "ignore_unreachable", "any_errors_fatal", "no_log", "check_mode",
    "diff", "run_once", "delegate_facts",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One task as written. `arguments` may hold templates; `module` is the short name."""

    name: str | Template
    module: str
    arguments: Mapping[str, Any]
    where: Where
    keywords: Keywords
    module_template: Template | None = None
    """What names the module where only a host's variables say it; `module` is "action" then."""
    loop: Loop | None = None
    register: str | None = None
    notify: tuple[str | Template, ...] = ()
    notify_at: Where | None = None
    listen: tuple[str | Template, ...] = ()
    changed_when: Conditions | None = None
    failed_when: Conditions | None = None
    until: Conditions | None = None
    retries: Any = None
    delay: Any = None
    seconds: Any = None
    """`async`: how long it may take, and with `poll: 0` that nobody waits for it."""
    poll: Any = None
    handler: bool = False
    role: Role | None = None
    roots: tuple[Path, ...] = ()
    """Where its files and templates are looked for, in this order."""
    outer: Keywords = field(default_factory=Keywords)
    """What it inherits: all that tasks get which it includes."""

    @cached_property
    def sources(self) -> str:
        """The text of all templates that decide what it does."""
        own = self.keywords
        given = (self.arguments, own.when, own.vars, self.loop and self.loop.items)
        return "\n".join(template.source for template in templates_in(given))

    @cached_property
    def foreseen(self) -> tuple[Template, ...]:
        """Its keywords that are asked for when it is over, where they are templates."""
        own = self.keywords
        given = (own.no_log, own.ignore_errors, own.ignore_unreachable, own.any_errors_fatal)
        given += self.notify
        return tuple(value for value in given if isinstance(value, Template))

    @cached_property
    def judged(self) -> bool:
        """Whether conditions of its own decide on its end; a constant one does not."""
        given = (self.failed_when, self.until)
        return any(found is not None and found not in ((False,), (True,)) for found in given)

    @cached_property
    def omissible(self) -> tuple[str, ...]:
        """Its keywords that may turn out to be `omit`."""
        values = {**vars(self.keywords), "retries": self.retries, "delay": self.delay}
        values |= {"poll": self.poll, "seconds": self.seconds}
        return tuple(
            name
            for name, value in values.items()
            if isinstance(value, Template) and "omit" in value.source
        )

    @cached_property
    def asks_for_others(self) -> bool:
        """Whether it says itself other hosts' variables, or which of them are left."""
        return any(
            name in self.sources for name in ("hostvars", "play_hosts", "ansible_play_batch")
        )

    @cached_property
    def unproved(self) -> tuple[tuple[str, Any, type], ...]:
        """Its keywords that are to be a number (int) or true or false (bool), and are given as
        anything else yet: a template, a text."""
        own = self.keywords
        numbers = {
            "retries": self.retries,
            "delay": self.delay,
            "async": self.seconds,
            "poll": self.poll,
            "throttle": own.throttle,
            "timeout": own.timeout,
            "port": own.port,
            "pause": None if self.loop is None else self.loop.pause,
        }
        flags = {name: getattr(own, name) for name in _FLAGS}
        kinds: tuple[tuple[dict[str, Any], type], ...] = ((numbers, int), (flags, bool))
        return tuple(
            (name, value, kind)
            for values, kind in kinds
            for name, value in values.items()
            if value is not None and type(value) is not kind
        )

    @cached_property
    def place(self) -> str:
        """Where it stands, for people."""
        return str(self.where)

    @cached_property
    def title(self) -> str:
        """The name for people, unrendered; the module's where the task has none."""
        name = str(self.name) or self.module
        return f"{self.role.full_name} : {name}" if self.role is not None else name


@dataclass(frozen=True)
class Block:
    """Tasks that fail together: `rescue` runs when one failed, `always` in any case."""

    tasks: tuple[Node, ...]
    rescue: tuple[Node, ...]
    always: tuple[Node, ...]
    where: Where
    name: str | Template = ""


Node = Task | Block


@dataclass(frozen=True)
class VarsFile:
    """A file of `vars_files`: names tried in order, the first that exists is taken."""

    names: tuple[str | Template, ...]
    where: Where


@dataclass(frozen=True)
class Prompt:
    """An entry of `vars_prompt`. Any value but the name may be a `Template`."""

    name: str
    text: Any
    private: Any = True
    default: Any = None
    confirm: Any = False
    encrypt: Any = None
    salt: Any = None
    salt_size: Any = None
    where: Where | None = None


@dataclass(frozen=True)
class Play:
    """One play. `sections` are its task lists, after each of which handlers run."""

    name: str | Template
    hosts: Any
    where: Where
    basedir: Path
    keywords: Keywords = field(default_factory=Keywords)
    sections: tuple[tuple[Node, ...], ...] = ()
    handlers: tuple[Node, ...] = ()
    roles: tuple[Role, ...] = ()
    """Those whose defaults and vars the whole play sees."""
    vars: Mapping[str, Any] = field(default_factory=dict)
    vars_files: tuple[VarsFile, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    gather_facts: Any = None
    gather_subset: Any = None
    gather_timeout: Any = None
    fact_path: Any = None
    serial: tuple[Any, ...] = ()
    strategy: Literal["linear", "free"] | Template | None = None
    order: str | None = None
    max_fail_percentage: Any = None
    force_handlers: Any = None

    @property
    def title(self) -> str:
        return str(self.name) or str(self.hosts)


@dataclass(frozen=True)
class Playbook:
    """A file of plays."""

    path: Path
    plays: tuple[Play, ...]


def tasks_of(nodes: tuple[Node, ...]) -> Iterator[Task]:
    """Every task below `nodes`, in the order they are written."""
    for node in nodes:
        if isinstance(node, Task):
            yield node
        else:
            yield from tasks_of(node.tasks + node.rescue + node.always)
