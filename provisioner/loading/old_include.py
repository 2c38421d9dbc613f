"""Rewrite `include: tasks.yml name=value tags=a`, the form of Ansible before 2.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template, is_template
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import keywords as kw
from provisioner.loading.short_form import pair, split_words, unquote

WORDS = ("include", "ansible.builtin.include", "ansible.legacy.include")


def rewritten(source: YamlMap, key: str, exists: Callable[[str], bool]) -> YamlMap:
    """Return the task as import_tasks or include_tasks, with its parameters as `vars`.

    As in Ansible it is an import if `static` says so, or if it has no loop and its file's name is
    no template and `exists`.
    """
    where = source.keys_at[key]
    value = source[key]
    text = value.source if isinstance(value, Template) else str(value or "")
    file, *rest = split_words(text) or [""]
    parameters = YamlMap(where)
    for word in rest:
        name, equals, item = pair(word)
        if not equals:
            raise LoadError(f'include: "{word}" is not name=value', where)
        parameters[name] = kw.text_template(unquote(item), where)
        parameters.keys_at[name] = parameters.values_at[name] = where
    static = parameters.pop("static", source.get("static"))
    if static is None:
        loops = any(name == "loop" or str(name).startswith("with_") for name in source)
        static = not loops and not is_template(file) and exists(unquote(file))
    module = "import_tasks" if kw.flag(static, "static", where) else "include_tasks"
    return _with(source, key, {module: kw.text_template(unquote(file), where)}, parameters)


def _with(source: YamlMap, key: str, named: dict[str, Any], parameters: YamlMap) -> YamlMap:
    """Return the task with the module `named`, and with its parameters as keywords."""
    task = YamlMap(source.where)
    for name, value in source.items():
        if name not in (key, "static"):
            task[name] = value
            task.keys_at[name] = source.keys_at.get(name, source.where)
            task.values_at[name] = source.values_at.get(name, source.where)
    if "tags" in parameters:
        task["tags"] = parameters.pop("tags")
    if parameters:
        own = source.get("vars")
        if own is not None and not isinstance(own, YamlMap):
            raise LoadError(
                "include: give the variables in one place: in the line, or in vars",
                place_of(source, "vars"),
            )
        if own is not None:
            parameters.add(own)
        task["vars"] = parameters
    for name, value in named.items():
        task[name] = value
        task.keys_at[name] = task.values_at[name] = source.keys_at[key]
    return task
