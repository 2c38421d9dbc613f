"""Argument specs: the values that they accept, and the messages about others."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.language.argument_specs import errors

ACCEPTED = [
    ({"type": "str"}, 5),
    ({}, True),
    ({"type": "bool"}, "no"),
    ({"type": "bool"}, 1),
    ({"type": "bool"}, 1.0),
    ({"type": "int"}, " -7 "),
    ({"type": "float"}, 3),
    ({"type": "list"}, "a,b"),
    ({"type": "list", "elements": "int"}, ["1", 2]),
    ({"type": "dict"}, '{"a": 1}'),
    ({"type": "dict"}, "{'a': 1}"),
    ({"type": "dict"}, "a=1, b='x y'"),
    ({"type": "dict", "options": {"a": None}}, "a=1"),
    ({"type": "path"}, "~/x"),
    ({"type": "raw"}, object()),
    ({"type": "json"}, [1]),
    ({"type": "jsonarg"}, "{"),
    ({"type": "bytes"}, "1.5 GB"),
    ({"type": "bits"}, "10Mb"),
    ({"type": "int"}, None),
    ({"choices": ["a", "b"]}, "a"),
    ({"choices": ["yes", "maybe"]}, True),
    ({"type": "list", "choices": ["a", "b"]}, ["b"]),
    ({"type": "dict", "apply_defaults": True, "options": {"a": {"default": 1}}}, None),
]


@pytest.mark.parametrize(("spec", "value"), ACCEPTED)
def test_the_spec_accepts_the_value(spec: dict[str, Any], value: Any) -> None:
    assert errors({"x": spec}, {"x": value}) == []


REFUSED = [
    ({"type": "int"}, 1.5, "argument 'x' is of type <class 'float'>"),
    ({"type": "int", "required": True}, None, "<class 'NoneType'> cannot be converted to an int"),
    ({"required": True}, None, "'None' is not a string"),
    ({"type": "bool"}, "perhaps", "is not a valid boolean"),
    ({"type": "bool"}, "1.0", "is not a valid boolean"),
    ({"type": "bool"}, [], "cannot be converted to a bool"),
    ({"type": "list"}, {}, "cannot be converted to a list"),
    ({"type": "dict"}, "text", "could not parse JSON or key=value"),
    ({"type": "dict"}, "{1, 2}", "unable to evaluate string as dictionary"),
    ({"type": "json"}, 5, "cannot be converted to a json string"),
    ({"type": "bytes"}, "big", "cannot be converted to a Byte value"),
    ({"type": "number"}, 5, "the type number is not known"),
    ({"type": "list", "elements": "int"}, ["a"], "Elements value for option 'x'"),
    ({"type": "dict", "elements": "int"}, {}, "goes with `type: list`"),
    ({"choices": ["a", "b"]}, "c", "value of x must be one of: a, b, got: c"),
    ({"choices": "ab"}, "a", "not iterable"),
    ({"type": "list", "choices": ["a"]}, ["b"], "one or more of: a. Got no match for: b"),
    ({"choices": ["a"], "no_log": True}, "hunter2", "got: VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"),
    ({"required": True, "default": 1}, 1, "required and default are mutually exclusive for x"),
    ({"type": "dict", "options": {"a": {"required": True}}}, {}, "arguments: a found in x"),
    ({"type": "dict", "options": {"a": {}}}, {"b": 1}, "x.b. Supported parameters include: a."),
    ({"type": "list", "elements": "dict", "options": {"a": {}}}, [{"b": 1}], "x.b. Supported"),
]


@pytest.mark.parametrize(("spec", "value", "part"), REFUSED)
def test_the_spec_refuses_the_value(spec: dict[str, Any], value: Any, part: str) -> None:
    (message,) = errors({"x": spec}, {"x": value})
    assert part in message


RULES = [
    ({"mutually_exclusive": ["a", "b"]}, {"a": 1, "b": 1}, "mutually exclusive: a|b found in x"),
    ({"mutually_exclusive": [["a", "b"], ["a", "c"]]}, {"a": 1, "c": 1}, "exclusive: a|c"),
    ({"required_together": [["a", "b"]]}, {"a": 1}, "required together: a, b"),
    ({"required_one_of": [["a", "b"]]}, {"c": 1}, "one of the following is required: a, b"),
    ({"required_if": [["a", "1", ["b", "c"]]]}, {"a": 1, "b": 1}, "a is 1 but all of the follow"),
    ({"required_if": [["a", "1", ["b", "c"], True]]}, {"a": 1}, "but any of the following"),
    ({"required_if": [["a", "1", ["b", "c"], True]]}, {"a": 1, "c": 1}, None),
    ({"required_by": {"a": "b"}}, {"a": 1}, "missing parameter(s) required by 'a': b"),
    ({"required_by": {"a": ["b", "c"]}}, {"a": 1, "b": 1, "c": 1}, None),
]


@pytest.mark.parametrize(("rules", "value", "part"), RULES)
def test_rules_between_options(rules: dict[str, Any], value: Any, part: str | None) -> None:
    spec = {"x": {"type": "dict", "options": {"a": {}, "b": {}, "c": {}}, **rules}}
    found = errors(spec, {"x": value})
    assert (part in found[0] and len(found) == 1) if part else not found


def test_an_alias_is_another_name_of_its_option() -> None:
    spec = {"x": {"required": True, "type": "int", "aliases": ["y"]}}
    assert errors(spec, {"y": "5"}) == []
    assert "y (z)" not in errors(spec, {"z": 1})[0]
    assert errors(spec, {"x": 1, "z": 1}) == ["z. Supported parameters include: x (y)."]
