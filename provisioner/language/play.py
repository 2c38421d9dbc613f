"""Playbooks as frozen data: plays, roles, blocks, tasks and the keywords that tasks inherit.

The names are Ansible's. provisioner/loading creates these objects, provisioner/engine runs them.
"""

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
"""Conditions that must all be true: bare expressions, or booleans that YAML contains."""


COLLECTIONS_FOLDER = "ansible_collections"
"""The folder that contains installed collections, each in NAMESPACE/NAME."""

ALL_ARGUMENTS = "_variable_params"
"""The argument of a task with `args: "{{ mapping }}"`, which gives all arguments. Arguments that
the task names itself have priority."""


@dataclass(frozen=True)
class Keywords:
    """The keywords of a task, including the inherited keywords of its blocks, role and play.

    The innermost value wins. `when`, `tags`, `vars` and `environment` are collected from all
    levels. A value may be a `Template`; None means that no level sets the keyword.
    """

    when: Conditions = ()
    tags: frozenset[Any] = frozenset()
    """Strings, and templates until the plan renders them."""
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
    """Collections in which roles with short names are searched first."""
    params: tuple[Mapping[str, Any], ...] = ()
    """The `vars` of the includes that contain the task. Only extra variables override them."""


@dataclass(frozen=True)
class Loop:
    """`loop` or `with_LOOKUP`, and `loop_control`."""

    items: Any
    lookup: str | None = None
    variable: str = "item"
    index_variable: str | None = None
    label: Any = None
    pause: Any = None
    extended: bool = False
    extended_allitems: bool = True
    name_templates: Mapping[str, Template] = field(default_factory=dict)
    """Templates of `variable` and `index_variable`, by these field names."""


@dataclass(frozen=True)
class Role:
    """One use of a role: its folder, its defaults and vars, and the arguments of its entry.

    An entry is an item of `roles` or `dependencies`, or an include_role. `params` are the variables
    beside the entry's keywords, `entry_vars` its `vars`. `chain` are the roles that depend on this
    one or include it; the nearest is last. `dependencies` are the roles that it depends on, in the
    order in which they run.
    """

    name: str
    path: Path
    defaults: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    entry_vars: Mapping[str, Any] = field(default_factory=dict)
    chain: tuple[Role, ...] = ()
    dependencies: tuple[Role, ...] = ()
    parents: tuple[Role, ...] = ()
    """The roles that include this one, the nearest first."""
    call_key: str = ""
    """Equal for two uses of a role with the same arguments. Ansible runs only the first of
    these."""
    allow_duplicates: bool = True
    """Whether a host runs the role again after another use with the same `call_key`."""
    call_id: str = ""
    """Different for every use of the role."""

    @cached_property
    def all_params(self) -> tuple[Mapping[str, Any], ...]:
        """The layers of parameters that its tasks see. The first has the highest precedence."""
        return non_empty(self.params, *(role.params for role in reversed(self.chain)))

    @cached_property
    def all_vars(self) -> tuple[Mapping[str, Any], ...]:
        """The layers of vars that its tasks see. The first has the highest precedence."""
        inherited = (
            layer for role in reversed(self.chain) for layer in (role.vars, role.entry_vars)
        )
        return non_empty(self.entry_vars, self.vars, *self._of_dependencies("vars"), *inherited)

    @cached_property
    def exported_vars(self) -> tuple[Mapping[str, Any], ...]:
        """The layers of vars that the whole play sees. The first has the highest precedence."""
        inherited = (role.vars for role in reversed(self.chain))
        return non_empty(self.vars, *self._of_dependencies("vars"), *inherited)

    @cached_property
    def all_defaults(self) -> tuple[Mapping[str, Any], ...]:
        """The layers of defaults. The first has the highest precedence."""
        inherited = (role.defaults for role in reversed(self.chain))
        return non_empty(self.defaults, *inherited, *self._of_dependencies("defaults"))

    def _of_dependencies(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        return tuple(getattr(role, kind) for role in reversed(self.dependencies))

    @property
    def collection(self) -> str:
        """NAMESPACE.NAME of the collection that contains the role, or ""."""
        parts = self.path.parts
        for index in range(len(parts) - 5, -1, -1):
            root, namespace, collection, folder = parts[index : index + 4]
            if root == COLLECTIONS_FOLDER:
                return f"{namespace}.{collection}" if folder == "roles" else ""
        return ""

    @property
    def full_name(self) -> str:
        """The role's name, after that of its collection if it has one."""
        return f"{self.collection}.{self.name}" if self.collection else self.name


def non_empty(*layers: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the layers that contain variables."""
    return tuple(filter(None, layers))


_FLAGS = (
    "become", "ignore_errors", "ignore_unreachable", "any_errors_fatal", "no_log", "check_mode",
    "diff", "run_once", "delegate_facts",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One task. `arguments` may contain templates; `module` is the module's short name."""

    name: str | Template
    module: str
    arguments: Mapping[str, Any]
    where: Where
    keywords: Keywords
    module_template: Template | None = None
    """The template of the module's name, if it depends on a host's variables. `module` is then
    "action"."""
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
    async_seconds: Any = None
    """The keyword `async`: the limit of the task's time. With `poll: 0` the run does not wait."""
    poll: Any = None
    handler: bool = False
    role: Role | None = None
    roots: tuple[Path, ...] = ()
    """The folders in which its files and templates are searched, in this order."""
    outer: Keywords = field(default_factory=Keywords)
    """The inherited keywords alone. Tasks that this one includes inherit them, too."""

    @cached_property
    def _template_text(self) -> str:
        """The source of the templates in its arguments, conditions, vars and loop."""
        own = self.keywords
        values = (self.arguments, own.when, own.vars, self.loop and self.loop.items)
        return "\n".join(template.source for template in templates_in(values))

    @cached_property
    def result_templates(self) -> tuple[Template, ...]:
        """The keywords that are templates and are rendered after the task has ended."""
        own = self.keywords
        values = (own.no_log, own.ignore_errors, own.ignore_unreachable, own.any_errors_fatal)
        values += self.notify
        return tuple(value for value in values if isinstance(value, Template))

    @cached_property
    def has_result_conditions(self) -> bool:
        """Whether `failed_when` or `until` has a condition that is not constant."""
        constants: tuple[Conditions | None, ...] = (None, (False,), (True,))
        return self.failed_when not in constants or self.until not in constants

    @cached_property
    def may_be_omitted(self) -> tuple[str, ...]:
        """The names of the keywords whose templates mention `omit`."""
        values = {**vars(self.keywords), "retries": self.retries, "delay": self.delay}
        values |= {"poll": self.poll, "async_seconds": self.async_seconds}
        return tuple(
            name
            for name, value in values.items()
            if isinstance(value, Template) and "omit" in value.source
        )

    @cached_property
    def names_other_hosts(self) -> bool:
        """Whether its templates name other hosts' variables, or the list of the play's hosts."""
        return any(
            name in self._template_text for name in ("hostvars", "play_hosts", "ansible_play_batch")
        )

    @cached_property
    def unchecked_keywords(self) -> tuple[tuple[str, Any, type], ...]:
        """Keywords that must be an int or a bool and are templates or text: name, value, type."""
        own = self.keywords
        numbers = {
            "retries": self.retries,
            "delay": self.delay,
            "async": self.async_seconds,
            "poll": self.poll,
            "throttle": own.throttle,
            "timeout": own.timeout,
            "port": own.port,
            "pause": None if self.loop is None else self.loop.pause,
        }
        flags = {name: getattr(own, name) for name in _FLAGS}
        types: tuple[tuple[dict[str, Any], type], ...] = ((numbers, int), (flags, bool))
        return tuple(
            (name, value, expected)
            for values, expected in types
            for name, value in values.items()
            if value is not None and type(value) is not expected
        )

    @cached_property
    def place(self) -> str:
        """FILE:LINE of the task."""
        return str(self.where)

    @cached_property
    def title(self) -> str:
        """ROLE : NAME, or the name alone, before rendering. The module replaces a missing name."""
        name = str(self.name) or self.module
        return f"{self.role.full_name} : {name}" if self.role is not None else name


@dataclass(frozen=True)
class Block:
    """Tasks with a common error handling: `rescue` runs if one fails, `always` in any case."""

    tasks: tuple[Node, ...]
    rescue: tuple[Node, ...]
    always: tuple[Node, ...]
    where: Where
    name: str | Template = ""


Node = Task | Block


@dataclass(frozen=True)
class VarsFile:
    """An entry of `vars_files`: the first of its files that exists is loaded."""

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
    """One play.

    `sections` are its task lists: pre_tasks, roles, tasks, and post_tasks. Notified handlers run
    after each of them.
    """

    name: str | Template
    hosts: Any
    where: Where
    basedir: Path
    keywords: Keywords = field(default_factory=Keywords)
    sections: tuple[tuple[Node, ...], ...] = ()
    handlers: tuple[Node, ...] = ()
    roles: tuple[Role, ...] = ()
    """The roles whose defaults and vars the whole play sees."""
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
        """The play's name before rendering, or its hosts."""
        return str(self.name) or str(self.hosts)


@dataclass(frozen=True)
class Playbook:
    """A file of plays."""

    path: Path
    plays: tuple[Play, ...]


def tasks_of(nodes: tuple[Node, ...]) -> Iterator[Task]:
    """Yield every task in `nodes` and their blocks, in the order of the file."""
    for node in nodes:
        if isinstance(node, Task):
            yield node
        else:
            yield from tasks_of(node.tasks + node.rescue + node.always)
