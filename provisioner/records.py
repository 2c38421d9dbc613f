"""`@dataclass`, as Python's own, for the price of a plain class.

Python's writes the text of up to six methods for each class and compiles them when the class is
made: 0.35 ms each time, a fifth of what a short run of this tool costs, for classes most of which
it never makes an object of. Here one method serves all classes where one can (`==`, `hash`,
`repr`, refusing changes), and `__init__` is compiled for a class of which there come to be many.

All else is Python's own: these are dataclasses for `replace`, `fields`, `asdict` and type checkers.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError
from inspect import get_annotations
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

FEW = 20
"""Objects of a class for which compiling its `__init__` does not pay: it takes 90 µs."""


def _dataclass(cls: type[Any] | None = None, /, *, frozen: bool = False) -> Any:
    return _made(cls, frozen) if cls is not None else lambda given: _made(given, frozen)


def _made(cls: type[Any], frozen: bool) -> type:
    cls.__doc__ = cls.__doc__ or cls.__name__  # else Python's would write down the signature
    own = set(vars(cls))
    _find_fields(cls)
    fields = dataclasses.fields(cls)
    compared = _values([field.name for field in fields if field.compare])
    methods = {
        "__init__": _first_init(cls, frozen, fields),
        "__repr__": _shown,
        "__eq__": _eq_by(compared),
        **(_frozen_methods(cls, compared) if frozen else {"__hash__": None}),
    }
    for name, method in methods.items():
        if name not in own:
            setattr(cls, name, method)
    return cls


def _find_fields(cls: type[Any]) -> None:
    """Have Python find the fields. It would look for three special types with a pattern each in
    every annotation that is text; where none of them is named it gets no texts to look at."""
    texts = get_annotations(cls)
    if any(type(text) is not str or _SPECIAL.search(text) for text in texts.values()):
        dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
        return
    cls.__annotations__ = dict.fromkeys(texts, object)
    try:
        dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    finally:
        cls.__annotations__ = texts
    for name, text in texts.items():
        cls.__dataclass_fields__[name].type = text


_SPECIAL = re.compile("ClassVar|InitVar|KW_ONLY")


def _first_init(
    cls: type[Any], frozen: bool, fields: tuple[dataclasses.Field[Any], ...]
) -> Callable[..., None]:
    """An `__init__` for the first few objects, which then compiles the real one, to be used from
    then on; so it does at once where arguments are wrong, to have that told as Python tells it."""
    left = FEW

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        nonlocal left
        left -= 1
        values = _values_of(fields, args, kwargs) if left > 0 else None
        if values is None:
            cls.__init__ = _init_of(cls, frozen)
            cls.__init__(self, *args, **kwargs)
            return
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if hasattr(cls, "__post_init__"):
            self.__post_init__()

    return __init__


def _values_of(
    fields: tuple[dataclasses.Field[Any], ...], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any] | None:
    """The value of each field; None where the arguments are wrong."""
    values = dict(zip((field.name for field in fields), args, strict=False))
    if len(args) > len(fields) or not values.keys().isdisjoint(kwargs):
        return None
    used = 0
    for field in fields[len(args) :]:
        if field.name in kwargs:
            values[field.name] = kwargs[field.name]
            used += 1
        elif field.default_factory is not MISSING:
            values[field.name] = field.default_factory()
        elif field.default is not MISSING:
            values[field.name] = field.default
        else:
            return None
    return values if used == len(kwargs) else None


def _init_of(cls: type[Any], frozen: bool) -> Any:
    scope: dict[str, Any] = {"MISSING": MISSING}
    parameters, lines = ["self"], ["own = self.__dict__"] if frozen else []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        if field.default_factory is not MISSING:
            scope[f"make_{name}"] = field.default_factory
            parameters.append(f"{name}=MISSING")
            value = f"make_{name}() if {name} is MISSING else {name}"
        elif field.default is not MISSING:
            scope[f"default_{name}"] = field.default
            parameters.append(f"{name}=default_{name}")
        else:
            parameters.append(name)
        lines.append(f"own[{name!r}] = {value}" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    text = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"])
    exec(text, scope)  # noqa: S102 - names of fields, which are ours
    scope["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return scope["__init__"]


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What tells an object from others, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


@recursive_repr()
def _shown(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq_by(compared: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if type(other) is not type(self):
            return NotImplemented
        return compared(self) == compared(other)

    return __eq__


def _frozen_methods(cls: type[Any], compared: Callable[[Any], tuple[Any, ...]]) -> dict[str, Any]:
    names = frozenset(field.name for field in dataclasses.fields(cls))

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(compared(self))

    def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__hash__": __hash__, "__setattr__": __setattr__, "__delattr__": __delattr__}


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass
