"""Arguments that are right beyond doubt, taken without pydantic.

A value is, where it is exactly of a field's type: what would have to be converted (`"yes"`, `"5"`),
what several types might take, and all that might be wrong is in doubt, and so for pydantic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from provisioner.modules.framework.model import AfterValidator, BeforeValidator, Model

Check = Callable[[Any], Any]


class Doubt(Exception):
    """It is not certain what the value comes to."""


def values(model: type[Model], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values of the fields, those that are given; None in doubt about any."""
    known, found = _known(model), {}
    for key, value in given.items():
        try:
            name, check = known.get(key) or _learned(model, key)
            if name in found:
                return None
            found[name] = check(value)
        except Exception:  # whatever a validator raises, pydantic meets it again
            return None
    return found if _required(model) <= found.keys() else None


def certain(model: type[Model], given: Mapping[str, Any]) -> bool:
    """Whether each of the values that are given is right by itself."""
    names = _names(model)
    try:
        for key, value in given.items():
            taken(model, names[key], value)
    except Exception:
        return False
    return True


def taken(model: type[Model], name: str, value: Any) -> Any:
    """The value of a field; raises Doubt, or what a validator does."""
    return _check(model, name)(value)


@cache
def _known(model: type[Model]) -> dict[str, tuple[str, Check]]:
    """The field of each name that was given yet, and what gives its value."""
    return {}


def _learned(model: type[Model], key: str) -> tuple[str, Check]:
    name = _names(model).get(key)
    if name is not None:
        found = _known(model)[key] = name, _check(model, name)
        return found
    if model.model_config.get("extra") == "allow":
        return key, _as_it_is
    raise Doubt


def _as_it_is(value: Any) -> Any:
    return value


@cache
def _names(model: type[Model]) -> Mapping[str, str]:
    return {alias: name for name, field in model.model_fields.items() for alias in field.names}


@cache
def _required(model: type[Model]) -> frozenset[str]:
    return frozenset(name for name, field in model.model_fields.items() if field.is_required())


@cache
def _check(model: type[Model], name: str) -> Check:
    """What gives a field's value for what is given, or raises."""
    field = model.model_fields[name]
    if field.limits:
        return _doubted
    check = _check_of(field.annotation, bool(model.model_config.get("coerce_numbers_to_str")))
    for method in model.validating("after", name):
        check = AfterValidator(method).quick(check)
    for method in model.validating("before", name):
        check = BeforeValidator(method).quick(check)
    return check


def _check_of(kind: Any, numbers: bool) -> Check:
    """The check for a type; `numbers` are taken for strings."""
    parts = get_args(kind)
    match get_origin(kind) or kind:
        case origin if origin is Annotated:
            return _annotated(_check_of(parts[0], numbers), parts[1:])
        case origin if origin is Literal:
            return _one_of([(type(part), part) for part in parts])
        case origin if origin in (Union, UnionType):
            return _union([part for part in parts if part is not NoneType], parts, numbers)
        case origin if origin is tuple and len(parts) == 2 and parts[1] is ...:
            return _sequence(tuple, _check_of(parts[0], numbers))
        case origin if origin is list and parts:
            return _sequence(list, _check_of(parts[0], numbers))
        case origin if origin is dict and parts:
            return _mapping(_check_of(parts[0], numbers), _check_of(parts[1], numbers))
        case origin if origin is str and numbers:
            return _text
        case origin if origin is float:
            return _number
        case origin if origin in (str, bool, int):
            return _exactly(origin)
        case origin if origin is Any:
            return _as_it_is
        case origin if isinstance(origin, type) and issubclass(origin, Model):
            return _nested(origin)
    return _doubted


def _doubted(value: Any) -> Any:
    raise Doubt


def _annotated(check: Check, marks: tuple[Any, ...]) -> Check:
    for mark in marks:
        if not isinstance(mark, BeforeValidator | AfterValidator):
            return _doubted
        check = mark.quick(check)
    return check


def _one_of(choices: list[tuple[type, Any]]) -> Check:
    def check(value: Any) -> Any:
        if (type(value), value) not in choices:
            raise Doubt
        return value

    return check


def _union(others: list[Any], parts: tuple[Any, ...], numbers: bool) -> Check:
    """For a type or None; which of several types it is, is not for us."""
    if len(others) != 1 or len(parts) == 1:
        return _doubted
    check = _check_of(others[0], numbers)
    return lambda value: None if value is None else check(value)


def _sequence(made: type, check: Check) -> Check:
    def check_all(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise Doubt
        return made([check(item) for item in value])

    return check_all


def _mapping(check_key: Check, check: Check) -> Check:
    def check_all(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Doubt
        return {check_key(key): check(item) for key, item in value.items()}

    return check_all


def _exactly(kind: type) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise Doubt
        return value

    return check


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise Doubt


def _number(value: Any) -> float:
    if type(value) is float or (type(value) is int and abs(value) < 1 << 53):
        return float(value)
    raise Doubt


def _nested(model: type[Model]) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Doubt
        return model.model_validate(value)

    return check
