"""The dataclasses of provisioner.records behave as Python's own."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, field
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from provisioner import records
from provisioner.records import dataclass
from provisioner.remote.target import Target

DECORATORS: dict[str, Callable[..., Any]] = {"ours": dataclass, "Python's": dataclasses.dataclass}
FAILURE = (AttributeError, TypeError, FrozenInstanceError)


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


@dataclass
class Basket:
    items: list[Any] = field(default_factory=list)


def classes(decorator: Callable[..., Any]) -> dict[str, Any]:
    """The same classes, made by `decorator`."""

    @decorator(frozen=True)
    class Base:
        """With a docstring."""

        kind: ClassVar[str] = "base"
        name: str
        secret: str = field(default="s", repr=False)
        note: str = field(default="n", compare=False)

    @decorator(frozen=True)
    class Derived(Base):
        parts: list[int] = field(default_factory=list)
        name: str = "derived"

    @decorator(frozen=True)
    class Empty:
        pass

    @decorator
    class Changing:
        value: int
        log: list[str] = field(default_factory=list)

        def __post_init__(self) -> None:
            self.log.append(f"made with {self.value}")

    @decorator(frozen=True)
    class OwnMethods:
        value: int

        def __repr__(self) -> str:
            return "mine"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, OwnMethods)

        def __hash__(self) -> int:
            return 7

    class PlainSubclass(Derived):
        pass

    return {
        cls.__name__: cls for cls in (Base, Derived, Empty, Changing, OwnMethods, PlainSubclass)
    }


CASES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "arguments by place and by name": lambda c: c["Base"]("a", note="b"),
    "defaults": lambda c: c["Derived"](),
    "a default factory": lambda c: c["Derived"]().parts is c["Derived"]().parts,
    "one argument too many": lambda c: c["Base"]("a", "b", "c", "d"),
    "an argument missing": lambda c: c["Base"](),
    "an unknown argument": lambda c: c["Base"]("a", other=1),
    "an argument twice": lambda c: c["Base"]("a", name="b"),
    "no fields": lambda c: (c["Empty"](), c["Empty"]() == c["Empty"](), hash(c["Empty"]())),
    "equal": lambda c: c["Base"]("a") == c["Base"]("a", note="other"),
    "unequal": lambda c: c["Base"]("a") != c["Base"]("a", "other"),
    "an object of another class": lambda c: c["Base"]("derived") == c["Derived"](),
    "not a number": lambda c: c["Base"](float("nan").__class__("nan")) == 1,
    "equal objects have equal hashes": lambda c: len(
        {c["Base"]("a"), c["Base"]("a"), c["Base"]("b")}
    ),
    "a mutable class has no hash": lambda c: hash(c["Changing"](1)),
    "a list has no hash": lambda c: hash(c["Derived"]()),
    "__post_init__": lambda c: c["Changing"](3),
    "assignment to a mutable object": lambda c: setattr(c["Changing"](3), "value", 4),
    "assignment to a frozen object": lambda c: setattr(c["Base"]("a"), "name", "b"),
    "a new attribute of a frozen object": lambda c: setattr(c["Base"]("a"), "other", "b"),
    "deletion from a frozen object": lambda c: delattr(c["Base"]("a"), "name"),
    "a new attribute of a plain subclass": lambda c: setattr(c["PlainSubclass"]("a"), "other", "b"),
    "an inherited field of a plain subclass": lambda c: setattr(
        c["PlainSubclass"]("a"), "name", "b"
    ),
    "a plain subclass": lambda c: (
        c["PlainSubclass"](),
        c["PlainSubclass"]() == c["PlainSubclass"](),
        c["PlainSubclass"]() == c["Derived"](),
    ),
    "own methods": lambda c: (c["OwnMethods"](1), c["OwnMethods"](1) == c["OwnMethods"](2)),
    "own hash": lambda c: hash(c["OwnMethods"](1)),
    "replace": lambda c: dataclasses.replace(c["Derived"](), name="b"),
    "asdict": lambda c: dataclasses.asdict(c["Derived"]()),
    "fields": lambda c: [f.name for f in dataclasses.fields(c["Derived"])],
    "deepcopy": lambda c: copy.deepcopy(c["Base"]("a")),
    "__match_args__": lambda c: c["Derived"].__match_args__,
    "class variables": lambda c: c["Base"].kind,
    "a docstring": lambda c: c["Base"].__doc__,
}


def outcome(case: Callable[[dict[str, Any]], Any], classes: dict[str, Any]) -> str:
    try:
        return repr(case(classes))
    except FAILURE as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("case", CASES)
def test_a_record_behaves_as_a_dataclass_of_python(case: str) -> None:
    ours, pythons = (outcome(CASES[case], classes(decorator)) for decorator in DECORATORS.values())
    assert ours == pythons


def test_classes_share_all_methods_but_init() -> None:
    for name in ("__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"):
        assert getattr(Point, name) is getattr(Target, name)
    assert vars(Point)["__init__"] is not vars(Target)["__init__"]


def test_an_object_that_contains_itself_has_a_repr() -> None:
    basket = Basket()
    basket.items.append(basket)
    assert repr(basket) == "Basket(items=[...])"


def test_records_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)


def test_a_record_can_be_matched_by_the_order_of_its_fields() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


WITH_SLOTS = {"language/templating/template.py", "where.py"}
"""Files with few classes and very many objects: slots save memory."""


def test_no_other_file_uses_the_decorator_of_python() -> None:
    package = Path(records.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"^from dataclasses import .*\bdataclass\b", path.read_text(), re.MULTILINE)
    }
    assert found - {"records.py"} == WITH_SLOTS


@pytest.mark.parametrize(
    "name", ["plan", "events", "language.play", "remote.target", "engine.task_runs"]
)
def test_a_record_of_the_package_takes_its_fields(name: str) -> None:
    module = importlib.import_module(f"provisioner.{name}")
    records_of_module = [
        cls for cls in vars(module).values() if "__dataclass_fields__" in own_vars(cls, module)
    ]
    assert records_of_module
    for cls in records_of_module:
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        assert [(p.name, p.default is inspect.Parameter.empty) for p in parameters] == [
            (f.name, f.default is MISSING and f.default_factory is MISSING)
            for f in dataclasses.fields(cls)
        ]


def own_vars(value: Any, module: ModuleType) -> Mapping[str, Any]:
    """The attributes of a class that `module` defines."""
    defined_here = isinstance(value, type) and value.__module__ == module.__name__
    return vars(value) if defined_here else {}
