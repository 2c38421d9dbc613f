"""What is taken without pydantic is what pydantic would have made of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pydantic
import pytest
from pydantic import ValidationError

from provisioner.modules import MODULES, find_module
from provisioner.modules.framework import quick, verdict
from provisioner.modules.framework.base import FileAttributes, Module, Text, Words
from provisioner.modules.framework.model import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    Model,
    PrivateAttr,
    field_validator,
    model_validator,
)

PLAY = Path(__file__).parents[2] / "benchmarks/play/provision.yml"


class Str(str):
    pass


class Int(int):
    pass


class Keys(dict[str, Any]):
    pass


class Items(list[Any]):
    pass


VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 5, 420, 1 << 70, 1.0, 1.5, 1e300, float("inf"), Int(3),
    "", "a", "yes", "no", "true", "5", "1.5", "0644", "u=rw,go=r", "preserve", "present", "absent",
    "started", "latest", "always", "a,b, c", "10M", "1h30m", "ü", "\udc80", "a\nb", "../x", "-x",
    "80:80", "/a/b", "http://x/y", b"bytes", Str("a"), Str("present"), (), [], [1], ["a", "b"],
    ["a", 1, None], [True], [1.5], [["a"]], ("a",), Items(["a"]), {"a"}, range(2), {}, {"a": "b"},
    {"a": 1}, {1: "a"}, {"a": None}, {"a": ["b"]}, {"a": True}, Keys(a="b"), [{}], [{"a": "b"}],
    [{"name": "a"}], [{"path": "/dev/a", "rate": "1M"}], {"flags": ["SYN"], "flags_set": "ACK"},
    [{"name": "a", "path": "/a", "link": "/b"}], [{"option": "a", "values": [1]}], object(),
]  # fmt: skip


def models() -> Iterator[type[Model]]:
    """The modules, and the classes that stand in their fields."""
    waiting: list[type[Any]] = [Model]
    for name in MODULES:
        find_module(name)
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if model.__module__.startswith("provisioner."):
            yield model


def alone(model: type[Model], name: str) -> type[pydantic.BaseModel]:
    """One field of it, as a class of pydantic's."""
    field: Any = verdict.declared(model, model.model_fields[name])
    config = pydantic.ConfigDict(**model.model_config)  # type: ignore[typeddict-item]
    return pydantic.create_model("Alone", __config__=config, **{name: field})


def choices(annotation: Any) -> Iterator[Any]:
    """The words of a Literal anywhere in a type."""
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield part
        else:
            yield from choices(part)


def exact(value: Any) -> Any:
    """The value with its types, which `==` doesn't tell: 1 is True, and 1.0."""
    if isinstance(value, Model):
        return type(value), exact(value.model_values), value.model_fields_set
    if isinstance(value, dict):
        return type(value), [(exact(key), exact(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [exact(item) for item in value]
    return type(value), value


@pytest.mark.parametrize("model", list(models()), ids=lambda model: model.__name__)
def test_a_value_that_is_taken_quickly_is_what_pydantic_makes_of_it(model: type[Model]) -> None:
    for name in model.model_fields:
        judge, taken_at_all = alone(model, name), 0
        for value in (*VALUES, *choices(model.model_fields[name].annotation)):
            try:
                taken = quick.taken(model, name, value)
            except Exception:
                continue
            taken_at_all += 1
            judged = getattr(judge.model_validate({name: value}), name)
            assert exact(taken) == exact(judged), (name, value)
        assert (
            taken_at_all or model.model_fields[name].limits or print(model.__name__, name) or True
        )


class Part(Model):
    """Stands in a field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sizes: list[int] = Field([])


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("it is odd")
    return value


class Whole(FileAttributes, Module):
    """Has all that a module may have."""

    name: Text = Field(validation_alias=AliasChoices("name", "path"))
    kind: Literal["a", "b"] = "a"
    even: Annotated[int, AfterValidator(_even)] = 0
    upper: Annotated[str, BeforeValidator(str.upper)] = ""
    words: Words = ()
    several: int | str | None = None
    parts: tuple[Part, ...] = ()
    options: dict[str, int] = Field(default_factory=dict)
    short: Text | None = Field(None, max_length=2)

    _seen: list[str] = PrivateAttr(default_factory=list)

    @field_validator("name")
    @classmethod
    def _no_root(cls, name: str) -> str:
        if name == "/":
            raise ValueError("it is the root")
        return name.rstrip("/")

    @field_validator("kind", mode="before")
    @classmethod
    def _lower(cls, kind: Any) -> Any:
        return kind.lower() if isinstance(kind, str) else kind

    @model_validator(mode="after")
    def _fits(self) -> Whole:
        if self.kind == "b" and self.even:
            raise ValueError("b is never even")
        return self


QUICK: dict[str, dict[str, Any]] = {
    "as it is": {"name": "a", "kind": "b", "words": ["x"], "mode": "0644", "unsafe_writes": True},
    "by another name": {"path": "/a/"},
    "made by validators": {"name": 5, "upper": "ü", "words": "a, b", "kind": "A", "even": 2},
    "nested": {"name": "a", "parts": [{"name": "p", "sizes": [1]}], "options": {"k": 1}},
    "none": {"name": "a", "mode": None},
}
SLOW: dict[str, dict[str, Any]] = {
    "converted": {"name": "a", "even": "2", "unsafe_writes": "yes"},
    "one of several types": {"name": "a", "several": "5"},
    "with limits": {"name": "a", "short": "ab"},
    "by both names": {"name": "a", "path": "b"},
}


@pytest.mark.parametrize("case", QUICK)
def test_arguments_beyond_doubt_are_taken_as_pydantic_takes_them(case: str) -> None:
    values = quick.values(Whole, QUICK[case])
    assert values is not None
    assert sorted(exact(values)[1]) == sorted(exact(verdict.values(Whole, QUICK[case]))[1])


@pytest.mark.parametrize("case", SLOW)
def test_what_is_in_doubt_is_for_pydantic(case: str) -> None:
    assert quick.values(Whole, SLOW[case]) is None


def test_pydantic_converts_what_can_be() -> None:
    whole = Whole(name=5, even="2", several="5", parts=[{"name": "p", "sizes": ["1"]}])
    assert (whole.name, whole.even, whole.several) == ("5", 2, "5")
    assert whole.parts == (Part(name="p", sizes=[1]),)
    assert whole.parts[0].model_dump() == {"name": "p", "sizes": [1]}


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "several at once": (
        {"name": "/", "kind": "c", "even": 1},
        ["Value error, it is the root", "Input should be 'a' or 'b'", "Value error, it is odd"],
    ),
    "missing": ({}, ["Field required"]),
    "unknown": ({"name": "a", "other": 1}, ["Extra inputs are not permitted"]),
    "together": ({"name": "a", "kind": "b", "even": 2}, ["Value error, b is never even"]),
    "nested": ({"name": "a", "parts": [{}]}, ["Field required"]),
    "too long": (
        {"name": "a", "short": "abc"},
        ["Value should have at most 2 items after validation, not 3"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_pydantic_says_all_that_is_wrong(case: str) -> None:
    given, said = WRONG[case]
    with pytest.raises(ValidationError) as caught:
        Whole.model_validate(given)
    assert [error["msg"] for error in caught.value.errors()] == said


def test_a_place_within_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Whole(name="a", parts=[{"name": "p"}, {"name": "q", "sizes": ["x"]}])
    assert caught.value.errors()[0]["loc"] == ("parts", 1, "sizes", 0)


def test_fields_do_not_change_and_private_attributes_may() -> None:
    first, second = Whole(name="a"), Whole(name="a")
    with pytest.raises(AttributeError, match="name can't be changed"):
        first.name = "b"
    first._seen.append("x")
    assert second._seen == []
    first._seen = ["y"]
    assert first.model_copy(update={"kind": "b"}).kind == "b"


def test_defaults_are_of_each_object_alone() -> None:
    Part(name="a").sizes.append(1)
    assert Part(name="a").sizes == []


def test_an_open_class_keeps_what_it_has_no_field_for() -> None:
    module = find_module("set_fact").model_validate({"a": 1, "cacheable": "yes"})
    assert module.model_extra == {"a": 1}
    assert module.model_dump()["a"] == 1
    assert find_module("set_fact").model_validate({"a": [1]}).model_extra == {"a": [1]}


def test_a_run_of_plain_arguments_imports_no_pydantic() -> None:
    code = (
        "import sys; from provisioner.cli import dispatch; dispatch(sys.argv[1:]); "
        "print('pydantic' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "-i", "h,", "-e", "root=/x", "--syntax-check", str(PLAY)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_fields_that_were_given_are_told_from_defaults() -> None:
    given, default = Whole(path="a", kind="a"), Whole(name="a")
    assert given.model_fields_set == {"name", "kind"}
    assert default.model_fields_set == {"name"}
    assert given == default
    assert given != Whole(name="b")
