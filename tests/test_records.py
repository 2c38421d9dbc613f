"""Our dataclasses are like Python's in all that anyone can see of them."""

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

WAYS: dict[str, Callable[..., Any]] = {"ours": dataclass, "Python's": dataclasses.dataclass}
FAILURE = (AttributeError, TypeError, FrozenInstanceError)


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


@dataclass
class Basket:
    items: list[Any] = field(default_factory=list)


def made(way: Callable[..., Any]) -> dict[str, Any]:
    """The same classes, made in one way or the other."""

    @way(frozen=True)
    class Base:
        """With a docstring."""

        kind: ClassVar[str] = "base"
        name: str
        secret: str = field(default="s", repr=False)
        note: str = field(default="n", compare=False)

    @way(frozen=True)
    class Derived(Base):
        parts: list[int] = field(default_factory=list)
        name: str = "derived"

    @way(frozen=True)
    class Empty:
        pass

    @way
    class Changing:
        value: int
        log: list[str] = field(default_factory=list)

        def __post_init__(self) -> None:
            self.log.append(f"made with {self.value}")

    @way(frozen=True)
    class OwnWays:
        value: int

        def __repr__(self) -> str:
            return "mine"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, OwnWays)

        def __hash__(self) -> int:
            return 7

    class Heir(Derived):
        pass

    return {cls.__name__: cls for cls in (Base, Derived, Empty, Changing, OwnWays, Heir)}


CASES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "places and names": lambda c: c["Base"]("a", note="b"),
    "defaults": lambda c: c["Derived"](),
    "a default made for each": lambda c: c["Derived"]().parts is c["Derived"]().parts,
    "an argument too many": lambda c: c["Base"]("a", "b", "c", "d"),
    "an argument missing": lambda c: c["Base"](),
    "an unknown argument": lambda c: c["Base"]("a", other=1),
    "an argument twice": lambda c: c["Base"]("a", name="b"),
    "none at all": lambda c: (c["Empty"](), c["Empty"]() == c["Empty"](), hash(c["Empty"]())),
    "equal": lambda c: c["Base"]("a") == c["Base"]("a", note="other"),
    "unequal": lambda c: c["Base"]("a") != c["Base"]("a", "other"),
    "of another class": lambda c: c["Base"]("derived") == c["Derived"](),
    "not a number is itself": lambda c: c["Base"](float("nan").__class__("nan")) == 1,
    "equal ones have one hash": lambda c: len({c["Base"]("a"), c["Base"]("a"), c["Base"]("b")}),
    "no hash of what changes": lambda c: hash(c["Changing"](1)),
    "no hash of a list": lambda c: hash(c["Derived"]()),
    "after init": lambda c: c["Changing"](3),
    "changed": lambda c: setattr(c["Changing"](3), "value", 4),
    "frozen": lambda c: setattr(c["Base"]("a"), "name", "b"),
    "frozen against new names": lambda c: setattr(c["Base"]("a"), "other", "b"),
    "frozen against deletion": lambda c: delattr(c["Base"]("a"), "name"),
    "an heir's new names": lambda c: setattr(c["Heir"]("a"), "other", "b"),
    "an heir's inherited names": lambda c: setattr(c["Heir"]("a"), "name", "b"),
    "an heir": lambda c: (c["Heir"](), c["Heir"]() == c["Heir"](), c["Heir"]() == c["Derived"]()),
    "own methods": lambda c: (c["OwnWays"](1), c["OwnWays"](1) == c["OwnWays"](2)),
    "own hash": lambda c: hash(c["OwnWays"](1)),
    "replaced": lambda c: dataclasses.replace(c["Derived"](), name="b"),
    "as a mapping": lambda c: dataclasses.asdict(c["Derived"]()),
    "its fields": lambda c: [f.name for f in dataclasses.fields(c["Derived"])],
    "copied": lambda c: copy.deepcopy(c["Base"]("a")),
    "matched": lambda c: c["Derived"].__match_args__,
    "class variables": lambda c: c["Base"].kind,
    "a docstring": lambda c: c["Base"].__doc__,
}


def outcome(case: Callable[[dict[str, Any]], Any], classes: dict[str, Any]) -> str:
    try:
        return repr(case(classes))
    except FAILURE as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("few", [records.FEW, 0], ids=["one of few", "one of many"])
@pytest.mark.parametrize("case", CASES)
def test_a_record_does_what_a_dataclass_does(
    case: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "FEW", few)
    ours, theirs = (outcome(CASES[case], made(way)) for way in WAYS.values())
    assert ours == theirs


def test_many_objects_are_made_as_the_first() -> None:
    classes = made(dataclass)
    many = [classes["Derived"]("a", parts=[1]) for _ in range(2 * records.FEW)]
    assert all(one == many[0] for one in many)


def test_objects_of_few_cost_no_compiling() -> None:
    classes = made(dataclass)
    before = classes["Derived"].__init__
    for _ in range(records.FEW - 1):
        classes["Derived"]("a")
    assert classes["Derived"].__init__ is before


def test_what_holds_itself_can_be_shown() -> None:
    basket = Basket()
    basket.items.append(basket)
    assert repr(basket) == "Basket(items=[...])"


def test_records_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)


def test_records_can_be_matched_by_place() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


WITH_SLOTS = {"language/templating/template.py", "where.py"}
"""Few of their kind, many objects."""


def test_the_package_uses_no_other_dataclass() -> None:
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
    found = [cls for cls in vars(module).values() if "__dataclass_fields__" in vars_of(cls, module)]
    assert found
    for cls in found:
        taken = list(inspect.signature(records._init_of(cls, False)).parameters.values())[1:]
        assert [(p.name, p.default is inspect.Parameter.empty) for p in taken] == [
            (f.name, f.default is MISSING and f.default_factory is MISSING)
            for f in dataclasses.fields(cls)
        ]


def vars_of(value: Any, module: ModuleType) -> Mapping[str, Any]:
    """What a class of `module` has of its own."""
    own = isinstance(value, type) and value.__module__ == module.__name__
    return vars(value) if own else {}
