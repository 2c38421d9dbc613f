"""Arguments of another type than the parameter's: converted by Ansible's rules, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.arguments import build
from provisioner.modules.framework.base import ModuleError

CONVERTED = [
    ("command", "argv", "echo,a b", ("echo", "a b")),
    ("command", "argv", 5, ("5",)),
    ("command", "argv", ["echo", ["a"], {"b": 1}], ("echo", "['a']", "{'b': 1}")),
    ("command", "cmd", ["a", 1], "['a', 1]"),
    ("uri", "headers", '{"a": "b"}', {"a": "b"}),
    ("uri", "headers", "a=b, c='d e' f=\"g=h\"", {"a": "b", "c": "d e", "f": "g=h"}),
]


@pytest.mark.parametrize(("module", "name", "value", "converted"), CONVERTED)
def test_the_value_is_converted(module: str, name: str, value: Any, converted: Any) -> None:
    more = {"url": "http://a.example/"} if module == "uri" else {}
    built = build(find_module(module), module, {name: value, **more})
    assert getattr(built, name) == converted


NO_MAPPING = "argument 'headers' is of type .* and we were unable to convert to dict: "
REFUSED = [
    ("uri", "headers", "no mapping", NO_MAPPING),
    ("uri", "headers", "{no JSON", NO_MAPPING),
    ("uri", "headers", "a='b", NO_MAPPING),
    ("uri", "headers", ["a"], NO_MAPPING),
    ("command", "argv", {"a": 1}, "<class 'dict'> cannot be converted to a list"),
    ("command", "cmd", None, "no command given"),
]


@pytest.mark.parametrize(("module", "name", "value", "message"), REFUSED)
def test_a_value_that_cannot_be_converted_is_refused(
    module: str, name: str, value: Any, message: str
) -> None:
    more = {"url": "http://a.example/"} if module == "uri" else {}
    with pytest.raises(ModuleError, match=message):
        build(find_module(module), module, {name: value, **more})
