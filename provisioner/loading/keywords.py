"""The keywords of plays, blocks and tasks: their names, values and inheritance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.play import Conditions, Keywords
from provisioner.language.templating.template import Template, is_template
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import keyword_values
from provisioner.where import Where, nearest

INHERITED = frozenset(field.name for field in fields(Keywords)) - {"params"}

IMPORT_PLAYBOOK = ("import_playbook", "ansible.builtin.import_playbook", "include")

IGNORED = frozenset({"debugger"})
"""Keywords that are accepted and have no effect."""

OF_BLOCK = frozenset({"rescue", "always"})
"""Keywords of a block that no task has."""

BLOCK = INHERITED | IGNORED | OF_BLOCK | {"name", "block", "notify"}

TASK = (
    INHERITED
    | IGNORED
    | {
        "name", "action", "local_action", "args", "loop", "loop_control", "register", "notify",
        "listen", "changed_when", "failed_when", "until", "retries", "delay", "async", "poll",
    }
)  # fmt: skip

ORDERS = ("inventory", "sorted", "reverse_sorted", "reverse_inventory", "shuffle")
"""The values of a play's `order`."""

PLAY = (
    INHERITED - {"when", "delegate_to", "delegate_facts", "notify"}
    | IGNORED
    | {
        "name", "hosts", "pre_tasks", "roles", "tasks", "post_tasks", "handlers", "vars_files",
        "vars_prompt", "gather_facts", "gather_subset", "gather_timeout", "fact_path", "serial",
        "strategy", "order", "max_fail_percentage", "force_handlers", "user",
    }
)  # fmt: skip

FLAGS = frozenset(
    {
        "become", "ignore_errors", "ignore_unreachable", "any_errors_fatal", "no_log",
        "check_mode", "diff", "run_once", "delegate_facts",
    }
)  # fmt: skip
_ADDING = frozenset({"when", "tags", "vars", "environment", "module_defaults"})


def unknown(key: Any, known: Iterable[str], what: str, where: Where | None) -> LoadError:
    """Return the error for an unknown keyword; it suggests the nearest of `known`."""
    return LoadError(f'"{key}" is not a keyword of a {what}', where, nearest(str(key), known))


def check_keywords(source: YamlMap, words: frozenset[str], what: str) -> None:
    """Raise LoadError for the first key of `source` that is not one of `words`."""
    for key in source:
        if key not in words:
            raise unknown(key, words, what, source.keys_at[key])


def inherit(base: Keywords, source: YamlMap, tolerant: bool = False) -> Keywords:
    """Return `base` with the keywords of `source`, the mapping of a play, block or task.

    With `tolerant` (the playbook allows the task to fail), wrong numbers and booleans are kept as
    they are: they fail the task on the host. Else they raise LoadError.
    """
    keyword_values.checked(source, tolerant)
    own: dict[str, Any] = {}
    for key in INHERITED & source.keys():
        value, where = source[key], place_of(source, key)
        if key in _ADDING:
            own[key] = _ADD[key](getattr(base, key), value, where)
        elif key == "collections":
            own[key] = names(value, key, where)
        elif key in FLAGS:
            own[key] = _flag(value, key, where, tolerant)
        else:
            own[key] = value
    return Keywords(**{**vars(base), **own}) if own else base


def title(source: YamlMap) -> str | Template:
    """Return the `name` of a play, block or task as text, even if YAML made a number of it."""
    name = source.get("name")
    return name if isinstance(name, Template) else "" if name is None else str(name)


def flag(value: Any, key: str, where: Where | None) -> Any:
    """Return a boolean, also for words such as "yes"; return None and templates unchanged."""
    if isinstance(value, Template | bool) or value is None:
        return value
    word = str(value).lower()
    if word in ("yes", "true", "on", "1", "y", "t"):
        return True
    if word in ("no", "false", "off", "0", "n", "f"):
        return False
    raise LoadError(f'"{key}" must be true or false, not {value!r}', where)


def _flag(value: Any, key: str, where: Where | None, tolerant: bool) -> Any:
    try:
        return flag(value, key, where)
    except LoadError:
        if not tolerant:
            raise
        return value


def conditions(value: Any, where: Where | None) -> Conditions:
    """Return the conditions of `when`, `until`, …: one expression, or a list that must all hold."""
    parsed: list[Template | bool] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, bool):
            parsed.append(item)
        elif isinstance(item, Template):
            parsed.append(item)  # `when: "{{ x }}"` is unusual but valid
        elif item is None or item == "":
            parsed.append(True)
        elif isinstance(item, str | int | float):
            parsed.append(expression(str(item), where))
        else:
            raise LoadError("a condition must be an expression or a list of expressions", where)
    return tuple(parsed)


def expression(text: str, where: Where | None) -> Template:
    """Return a template from an expression that is written without braces."""
    return Template(text, where or Where("?"), expression=True)


def text_template(text: str, where: Where) -> str | Template:
    """Return the text, as a Template if it contains one."""
    return Template(text, where) if is_template(text) else text


def names(value: Any, key: str, where: Where | None) -> tuple[Any, ...]:
    """Return one name or a list of names as a tuple; names with commas are not split here."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    for item in items:
        if isinstance(item, dict | list):
            raise LoadError(f'"{key}" must be a name or a list of names', where)
    return tuple(items)


def _add_when(base: Conditions, value: Any, where: Where | None) -> Conditions:
    return base + conditions(value, where)


def _add_tags(base: frozenset[Any], value: Any, where: Where | None) -> frozenset[Any]:
    tags = set(base)
    for item in names(value, "tags", where):
        if isinstance(item, Template):
            tags.add(item)
        else:
            tags.update(word.strip() for word in str(item).split(",") if word.strip())
    return frozenset(tags)


def _add_mapping(
    base: tuple[Mapping[str, Any], ...], value: Any, where: Where | None
) -> tuple[Mapping[str, Any], ...]:
    if value is None:
        return base
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        for item in value:
            base = _add_mapping(base, item, where)
        return base
    if not isinstance(value, dict):
        raise LoadError(
            "this must be a mapping of names to values, or a list of such mappings", where
        )
    for key in value:
        if not isinstance(key, str) or not key.isidentifier():
            raise LoadError(
                f"\"{key}\" can't be a variable's name",
                getattr(value, "keys_at", {}).get(key, where),
                "use only letters, digits and _, and no digit first",
            )
    return (*base, value)


def _add_defaults(
    base: tuple[Mapping[str, Any], ...], value: Any, where: Where | None
) -> tuple[Mapping[str, Any], ...]:
    layers = value if isinstance(value, list) else [value]
    return (*base, *(layer for layer in layers if isinstance(layer, dict)))


def _add_environment(base: tuple[Any, ...], value: Any, where: Where | None) -> tuple[Any, ...]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    for item in items:
        if not isinstance(item, dict | Template):
            raise LoadError('"environment" must be a mapping of names to values', where)
    return (*base, *items)


_ADD: dict[str, Callable[[Any, Any, Where | None], Any]] = {
    "when": _add_when,
    "tags": _add_tags,
    "vars": _add_mapping,
    "environment": _add_environment,
    "module_defaults": _add_defaults,
}
