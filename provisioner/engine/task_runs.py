"""Prepare a task for one host: make a program to send, or a result if none is needed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import field, replace
from typing import Any, Literal

from provisioner.engine import async_jobs, session_keys, task_keywords
from provisioner.engine.delegation import with_delegated
from provisioner.engine.effects import SessionKey
from provisioner.engine.scopes import local_context
from provisioner.engine.task_context import LocalTaskContext
from provisioner.engine.world import PlayWorld
from provisioner.language.plain_data import plain_data
from provisioner.language.play import ALL_ARGUMENTS, Task
from provisioner.language.scope import Scope
from provisioner.language.special_values import OMIT
from provisioner.language.templating.template import Template, TemplateError, templates_in
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
    """One task on one host, or one item of its loop there.

    It contains the `result` if the task needs no host, the `program` to send, or a ControlModule
    that the run carries out. No field changes later. The class is not frozen because that slows
    down the constructor, which is called for every task on every host.
    """

    task: Task
    scope: Scope
    item: Any = None
    index: int | None = None
    """The index of the item in the loop."""
    items: list[Any] = field(default_factory=list)
    result: Result | None = None
    module: Module | None = None
    program: Program | None = None
    kind: Kind = "look"
    """When the program may be sent. A look may be sent before it is known whether the task is
    reached. A read is a command that the playbook declares to change nothing; it may be sent early
    too. An act may not.
    """
    check: bool = False
    diff: bool = False
    tolerant: bool = False
    """Whether later programs of the frame run even if this one fails, since the playbook ignores
    it.
    """
    decided_here: bool = False
    """Whether the controller decides if the task has failed, by the playbook's conditions or the
    module's own. No change may be sent after it in the same frame.
    """
    session_key: SessionKey | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None

    def mode(self, due: bool) -> Mode:
        """Return the mode in which the program is sent.

        `due` is true if a look has found a change to make.
        """
        if self.check:
            return "check"
        if self.kind == "read":
            return "read"
        return "apply" if due or self.kind == "act" else "look"

    @property
    def controls_flow(self) -> bool:
        """Whether the run itself carries it out (control_flow.py)."""
        return isinstance(self.module, ControlModule) and self.result is None


def prepare_task(play_world: PlayWorld, host: str, task: Task, scope: Scope) -> TaskRun:
    """Evaluate the task's `when`, render its arguments, and make its program.

    A task that can't be carried out gets a result with the reason of its failure. Raises NeedResult
    if the task depends on a result that is not known yet.
    """
    scope = with_delegated(play_world, task, scope)
    task_keywords.require_known(scope, task)
    try:
        condition = scope.holds(task.keywords.when)
        if condition is not True:
            return TaskRun(task, scope, result=_skipped(condition))
        return _prepared(play_world, host, task, scope)
    except TemplateError as error:
        place = f" ({error.where.full})" if error.where and error.where != task.where else ""
        failed = Result(Outcome.FAILED, f"{error.reason}{place}", unrendered=True)
        return TaskRun(task, scope, result=failed)
    except (ModuleError, ValueError) as error:
        return TaskRun(task, scope, result=Result(Outcome.FAILED, str(error)))


def _skipped(condition: Template | bool) -> Result:
    """Return the result of a task that is skipped because this `when` condition is false."""
    source = condition.source if isinstance(condition, Template) else str(condition).lower()
    false = condition.source if isinstance(condition, Template) else condition
    returns = {"skip_reason": "Conditional result was False", "false_condition": false}
    return Result(Outcome.SKIPPED, f"condition is false: {source}", returns=returns)


def _prepared(play_world: PlayWorld, host: str, task: Task, scope: Scope) -> TaskRun:
    task = _with_module(task_keywords.without_omitted(task, scope), scope)
    task_keywords.check_types(task, scope)
    keywords = task.keywords
    kind = find_module(task.module)
    module = arguments.build(kind, task.module, _arguments(task, kind, scope))
    check = task_keywords.flag(scope, keywords.check_mode, play_world.world.check)
    if isinstance(module, ControlModule):
        session_key = None
        if isinstance(module, WaitForConnection):
            session_key = session_keys.session_key(play_world, host, keywords, scope)
        return TaskRun(task, scope, module=module, check=check, session_key=session_key)
    context = local_context(play_world, task, scope)
    if keywords.delegate_facts:
        task_keywords.delegated_host(scope, keywords)  # raises NeedResult now, not at the end
    if isinstance(module, Action):
        result = module.act(scope, context)
        result = replace(result, returns=plain_data(result.returns))
        decided_here = task.has_result_conditions
        return TaskRun(
            task, scope, result=result, module=module, check=check, decided_here=decided_here
        )
    return _with_program(play_world, host, task, module, check, context)


def _with_program(
    play_world: PlayWorld,
    host: str,
    task: Task,
    module: Module,
    check: bool,
    context: LocalTaskContext,
) -> TaskRun:
    """Return the run of a task that needs a program on the host."""
    scope, keywords = context.scope, task.keywords
    session_key = session_keys.session_key(play_world, host, keywords, scope)
    if module.from_controller:
        reached = session_keys.reached_host(host, session_key, keywords, scope)
        context = replace(context, reached_host=reached)
        session_key = session_keys.controller_key(host, session_key, keywords, scope)
    environment = _environment(task, scope)
    limit = task_keywords.seconds(scope, task.async_seconds, 0) or None
    if limit is not None and task_keywords.number(scope, task.poll, 10) == 0:
        module, limit = async_jobs.background(module, limit, scope, environment), None
    program = _with_times(task, module.program(context))
    program = async_jobs.with_folder(module, program, scope, environment)
    shell.check(program, environment)
    return TaskRun(
        task,
        scope,
        module=module,
        program=program,
        kind=_kind(task, module),
        check=check,
        diff=task_keywords.flag(scope, keywords.diff, play_world.world.diff),
        tolerant=task.failed_when == (False,) or keywords.ignore_errors is True,
        decided_here=task.has_result_conditions or module.edits,
        session_key=session_key,
        environment=environment,
        timeout=limit or max(0, task_keywords.seconds(scope, keywords.timeout, 0)) or None,
    )


def _with_times(task: Task, program: Program) -> Program:
    """Have the program measure a command's start and end, if the result is registered.

    That costs a process on the host.
    """
    if not (task.register or task.async_seconds) or "timed" not in program.variables:
        return program
    return replace(program, variables={**program.variables, "timed": True})


def _with_module(task: Task, scope: Scope) -> Task:
    """Return the task with its module, if a template names the module."""
    if task.module_template is None:
        return task
    full = str(scope.render(task.module_template))
    name = short_name(full)
    if not exists(full):
        raise ModuleError(with_hint(f'there is no module "{full}"', nearest(name, MODULES)))
    if issubclass(find_module(name), ControlModule):
        raise ModuleError(f"\"{name}\" can't be named by a template: write it as the task's key")
    return replace(task, module=name, module_template=None)


def _arguments(task: Task, kind: type[Module], scope: Scope) -> dict[str, Any]:
    """Return the task's rendered arguments: of module_defaults, of `args`, and its own."""
    values: dict[str, Any] = {}
    if task.keywords.module_defaults:
        for defaults in arguments.defaults(task.module, task.keywords.module_defaults):
            values.update(_mapping(scope.render(defaults) or {}, "module_defaults"))
    if ALL_ARGUMENTS in task.arguments:
        values.update(_mapping(scope.render(task.arguments[ALL_ARGUMENTS]), "the arguments"))
    expressions = arguments.expressions(kind)
    for key, value in task.arguments.items():
        if key == ALL_ARGUMENTS:
            continue
        if type(key) is not str:
            key = scope.render(key)
            key = key if isinstance(key, Hashable) else str(key)
        rendered = value if key in expressions else scope.render(value)
        if rendered is OMIT:
            values.pop(key, None)
        else:
            values[key] = plain_data(rendered)
    return values


def _mapping(value: Any, what: str) -> dict[str, Any]:
    """Return the value of a template that contains all arguments: `args: "{{ a_mapping }}"`."""
    if not isinstance(value, dict):
        raise ModuleError(f"{what} must be a mapping of names to values, not {value!r}")
    return value


def _kind(task: Task, module: Module) -> Kind:
    if not module.acts:
        return "look"
    is_read = task.changed_when == (False,) and task.keywords.check_mode is False
    return "read" if is_read else "act"


def _environment(task: Task, scope: Scope) -> dict[str, str]:
    """Return the environment variables that the task's `environment` keywords set."""
    merged: dict[str, str] = {}
    for layer in task.keywords.environment:
        if task.module in ("setup", "gather_facts") and isinstance(layer, dict):
            layer = {name: value for name, value in layer.items() if not _names_env_fact(value)}
        rendered = scope.render(layer)
        if isinstance(rendered, dict):
            merged.update({str(name): str(value) for name, value in rendered.items()})
    for name in merged:
        if not name.isidentifier() or not name.isascii():
            raise ModuleError(f'environment: "{name}" is not a valid name of a variable')
    return merged


def _names_env_fact(value: Any) -> bool:
    """Whether a template uses the fact that contains the host's environment.

    The task that gathers facts can't use it yet.
    """
    names = ("ansible_env", "ansible_facts.env", "ansible_facts['env']", 'ansible_facts["env"]')
    return any(name in template.source for template in templates_in(value) for name in names)
