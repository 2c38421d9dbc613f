"""Load a task: its module, its arguments in any form, its keywords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.play import ALL_ARGUMENTS, Keywords, Task
from provisioner.language.plugins import known_plugins
from provisioner.language.plugins.local_plugins import HasPlugin, no_plugins
from provisioner.language.templating.template import Template
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import keywords as kw
from provisioner.loading import short_form
from provisioner.loading.loops import load_loop
from provisioner.modules import MODULES, exists, find_module, short_name
from provisioner.modules.framework import arguments
from provisioner.modules.framework.base import Module
from provisioner.where import Where, nearest


def load_task(
    source: YamlMap,
    base: Keywords,
    *,
    handler: bool = False,
    rescued: bool = False,
    has_plugin: HasPlugin = no_plugins,
) -> Task:
    """Return the task with its own keywords and those inherited from `base`.

    Raises LoadError for wrong keywords and arguments. If the playbook allows the task to fail
    (`rescued`, ignore_errors, failed_when), wrong arguments fail the task on the host instead. So
    does a module that only Ansible has, or that the playbook brings (`has_plugin`).
    """
    key, value, local = _module_of(source, lambda name: exists(name) or has_plugin("module", name))
    module_name = kw.text_template(key, source.where)
    template = module_name if isinstance(module_name, Template) else None
    name = "action" if template else short_name(key)
    module = None if template else find_module(name)
    task_arguments = _arguments(module, source, key, value)
    ignores_errors = source.get("ignore_errors", base.ignore_errors)
    tolerant = bool(rescued or ignores_errors or "failed_when" in source)
    keywords = kw.inherit(base, source, tolerant)
    if handler and name == "meta" and task_arguments.get("action") == "flush_handlers":
        raise LoadError("flush_handlers can't be a handler: it would notify itself", source.where)
    if module is not None and not tolerant:
        merged = _with_defaults(task_arguments, name, keywords)
        problems = arguments.check(module, name, merged, source.keys_at.get(key, source.where))
        if problems:
            raise LoadError.of(problems)
    if local:
        keywords = Keywords(**{**vars(keywords), "delegate_to": "localhost"})
    return Task(
        name=kw.title(source),
        module=name,
        module_template=template,
        arguments=task_arguments,
        where=source.where,
        keywords=keywords,
        loop=load_loop(source, has_plugin),
        register=_register(source),
        notify=kw.names(keywords.notify, "notify", place_of(source, "notify")),
        notify_at=place_of(source, "notify"),
        listen=kw.names(source.get("listen"), "listen", place_of(source, "listen")),
        changed_when=_conditions(source, "changed_when"),
        failed_when=_conditions(source, "failed_when"),
        until=_conditions(source, "until"),
        retries=source.get("retries"),
        delay=source.get("delay"),
        async_seconds=source.get("async"),
        poll=source.get("poll"),
        handler=handler,
    )


def _with_defaults(task_arguments: YamlMap, module: str, keywords: Keywords) -> YamlMap:
    """Return the arguments on top of those of `module_defaults`."""
    merged = YamlMap(task_arguments.where)
    for defaults in arguments.defaults(module, keywords.module_defaults):
        if isinstance(defaults, YamlMap):
            merged.add(defaults)
        elif isinstance(defaults, Template):
            merged[ALL_ARGUMENTS] = defaults
    merged.add(task_arguments)
    return merged


def _module_of(source: YamlMap, is_module: Callable[[str], bool]) -> tuple[str, Any, bool]:
    """Return the key that names the module, its value, and whether it is a local_action."""
    candidates = [key for key in source if key not in kw.TASK and not str(key).startswith("with_")]
    for key in ("action", "local_action"):
        if key in source:
            return (*_action(source, key, is_module), key == "local_action")
    module_keys = [key for key in candidates if is_module(str(key))]
    if len(module_keys) > 1:
        raise LoadError(
            f'the task names two modules, "{module_keys[0]}" and "{module_keys[1]}"',
            source.keys_at[module_keys[1]],
            "each task has one module; is a `-` missing?",
        )
    for key in candidates:
        if key not in module_keys:
            raise _misplaced(source, key, module_keys) or _unknown(source, key)
    if not module_keys:
        raise LoadError("the task names no module", source.where)
    return module_keys[0], source[module_keys[0]], False


def _misplaced(source: YamlMap, key: Any, module_keys: list[Any]) -> LoadError | None:
    """Return the error for a parameter that is written beside its module, not below it."""
    for module in module_keys:
        if key in arguments.names(find_module(module)):
            reason = f'"{key}" is a parameter of {module}, not a keyword of a task'
            hint = f"indent it further, so that it is below {module}"
            return LoadError(reason, source.keys_at[key], hint)
    return None


def _action(source: YamlMap, key: str, is_module: Callable[[str], bool]) -> tuple[str, Any]:
    """Read `action: yum name=x`, or the mapping form `action: {module: yum, name: x}`."""
    value = source[key]
    line = value.get("module") if isinstance(value, dict) else value
    text = line.source if isinstance(line, Template) else str(line or "")
    name = next(iter(short_form.split_words(text)), "")
    if not name:
        raise LoadError(f'"{key}" names no module', source.values_at[key])
    if "{{" not in name and not is_module(name):
        raise _unknown(source, name, key)
    rest = text.strip().removeprefix(name).lstrip()
    argument: Any = kw.text_template(rest, source.where) if rest else None
    if isinstance(value, dict):
        parameters = YamlMap(source.where)
        parameters.update({name: item for name, item in value.items() if name != "module"})
        if rest:
            module = None if "{{" in name else find_module(name)
            _update(parameters, _from_line(module, name, argument, source.where))
        argument = parameters
    source[name] = argument
    source.values_at[name] = source.values_at[key]
    return name, argument


def _unknown(source: YamlMap, key: Any, at: str | None = None) -> LoadError:
    """Return the error for a key that is neither a keyword nor a module."""
    where = source.keys_at[at or key]
    key = str(key)
    short = short_name(key)
    hint = nearest(short, (*MODULES, *kw.TASK)) or nearest(
        key, known_plugins.names_in_collection("module", key)
    )
    if key in kw.BLOCK | kw.PLAY:
        hint = "it belongs beside `block`" if key in kw.OF_BLOCK else ""
        return LoadError(f'"{key}" is not a keyword of a task', where, hint)
    return LoadError(f'"{key}" is neither a keyword of a task nor a module', where, hint)


def _arguments(module: type[Module] | None, source: YamlMap, key: str, value: Any) -> YamlMap:
    """Return the arguments as one mapping: from a mapping, a line, and `args`."""
    where = source.values_at.get(key, source.where)
    task_arguments = YamlMap(where)
    if isinstance(value, YamlMap):
        _update(task_arguments, value)
    elif value is not None:
        _update(task_arguments, _from_line(module, key, value, where))
    extra = source.get("args")
    if isinstance(extra, YamlMap):
        _update(task_arguments, extra)
    elif isinstance(extra, Template):
        task_arguments[ALL_ARGUMENTS] = extra
    elif extra is not None and not isinstance(extra, dict):
        raise LoadError('"args" must be a mapping of arguments', place_of(source, "args"))
    if module is not None and module.free_form is not None:
        _rename(task_arguments, "_raw_params", module.free_form)
    for name in list(task_arguments):
        if module is not None and name in arguments.expressions(module):
            task_arguments[name] = _expressions(
                task_arguments[name], task_arguments.values_at.get(name, where)
            )
    templated = module is not None and module.templated_names
    return _with_templated_names(task_arguments) if templated else task_arguments


def _with_templated_names(task_arguments: YamlMap) -> YamlMap:
    """Return the arguments with Templates for names that contain `{{ … }}`."""
    renamed = YamlMap(task_arguments.where)
    for name, value in task_arguments.items():
        at = task_arguments.keys_at.get(name, task_arguments.where)
        name = kw.text_template(name, at) if isinstance(name, str) else name
        renamed[name] = value
        renamed.keys_at[name], renamed.values_at[name] = at, task_arguments.values_at.get(name, at)
    return renamed


def _rename(task_arguments: YamlMap, old: str, new: str) -> None:
    """Rename an argument: some playbooks write `_raw_params`, Ansible's name of the free text."""
    for names in (task_arguments, task_arguments.keys_at, task_arguments.values_at):
        if old in names and new not in names:
            names[new] = names.pop(old)


def _from_line(module: type[Module] | None, name: str, line: Any, where: Where) -> YamlMap:
    """Return the arguments of a line."""
    if module is None:
        return short_form.pairs(line, where, "the module is named by a template")
    return short_form.of_module(module, name, line, where)


def _update(into: YamlMap, source: YamlMap) -> None:
    into.update(source)
    into.keys_at.update(source.keys_at)
    into.values_at.update(source.values_at)


def _expressions(value: Any, where: Where) -> Any:
    """Return the value with strings as expressions, for parameters such as `that` of assert."""
    if isinstance(value, list):
        # An empty condition is true.
        conditions = (True if item in (None, "") else item for item in value)
        return [_expressions(item, where) for item in conditions]
    return kw.expression(str(value), where) if isinstance(value, str | int | float) else value


def _register(source: YamlMap) -> str | None:
    name = source.get("register")
    if name is not None and not str(name).isidentifier():
        raise LoadError(f"\"{name}\" can't be a variable's name", place_of(source, "register"))
    return name


def _conditions(source: YamlMap, key: str) -> Any:
    if key not in source:
        return None
    return kw.conditions(source[key], place_of(source, key))
