"""`@dataclass` and `@dataclass(frozen=True)` that take less time to make a class.

Python's decorator compiles up to six methods for each class. Here it compiles `__init__` only; the
other methods are functions that all classes share. A short run imports more than 100 such classes
and saves some 20 ms (Python 3.11).
"""

from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]


def _dataclass(cls: type[Any] | None = None, /, *, frozen: bool = False) -> Any:
    if cls is None:
        return lambda decorated: _dataclass(decorated, frozen=frozen)
    defined = set(vars(cls))
    # Otherwise the decorator would compose one, which takes time.
    cls.__doc__ = cls.__doc__ or cls.__name__
    dataclasses.dataclass(repr=False, eq=False)(cls)
    cls._compared = _compared([field.name for field in dataclasses.fields(cls) if field.compare])
    for name, method in (_FROZEN if frozen else _MUTABLE).items():
        if name not in defined:
            setattr(cls, name, method)
    return cls


def _compared(names: list[str]) -> Any:
    """Return a function of an object: the values of its fields `names` as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return staticmethod(lambda record: tuple(getattr(record, name) for name in names))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _setattr(self: Any, name: str, value: object) -> None:
    if name in self.__dataclass_fields__:
        if name not in self.__dict__:  # only __init__ may set a field, once
            self.__dict__[name] = value
            return
    elif _may_add_attributes(self):
        object.__setattr__(self, name, value)
        return
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    if name in self.__dataclass_fields__ or not _may_add_attributes(self):
        raise FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _may_add_attributes(self: Any) -> bool:
    """Whether its class is a plain subclass of a frozen dataclass, as Python's decorator has it."""
    return "__dataclass_fields__" not in vars(type(self))


_MUTABLE = {"__repr__": _repr, "__eq__": _eq, "__hash__": None}
_FROZEN = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash}
_FROZEN |= {"__setattr__": _setattr, "__delattr__": _delattr}

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass
