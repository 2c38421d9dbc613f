"""One task, or one item of its loop, on one host: made ready to be sent, or answered at once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import field, replace
from typing import Any, Literal

from provisioner.engine import (
    async_jobs,
    connection_vars,
    omitted_keywords,
    session_keys,
    task_keywords,
)
from provisioner.engine.delegation import with_delegated
from provisioner.engine.effects import SessionKey
from provisioner.engine.scopes import PlayWorld, local_sources
from provisioner.language.plain_data import plain_data
from provisioner.language.play import ALL_ARGUMENTS, Keywords, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template, TemplateError, templates_in
from provisioner.language.values import OMIT
from provisioner.modules import MODULES, exists, find_module, short_name
from provisioner.modules.framework import arguments
from provisioner.modules.framework.base import Action, ControlModule, Module, ModuleError
from provisioner.modules.wait_for_connection import WaitForConnection
from provisioner.records import dataclass
from provisioner.remote import shell
from provisioner.remote.shell import Mode, Program
from provisioner.result import Outcome, Result
from provisioner.where import nearest, with_hint

Kind = Literal["look", "read", "act"]


@dataclass
class TaskRun:
    """What is to be done, or what came of it where no host is needed.

    `kind`: a look can be sent ahead, a read too (a command that the playbook declares to change
    nothing), an act can't. `judged` means that the playbook or the module decides on the
    controller what came of it, so nothing that changes may stand behind it in a frame.

    Nobody changes one. It is not frozen since Python reads fields four times as fast of an object
    that was filled field by field.
    """

    task: Task
    scope: Scope
    item: Any = None
    index: int | None = None
    items: list[Any] = field(default_factory=list)
    result: Result | None = None
    module: Module | None = None
    program: Program | None = None
    kind: Kind = "look"
    check: bool = False
    diff: bool = False
    tolerant: bool = False
    judged: bool = False
    session_key: SessionKey | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None

    def mode(self, due: bool) -> Mode:
        """How it is sent; `due` when a look has said that it would change something."""
        if self.check:
            return "check"
        if self.kind == "read":
            return "read"
        return "apply" if due or self.kind == "act" else "look"

    @property
    def steers(self) -> bool:
        """Whether the walk itself has to carry it out."""
        return isinstance(self.module, ControlModule) and self.result is None


def loop_items(task: Task, scope: Scope, shared: PlayWorld) -> list[Any]:
    """The items of the task's loop; `TemplateError` when they are no list."""
    loop = task.loop
    assert loop is not None
    if loop.lookup is not None:
        return _looked_up(loop.lookup, loop.items, task, scope)
    value = scope.render(loop.items)
    if isinstance(value, list | tuple):
        return list(value)
    hint = "use with_dict or the filter dict2items" if isinstance(value, dict) else ""
    kind = type(value).__name__
    reason = with_hint(f"a loop needs a list, not {kind} ({value!r:.80})", hint)
    raise TemplateError(reason, task.where)


def _looked_up(name: str, terms: Any, task: Task, scope: Scope) -> list[Any]:
    """The items of a `with_NAME` loop."""
    from provisioner.language.lookups.registry import loop_items, short_name

    found_first = short_name(name) == "first_found"
    value = scope.render_defined(terms) if found_first else scope.render(terms)
    context = replace(scope["lookup_context"], folder=_FOLDERS.get(task.module, "files"))
    return loop_items(context, name, value)


def with_loop_names(task: Task, scope: Scope) -> Task:
    """The task with the names of its loop's variables, where templates give these."""
    loop = task.loop
    if loop is None or not loop.name_templates:
        return task
    names: dict[str, Any] = {
        key: str(scope.render(name)) for key, name in loop.name_templates.items()
    }
    return replace(task, loop=replace(loop, name_templates={}, **names))


_FOLDERS = {"template": "templates", "include_vars": "vars"}
"""Where with_first_found looks for the files of a module; all others look in `files`."""


def item_scope(task: Task, scope: Scope, items: list[Any], index: int) -> Scope:
    """The scope with the loop's variables set."""
    return scope.with_layers(item_names(task, items, index))


def item_names(task: Task, items: list[Any], index: int) -> dict[str, Any]:
    """The loop's variables for one item."""
    loop = task.loop
    assert loop is not None
    names: dict[str, Any] = {loop.variable: items[index], "ansible_loop_var": loop.variable}
    if loop.index_variable:
        names[loop.index_variable] = index
        names["ansible_index_var"] = loop.index_variable
    if loop.extended:
        names["ansible_loop"] = _extended(items, index)
        if not loop.extended_allitems:
            del names["ansible_loop"]["allitems"]
    return names


def _extended(items: list[Any], index: int) -> dict[str, Any]:
    count = len(items)
    task_keywords: dict[str, Any] = {
        "allitems": items,
        "index": index + 1,
        "index0": index,
        "revindex": count - index,
        "revindex0": count - index - 1,
        "first": index == 0,
        "last": index == count - 1,
        "length": count,
    }
    if index > 0:
        task_keywords["previtem"] = items[index - 1]
    if index < count - 1:
        task_keywords["nextitem"] = items[index + 1]
    return task_keywords


def prepare(shared: PlayWorld, host: str, task: Task, scope: Scope) -> TaskRun:
    """Decide `when`, render the arguments, make the program. What can't be carried out becomes a
    unit that has failed already."""
    scope = with_delegated(shared, task, scope)
    task_keywords.foresee(scope, task)
    try:
        held = scope.holds(task.keywords.when)
        if held is not True:
            return TaskRun(task, scope, result=_skipped(held))
        return _made(shared, host, task, scope)
    except TemplateError as error:
        place = f" ({error.where.full})" if error.where and error.where != task.where else ""
        failed = Result(Outcome.FAILED, f"{error.reason}{place}", unrendered=True)
        return TaskRun(task, scope, result=failed)
    except (ModuleError, ValueError) as error:
        return TaskRun(task, scope, result=Result(Outcome.FAILED, str(error)))


def _skipped(condition: Template | bool) -> Result:
    source = condition.source if isinstance(condition, Template) else str(condition).lower()
    false = condition.source if isinstance(condition, Template) else condition
    returns = {"skip_reason": "Conditional result was False", "false_condition": false}
    return Result(Outcome.SKIPPED, f"not: {source}", returns=returns)


def _made(shared: PlayWorld, host: str, task: Task, scope: Scope) -> TaskRun:
    task = named(omitted_keywords.without(task, scope), scope)
    task_keywords.check(task, scope)
    keywords = task.keywords
    kind = find_module(task.module)
    module = arguments.build(kind, task.module, _rendered(task, kind, scope))
    check = _check(shared, keywords, scope)
    if isinstance(module, ControlModule):
        waits = isinstance(module, WaitForConnection)
        way = session_keys.session_key(shared, host, keywords, scope) if waits else None
        return TaskRun(task, scope, module=module, check=check, session_key=way)
    sources = local_sources(shared, task, scope)
    if keywords.delegate_facts:
        task_keywords.delegate(scope, keywords)  # whoever that is gets the facts
    if isinstance(module, Action):
        result = _acted(module.act(scope, sources))
        return TaskRun(
            task,
            scope,
            result=result,
            module=module,
            check=check,
            judged=task.has_result_conditions,
        )
    where = session_keys.session_key(shared, host, keywords, scope)
    if module.from_controller:
        sources = replace(sources, way=connection_vars.way(host, where, keywords, scope))
        where = connection_vars.start(host, where, keywords, scope)
    environment = _environment(task, scope)
    limit = task_keywords.seconds(scope, task.async_seconds, 0) or None
    if limit is not None and task_keywords.number(scope, task.poll, 10) == 0:
        module, limit = async_jobs.background(module, limit, scope, environment), None
    program = _timed(task, module.program(sources))
    program = async_jobs.located(module, program, scope, environment)
    shell.check(program, environment)
    return TaskRun(
        task,
        scope,
        module=module,
        program=program,
        kind=_kind(task, module),
        check=check,
        diff=task_keywords.flag(scope, keywords.diff, shared.world.diff),
        tolerant=task.failed_when == (False,) or keywords.ignore_errors is True,
        judged=task.has_result_conditions or module.edits,
        session_key=where,
        environment=environment,
        timeout=limit or max(0, task_keywords.seconds(scope, keywords.timeout, 0)) or None,
    )


def _timed(task: Task, program: Program) -> Program:
    """Have a command's times taken where they are registered: that takes a process on the host."""
    if not (task.register or task.async_seconds) or "timed" not in program.variables:
        return program
    return replace(program, variables={**program.variables, "timed": True})


def named(task: Task, scope: Scope) -> Task:
    """The task with the module that its template names on this host."""
    if task.module_template is None:
        return task
    full = str(scope.render(task.module_template))
    name = short_name(full)
    if not exists(full):
        raise ModuleError(with_hint(f'there is no module "{full}"', nearest(name, MODULES)))
    if issubclass(find_module(name), ControlModule):
        raise ModuleError(f"\"{name}\" can't be named by a template: write it as the task's key")
    return replace(task, module=name, module_template=None)


def _rendered(task: Task, kind: type[Module], scope: Scope) -> dict[str, Any]:
    task_keywords: dict[str, Any] = {}
    if task.keywords.module_defaults:
        for given in arguments.defaults(task.module, task.keywords.module_defaults):
            task_keywords.update(_mapping(scope.render(given) or {}, "module_defaults"))
    if ALL_ARGUMENTS in task.arguments:
        task_keywords.update(_mapping(scope.render(task.arguments[ALL_ARGUMENTS]), "the arguments"))
    bare = arguments.expressions(kind)
    for key, value in task.arguments.items():
        if key == ALL_ARGUMENTS:
            continue
        if type(key) is not str:
            key = scope.render(key)
            key = key if isinstance(key, Hashable) else str(key)
        rendered = value if key in bare else scope.render(value)
        if rendered is OMIT:
            task_keywords.pop(key, None)
        else:
            task_keywords[key] = plain_data(rendered)
    return task_keywords


def _mapping(found: Any, what: str) -> dict[str, Any]:
    """What one template gives for all arguments: `args: "{{ a_mapping }}"`."""
    if not isinstance(found, dict):
        raise ModuleError(f"{what} are a mapping of names to values, not {found!r}")
    return found


def _acted(result: Result) -> Result:
    return replace(result, returns=plain_data(result.returns))


def _kind(task: Task, module: Module) -> Kind:
    if not module.acts:
        return "look"
    declared = task.changed_when == (False,) and task.keywords.check_mode is False
    return "read" if declared else "act"


def _check(shared: PlayWorld, keywords: Keywords, scope: Scope) -> bool:
    return task_keywords.flag(scope, keywords.check_mode, shared.world.check)


def _environment(task: Task, scope: Scope) -> dict[str, str]:
    merged: dict[str, str] = {}
    for layer in task.keywords.environment:
        if task.module in ("setup", "gather_facts") and isinstance(layer, dict):
            layer = {name: value for name, value in layer.items() if not _needs_env(value)}
        rendered = scope.render(layer)
        if isinstance(rendered, dict):
            merged.update({str(name): str(value) for name, value in rendered.items()})
    for name in merged:
        if not name.isidentifier() or not name.isascii():
            raise ModuleError(f"environment: \"{name}\" can't be a variable's name")
    return merged


def _needs_env(value: Any) -> bool:
    """Whether it needs the environment as a fact, which those who gather it can't have yet."""
    words = ("ansible_env", "ansible_facts.env", "ansible_facts['env']", 'ansible_facts["env"]')
    return any(word in template.source for template in templates_in(value) for word in words)
