"""`include:`, as it was written before Ansible 2.4: `include: tasks.yml name=value tags=a`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template, is_template
from provisioner.loading import keywords as kw
from provisioner.loading.short_form import pair, split_words, unquote
from provisioner.loading.yaml_file import YamlMap, place_of

WORDS = ("include", "ansible.builtin.include", "ansible.legacy.include")


def rewritten(source: YamlMap, key: str, exists: Callable[[str], bool]) -> YamlMap:
    """The task as it is written today: an import where nothing about it can change while the
    playbook runs, as `exists` says of its file, too; else an include. Its parameters are `vars`."""
    where = source.keys_at[key]
    value = source[key]
    text = value.source if isinstance(value, Template) else str(value or "")
    file, *rest = split_words(text) or [""]
    given = YamlMap(where)
    for word in rest:
        name, equals, item = pair(word)
        if not equals:
            raise LoadError(f'include: "{word}" is not name=value', where)
        given[name] = kw.text_template(unquote(item), where)
        given.keys_at[name] = given.values_at[name] = where
    static = given.pop("static", source.get("static"))
    if static is None:
        loops = any(name == "loop" or str(name).startswith("with_") for name in source)
        static = not loops and not is_template(file) and exists(unquote(file))
    today = "import_tasks" if kw.flag(static, "static", where) else "include_tasks"
    return _with(source, key, {today: kw.text_template(unquote(file), where)}, given)


def _with(source: YamlMap, key: str, named: dict[str, Any], given: YamlMap) -> YamlMap:
    """The task with another key for its module, and the parameters among its keywords."""
    task = YamlMap(source.where)
    for name, value in source.items():
        if name not in (key, "static"):
            task[name] = value
            task.keys_at[name] = source.keys_at.get(name, source.where)
            task.values_at[name] = source.values_at.get(name, source.where)
    if "tags" in given:
        task["tags"] = given.pop("tags")
    if given:
        own = source.get("vars")
        if own is not None and not isinstance(own, YamlMap):
            raise LoadError("include: give its variables in one place", place_of(source, "vars"))
        if own is not None:
            given.add(own)
        task["vars"] = given
    for name, value in named.items():
        task[name] = value
        task.keys_at[name] = task.values_at[name] = source.keys_at[key]
    return task
