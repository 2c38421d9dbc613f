from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.reporters.outline import label, outline

OUTLINES: list[tuple[Any, list[str]]] = [
    ("two\nlines\n", ["two", "lines"]),
    (None, ["null"]),
    (True, ["true"]),
    (1.5, ["1.5"]),
    ({}, ["{}"]),
    ([], ["[]"]),
    (
        {"a": {"b": [1, {"c": "d", "e": []}]}},
        ["a:", "  b:", "    - 1", "    - c: d", "      e: []"],
    ),
    ({"text": "one\ntwo\n"}, ["text: |", "  one", "  two"]),
    (
        {"version": "1.10", "empty": "", "word": "yes"},
        ['version: "1.10"', 'empty: ""', 'word: "yes"'],
    ),
    ([["a"], ("b",)], ["- - a", "- - b"]),
    ({"\x1b[m": "\x1b[m"}, [r'"\u001b[m": "\u001b[m"']),
]


@pytest.mark.parametrize(("value", "expected"), OUTLINES)
def test_a_value_is_shown_as_yaml(value: Any, expected: list[str]) -> None:
    assert outline(value) == expected


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text("ab1 :#-'\"{[,&*!|>%@`~=?yno.e/", max_size=8)
)
VALUES = st.recursive(
    st.dictionaries(st.text("abc", min_size=1), SCALARS, min_size=1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=8,
)


@given(VALUES)
def test_yaml_reads_the_shown_text_as_the_same_value(value: Any) -> None:
    assert yaml.safe_load("\n".join(outline(value))) == value


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("alice", "alice"),
        ({"name": "bob", "uid": 7}, "bob"),
        ({"uid": 7, "on": True}, '{uid: 7, "on": true}'),
        (["a", 1], "[a, 1]"),
        (None, "null"),
        ("x\ny\x1b", r"x\ny\x1b"),
        ("x" * 100, "x" * 57 + "..."),
    ],
)
def test_an_items_label_is_short_and_on_one_line(item: Any, expected: str) -> None:
    assert label(item) == expected


def test_a_structure_that_contains_itself_is_cut() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert "deeper levels omitted" in outline(endless)[-1]
    assert label(endless).startswith("[[")
