"""Arguments of another type than a module wants: as Ansible converts them, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.arguments import build
from provisioner.modules.framework.base import ModuleError

TAKEN = [
    ("command", "argv", "echo,a b", ("echo", "a b")),
    ("command", "argv", 5, ("5",)),
    ("command", "argv", ["echo", ["a"], {"b": 1}], ("echo", "['a']", "{'b': 1}")),
    ("command", "cmd", ["a", 1], "['a', 1]"),
    ("uri", "headers", '{"a": "b"}', {"a": "b"}),
    ("uri", "headers", "a=b, c='d e' f=\"g=h\"", {"a": "b", "c": "d e", "f": "g=h"}),
]


@pytest.mark.parametrize(("module", "name", "value", "taken"), TAKEN)
def test_it_is_converted(module: str, name: str, value: Any, taken: Any) -> None:
    more = {"url": "http://a.example/"} if module == "uri" else {}
    made = build(find_module(module), module, {name: value, **more})
    assert getattr(made, name) == taken


NO_MAPPING = "argument 'headers' is of type .* and we were unable to convert to dict: "
REFUSED = [
    ("uri", "headers", "no mapping", NO_MAPPING),
    ("uri", "headers", "{no JSON", NO_MAPPING),
    ("uri", "headers", "a='b", NO_MAPPING),
    ("uri", "headers", ["a"], NO_MAPPING),
    (
        "command",
        "argv",
        {"a": 1},
        "<class 'dict'> cannot be converted to a list",
    ),
    ("command", "cmd", None, "no command given"),
]


@pytest.mark.parametrize(("module", "name", "value", "said"), REFUSED)
def test_what_can_not_be_converted_is_refused(
    module: str, name: str, value: Any, said: str
) -> None:
    more = {"url": "http://a.example/"} if module == "uri" else {}
    with pytest.raises(ModuleError, match=said):
        build(find_module(module), module, {name: value, **more})
