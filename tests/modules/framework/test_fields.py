"""Declared parameters: what their types accept, and what objects of the classes do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import FileAttributes, Module, Words
from provisioner.modules.framework.fields import (
    After,
    Before,
    InvalidArguments,
    Parameters,
    parameter,
    private,
)


class Part(Parameters):
    """Is in a field of another class."""

    name: str
    sizes: list[int] = parameter([])


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


class Whole(FileAttributes, Module):
    """Has everything that a module may have."""

    name: str = parameter(aliases=("path",))
    kind: Annotated[Literal["a", "b"], Before(lambda kind: str(kind).lower())] = "a"
    even: Annotated[int, After(_even)] = 0
    words: Words = ()
    several: int | str | None = None
    parts: tuple[Part, ...] = ()
    part: Part | None = None
    options: dict[str, int] = parameter({})
    global_: bool = parameter(False, name="global")

    _seen: list[str] = private(list)

    @classmethod
    def validate_name(cls, name: str) -> str:
        if name == "/":
            raise ValueError("must not be the root")
        return name.rstrip("/")

    def validate(self) -> None:
        if self.kind == "b" and self.even:
            raise ValueError("b is never even")


ACCEPTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it is": ({"words": ["x"], "mode": "0644"}, {"words": ("x",), "mode": "0644"}),
    "by an alias": ({"path": "/a/"}, {"name": "/a"}),
    "the alias prevails": ({"path": "b", "name": "a"}, {"name": "b"}),
    "by functions": ({"kind": "A", "words": "a, b"}, {"kind": "a", "words": ("a", "b")}),
    "converted": ({"name": 5, "even": "2", "global": "yes"}, {"name": "5", "global_": True}),
    "one of several types": ({"several": "5"}, {"several": "5"}),
    "nested": ({"part": {"name": 1, "sizes": ["1"]}}, {"part": Part(name="1", sizes=[1])}),
    "nested in a list": ({"parts": [{"name": "p"}]}, {"parts": (Part(name="p"),)}),
    "a mapping in one line": ({"options": "k=1"}, {"options": {"k": 1}}),
    "none": ({"mode": None, "several": None}, {"mode": None, "several": None}),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_arguments_are_converted(case: str) -> None:
    arguments, values = ACCEPTED[case]
    whole = Whole.from_arguments({"name": "a", **arguments})
    assert {name: getattr(whole, name) for name in values} == values


INT = "we were unable to convert to int: <class 'str'> cannot be converted to an int"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "several at once": (
        {"name": "/", "kind": "c", "even": 1},
        "value of kind must be one of: a, b, got: c; "
        "name: must not be the root; even: must be even",
    ),
    "missing": ({}, "missing required arguments: name"),
    "unsupported": ({"name": "a", "other": 1}, "Unsupported parameters: other"),
    "by the attribute of a renamed field": (
        {"name": "a", "global_": True},
        "Unsupported parameters: global_",
    ),
    "together": ({"name": "a", "kind": "b", "even": 2}, "b is never even"),
    "type": ({"name": "a", "even": "x"}, f"argument 'even' is of type <class 'str'> and {INT}"),
    "element": (
        {"name": "a", "part": {"name": "p", "sizes": ["x"]}},
        "Elements value for option 'sizes' found in 'part' is of type <class 'str'> and " + INT,
    ),
    "missing in a part": (
        {"name": "a", "parts": [{}]},
        "missing required arguments: name found in parts",
    ),
    "unsupported in a part": (
        {"name": "a", "part": {"name": "p", "x": 1}},
        "Unsupported parameters: part.x",
    ),
    "no mapping": (
        {"name": "a", "parts": [5]},
        "Elements value for option 'parts' is of type <class 'int'> and we were unable to convert "
        "to dict: <class 'int'> cannot be converted to a dict",
    ),
    "none for a default": (
        {"name": "a", "even": None},
        "argument 'even' is of type <class 'NoneType'> and we were unable to convert to int: "
        "<class 'NoneType'> cannot be converted to an int",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_everything_that_is_wrong_is_reported(case: str) -> None:
    arguments, message = WRONG[case]
    with pytest.raises(InvalidArguments) as caught:
        Whole.from_arguments(arguments)
    assert str(caught.value) == message


def test_only_private_attributes_can_be_changed() -> None:
    first, second = Whole(name="a"), Whole(name="a")
    with pytest.raises(AttributeError, match="name can't be changed"):
        first.name = "b"
    first._seen.append("x")
    assert second._seen == []
    first._seen = ["y"]
    assert first.copy_with(kind="b").kind == "b"


def test_each_object_has_its_own_mutable_defaults() -> None:
    Part(name="a").sizes.append(1)
    assert Part(name="a").sizes == []


def test_a_module_that_accepts_any_parameter_keeps_them() -> None:
    module = find_module("set_fact").from_arguments({"a": 1, "cacheable": "yes"})
    assert module.extra_arguments == {"a": 1}
    assert module.as_dict()["a"] == 1
    assert find_module("set_fact").from_arguments({"a": [1]}).extra_arguments == {"a": [1]}


def test_fields_with_an_argument_are_known() -> None:
    given, default = Whole(path="a", kind="a"), Whole(name="a")
    assert given.fields_given == {"name", "kind"}
    assert default.fields_given == {"name"}
    assert given == default
    assert given != Whole(name="b")
