"""The keywords of plays, blocks and tasks: which there are, and what their values look like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.play import Conditions, Keywords
from provisioner.language.templating.template import Template, is_template
from provisioner.loading import keyword_values
from provisioner.loading.yaml_file import YamlMap, place_of
from provisioner.where import Where, nearest

INHERITED = frozenset(field.name for field in fields(Keywords)) - {"params"}

IMPORT_PLAYBOOK = ("import_playbook", "ansible.builtin.import_playbook", "include")

IGNORED = frozenset({"debugger"})
"""Read and ignored: they change nothing here."""

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
"""What `order` of a play may be."""

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
    """The error for a keyword nobody knows."""
    return LoadError(f'"{key}" is not a keyword of a {what}', where, nearest(str(key), known))


def known(source: YamlMap, words: frozenset[str], what: str) -> None:
    """`LoadError` for the first key of `source` that is not one of `words`."""
    for key in source:
        if key not in words:
            raise unknown(key, words, what, source.keys_at[key])


def inherit(base: Keywords, source: YamlMap, tolerant: bool = False) -> Keywords:
    """`base` with what `source` says itself: a play's, block's or task's mapping. That of a task
    that may fail (`tolerant`) has wrong numbers and booleans in it as they stand."""
    keyword_values.checked(source, tolerant)
    said: dict[str, Any] = {}
    for key in INHERITED & source.keys():
        value, where = source[key], place_of(source, key)
        if key in _ADDING:
            said[key] = _ADD[key](getattr(base, key), value, where)
        elif key == "collections":
            said[key] = names(value, key, where)
        elif key in FLAGS:
            said[key] = _flag(value, key, where, tolerant)
        else:
            said[key] = value
    return Keywords(**{**vars(base), **said}) if said else base


def title(source: YamlMap) -> str | Template:
    """The `name` of a play, block or task; YAML may have made a number or boolean of it."""
    name = source.get("name")
    return name if isinstance(name, Template) else "" if name is None else str(name)


def flag(value: Any, key: str, where: Where | None) -> Any:
    """A boolean as YAML people write it, or a template of one."""
    if isinstance(value, Template | bool) or value is None:
        return value
    word = str(value).lower()
    if word in ("yes", "true", "on", "1", "y", "t"):
        return True
    if word in ("no", "false", "off", "0", "n", "f"):
        return False
    raise LoadError(f'"{key}" is true or false, not {value!r}', where)


def _flag(value: Any, key: str, where: Where | None, tolerant: bool) -> Any:
    try:
        return flag(value, key, where)
    except LoadError:
        if not tolerant:
            raise
        return value


def conditions(value: Any, where: Where | None) -> Conditions:
    """`when` and its kin: one expression or a list of them, all of which must be true."""
    found: list[Template | bool] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, bool):
            found.append(item)
        elif isinstance(item, Template):
            found.append(item)  # `when: "{{ x }}"`: unusual, but it means what it says
        elif item is None or item == "":
            found.append(True)
        elif isinstance(item, str | int | float):
            found.append(expression(str(item), where))
        else:
            raise LoadError("a condition is an expression or a list of them", where)
    return tuple(found)


def expression(text: str, where: Where | None) -> Template:
    """A bare expression of a playbook."""
    return Template(text, where or Where("?"), expression=True)


def text_template(text: str, where: Where) -> str | Template:
    """A part of a playbook's text, as a value of its own."""
    return Template(text, where) if is_template(text) else text


def names(value: Any, key: str, where: Where | None) -> tuple[Any, ...]:
    """One name or a list of them; one string may hold several with commas (tags)."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    for item in items:
        if isinstance(item, dict | list):
            raise LoadError(f'"{key}" is a name or a list of names', where)
    return tuple(items)


def _add_when(base: Conditions, value: Any, where: Where | None) -> Conditions:
    return base + conditions(value, where)


def _add_tags(base: frozenset[Any], value: Any, where: Where | None) -> frozenset[Any]:
    found = set(base)
    for item in names(value, "tags", where):
        if isinstance(item, Template):
            found.add(item)
        else:
            found.update(word.strip() for word in str(item).split(",") if word.strip())
    return frozenset(found)


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
        raise LoadError("this is a mapping of names to values (or a list of such)", where)
    for key in value:
        if not isinstance(key, str) or not key.isidentifier():
            raise LoadError(
                f"\"{key}\" can't be a variable's name",
                getattr(value, "keys_at", {}).get(key, where),
                "letters, digits and _ only, and no digit first",
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
            raise LoadError('"environment" is a mapping of names to values', where)
    return (*base, *items)


_ADD: dict[str, Callable[[Any, Any, Where | None], Any]] = {
    "when": _add_when,
    "tags": _add_tags,
    "vars": _add_mapping,
    "environment": _add_environment,
    "module_defaults": _add_defaults,
}
