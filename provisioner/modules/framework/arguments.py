"""Arguments ▶ model: what can be checked is checked when a playbook is loaded, the rest when a
task's templates are rendered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import Any

from provisioner.errors import Problem
from provisioner.language.play import ALL_ARGUMENTS
from provisioner.language.templating.template import templates_in
from provisioner.language.values import OMIT
from provisioner.modules.framework import quick
from provisioner.modules.framework.base import Module, ModuleError
from provisioner.modules.framework.conversions import converted
from provisioner.where import Where, nearest, with_hint


def check(
    module: type[Module], name: str, arguments: Mapping[str, Any], at: Where
) -> list[Problem]:
    """What is wrong with `arguments` as far as it shows without rendering them."""
    places: Mapping[str, Where] = getattr(arguments, "keys_at", {})
    fields = names(module)
    problems = [
        Problem(
            f'the module {name} has no parameter "{key}"',
            places.get(key, at),
            nearest(str(key), fields) or f"it has: {', '.join(sorted(fields))}",
        )
        for key in arguments
        if key not in fields and not (module.open or module.ignores) and key != ALL_ARGUMENTS
    ]
    if problems:
        return problems
    opened = {key for key, value in arguments.items() if _is_open(key) or _is_open(value)}
    if not opened:
        return [*_whole(module, name, arguments, at)]
    return [*_missing(module, name, arguments, at), *_each(module, name, arguments, opened, at)]


def _is_open(value: object) -> bool:
    """Whether only rendering tells what the value is."""
    return any(True for _ in templates_in(value))


def _whole(
    module: type[Module], name: str, arguments: Mapping[str, Any], at: Where
) -> Iterator[Problem]:
    try:
        _model(module, dict(arguments))
    except ValueError as error:
        values: Mapping[str, Where] = getattr(arguments, "values_at", {})
        for item in _errors(error):
            place = values.get(str(item["loc"][0])) if item["loc"] else None
            yield Problem(f"{name}: {_text(item)}", place or at)


def _missing(
    module: type[Module], name: str, arguments: Mapping[str, Any], at: Where
) -> Iterator[Problem]:
    for key, field in () if ALL_ARGUMENTS in arguments else module.model_fields.items():
        if field.is_required() and arguments.keys().isdisjoint(field.names):
            yield Problem(f'{name}: the parameter "{key}" is missing', at)


def _each(
    module: type[Module], name: str, arguments: Mapping[str, Any], opened: set[str], at: Where
) -> Iterator[Problem]:
    """What is wrong with single values; how they go together shows when the others are known."""
    literals = {key: value for key, value in arguments.items() if key not in opened}
    if quick.certain(module, literals):
        return
    try:
        _model(module, literals)
    except ValueError as error:
        values: Mapping[str, Where] = getattr(arguments, "values_at", {})
        wrong = [item for item in _errors(error) if item["loc"] and item["type"] != "missing"]
        for key, items in groupby(wrong, key=lambda item: str(item["loc"][0])):
            yield Problem(f"{name}: {key}: {_text(next(items), False)}", values.get(key, at))


_WANTED = {
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false"),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "a number"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    "dict_type": "a mapping",
    "string_type": "text",
}
"""What pydantic's types of errors mean to who wrote a playbook."""

_ANSIBLES = {"tuple": "list", "string": "str"}
"""Types that Ansible names otherwise than pydantic."""


def _text(item: Any, located: bool = True) -> str:
    if item["type"] == "missing":
        return f'the parameter "{item["loc"][0]}" is missing'
    message: str = item["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    place = ".".join(map(str, item["loc"]))
    if item["type"] in _WANTED:
        message = f"is {_WANTED[item['type']]}, not {item['input']!r}"
    elif item["type"] in ("literal_error", "enum"):
        message = f"is {item['ctx']['expected']}, not {item['input']!r}"
    return f"{place}: {message}" if place and located else message


def _in_ansibles_words(module: type[Module], found: Iterable[Any]) -> Iterator[str]:
    """What is wrong, as Ansible's modules say it: playbooks look into `msg` of a failed task."""
    items = list(found)
    if missing := [str(item["loc"][0]) for item in items if item["type"] == "missing"]:
        yield module.required or f"missing required arguments: {', '.join(sorted(missing))}"
    yield from (_said(item) for item in items if item["type"] != "missing")


def _said(item: Any) -> str:
    if not item["loc"]:
        return str(item["msg"]).removeprefix("Value error, ")
    place, given = ".".join(map(str, item["loc"])), item["input"]
    if item["type"] == "literal_error":
        choices = ", ".join(re.findall("'([^']*)'", item["ctx"]["expected"]))
        return f"value of {place} must be one of: {choices}, got: {given}"
    if item["type"] in _WANTED:
        wanted = item["type"].partition("_")[0]
        wanted = _ANSIBLES.get(wanted, wanted)
        return (
            f"argument '{place}' is of type {type(given)} and we were unable to convert to "
            f"{wanted}: {given!r} is not {_WANTED[item['type']]}"
        )
    return _text(item)


def _errors(error: ValueError) -> list[Any]:
    """What pydantic found; raises whatever is not its finding."""
    from provisioner.modules.framework import verdict

    return verdict.errors(error)


@cache
def names(module: type[Module]) -> Mapping[str, str]:
    """Every name of every parameter, aliases included ▶ the field's name."""
    return {alias: key for key, field in module.model_fields.items() for alias in field.names}


def build(module: type[Module], name: str, arguments: Mapping[str, Any]) -> Module:
    """The model for rendered `arguments`; `ModuleError` says all that is wrong with them."""
    given = {key: value for key, value in arguments.items() if value is not OMIT}
    fields = names(module)
    if not (given.keys() <= fields.keys() or module.open or module.ignores):
        key = next(key for key in given if key not in fields)
        reason = f"Unsupported parameters for ({name}) module: {key}"
        raise ModuleError(with_hint(reason, nearest(key, fields)))
    try:
        return _model(module, given)
    except ValueError as error:
        raise ModuleError("; ".join(_in_ansibles_words(module, _errors(error)))) from None


def _model(module: type[Module], given: Mapping[str, Any]) -> Module:
    """The model, of the arguments as they are or else as Ansible converts them; pydantic's
    ValueError where they are wrong."""
    try:
        return module.model_validate(given)
    except ValueError as error:
        wrong = _errors(error)
    return module.model_validate(converted(given, wrong))


_STANDS_ON = {"package": "yum", "service": "systemd"}
"""What a module that is the same on all systems is on CentOS 7: it has that one's defaults too."""


def defaults(module: str, layers: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """What `module_defaults` say for a module, unrendered: later ones prevail, and those by its
    own name over those of its group and of what it stands on."""
    group = "group/docker" if module.startswith("docker_") else None
    for wanted in (group, _STANDS_ON.get(module), module):
        for layer in layers:
            yield from (given for name, given in layer.items() if _plain(name) == wanted)


def _plain(name: str) -> str:
    """`ansible.builtin.yum` ▶ `yum`, `group/community.docker.docker` ▶ `group/docker`."""
    kind, slash, rest = name.rpartition("/")
    return kind + slash + rest.rpartition(".")[2]


@cache
def expressions(module: type[Module]) -> frozenset[str]:
    """The names of parameters that hold bare expressions (`assert.that`, `debug.var`)."""
    return frozenset(name for name, key in names(module).items() if key in module.expressions)
