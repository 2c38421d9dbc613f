"""YAML to values with their places, and all errors of YAML."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.errors import LoadError
from provisioner.language import yaml_builder, yaml_syntax
from provisioner.language.templating.template import Template
from provisioner.language.yaml_values import OctalInt, YamlList, YamlMap, place_of
from provisioner.where import Where


def parse(text: str | bytes, **options: Any) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return yaml_builder.parse(yaml_syntax.decode(data, "f.yml"), "f.yml", **options)


def refused(text: str | bytes) -> tuple[str, str, str]:
    """Return reason, place and hint of the only problem with `text`."""
    with pytest.raises(LoadError) as caught:
        parse(text)
    (problem,) = caught.value.problems
    assert problem.where is not None
    return problem.reason, problem.where.full, problem.hint


def test_keys_values_and_items_have_their_places() -> None:
    value = parse("a: 1\nlist:\n  - x\n  -  y\nmap:\n    k:  v\n")
    assert isinstance(value, YamlMap)
    assert value.keys_at["list"] == Where("f.yml", 2, 1)
    assert value.values_at["a"] == Where("f.yml", 1, 4)
    assert isinstance(value["list"], YamlList)
    assert place_of(value["list"], 1) == Where("f.yml", 4, 6)
    assert place_of(value["map"], "k") == Where("f.yml", 6, 9)
    assert place_of({"k": 1}, "k") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\n", None),
        ("[1, 0644, 0x1f, 0b11, 1_000, -3, +4]", [1, 420, 31, 3, 1000, -3, 4]),
        ("[1.5, 1.10, .inf, 1.0e+3, 1e3]", [1.5, 1.1, float("inf"), 1000.0, "1e3"]),
        ("[yes, No, on, OFF, true, 'yes', y]", [True, False, True, False, True, "yes", "y"]),
        ("[~, null, Null, '', '~']", [None, None, None, "", "~"]),
        ("[2024-01-02, 2024-01-02 03:04:05]", ["2024-01-02", "2024-01-02 03:04:05"]),
        ('"1.10"', "1.10"),
        ("=", "="),
        ("!!str 5", "5"),
        ("!!binary aGk=", b"hi"),
        ("{2: a, 1.5: b, true: c, null: d}", {2: "a", 1.5: "b", True: "c", None: "d"}),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", {"a": "x\ny\n", "b": "x y"}),
        ("&a x", "x"),
        ("[&a {k: 1}, *a]", [{"k": 1}, {"k": 1}]),
        ("\ufeffa: 1", {"a": 1}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ('"\\u263a \\x41"', "☺ A"),
        ("? a\n: 1", {"a": 1}),
        ("!!set {a, b}", {"a": None, "b": None}),
    ],
)
def test_values_are_the_same_as_in_ansible(text: str, value: Any) -> None:
    assert parse(text) == value


def test_a_number_with_a_leading_zero_is_marked_as_octal() -> None:
    value = parse("[0644, 644, 0]")
    assert [isinstance(item, OctalInt) for item in value] == [True, False, False]


def test_merged_keys_come_first_and_are_overridden_by_the_mappings_own() -> None:
    value = parse("base: &b {x: 1, y: 2}\nuse: {z: 0, y: 3, <<: *b}\n")["use"]
    assert list(value.items()) == [("x", 1), ("y", 3), ("z", 0)]
    assert value.values_at["x"].line == 1
    assert value.values_at["y"].line == 2


def test_the_first_of_several_merged_mappings_overrides() -> None:
    assert parse("[&a {x: 1}, &b {x: 2, y: 2}, {<<: [*a, *b]}]")[2] == {"x": 1, "y": 2}


def test_strings_with_jinja_become_templates_with_their_place() -> None:
    value = parse("a: '{{ x }}'\nb: [1, 'y {% if z %}']\nc: '{# c #}'\nd: '{ x }'\n'{{ k }}': 1\n")
    assert value["a"] == Template("{{ x }}", Where("f.yml", 1, 4))
    assert value["b"][1] == Template("y {% if z %}", Where("f.yml", 2, 8))
    assert isinstance(value["c"], Template)
    assert value["d"] == "{ x }"
    assert value["{{ k }}"] == 1


def test_untrusted_text_never_becomes_a_template() -> None:
    value = parse("{a: '{{ x }}', b: ['{% y %}']}", trusted=False)
    assert value == {"a": "{{ x }}", "b": ["{% y %}"]}


def test_unsafe_text_is_never_a_template_at_any_depth() -> None:
    value = parse("a: !unsafe '{{ x }}'\nb: !unsafe {c: ['{{ y }}']}\nd: '{{ z }}'\n")
    assert value["a"] == "{{ x }}"
    assert value["b"]["c"] == ["{{ y }}"]
    assert isinstance(value["d"], Template)


REFUSED = [
    ("a:\n\tb: 1\n", "YAML does not allow tabs for indentation", "2:1", "use spaces"),
    ("a: 1\nb: 2\na: 3\n", 'the key "a" occurs twice (first in line 1)', "3:1", ""),
    ("a: {b: 1, b: 2}", 'the key "b" occurs twice (first in line 1)', "1:11", ""),
    ("a: &x [*x]", "this alias contains itself", "1:4", ""),
    ("a: &x {k: *x}", "this alias contains itself", "1:4", ""),
    ("a: 22:22", "YAML 1.1 reads 22:22 as 1342 (base 60)", "1:4", 'quote it: "22:22"'),
    ("a: 1:30.5", "YAML 1.1 reads 1:30.5 as a number (base 60)", "1:4", 'quote it: "1:30.5"'),
    ("x: !!python/object:os.system {}", "the tag !!python/object:os.system is not supported",
     "1:4", ""),
    ("x: !!python/object/apply:os.system [id]",
     "the tag !!python/object/apply:os.system is not supported", "1:4", ""),
    ("x: !!python/name:os.system", "the tag !!python/name:os.system is not supported", "1:4", ""),
    ("x: !foo bar", "the tag !foo is not supported", "1:4", ""),
    ("x: !!int foo", '"foo" is not a valid int', "1:4", "quote it"),
    ("x: !!float foo", '"foo" is not a valid float', "1:4", "quote it"),
    ("x: !!bool foo", '"foo" is not a valid bool', "1:4", "quote it"),
    ("x: !!int ''", '"" is not a valid int', "1:4", "quote it"),
    ("x: !!binary 'ä'", '"ä" is not a valid binary', "1:4", "quote it"),
    ("x: !!str {a: 1}", "the tag !!str is not supported", "1:4", ""),
    ("a: 1\nb: \x00", "the file contains a NUL byte", "2:4", ""),
    ("a: 1\nb: x\x1by", "the character U+001B is not allowed in YAML", "2:5",
     'in double quotes write it as "\\u001b"'),
    ("a: b: c", "this is not YAML: mapping values are not allowed in this context", "1:5",
     "a value with `: ` in it must be quoted; or the indentation of this line is off"),
    ("a: {{ x }}/y", "this is not YAML: did not find expected key", "1:11",
     'a value that begins with `{{` must be quoted: "{{ … }}"'),
    ("a: *x", "this is not YAML: found undefined alias", "1:4",
     "an anchor (&name) must come before its alias (*name); quote a value that begins with *"),
    ("a: @x", "this is not YAML: found character that cannot start any token", "1:4",
     "quote a value that begins with this character"),
    ("a: [1, 2", "this is not YAML: did not find expected ',' or ']'", "1:4",
     "the indentation is off, or a quote or bracket is not closed"),
    ("a: 1\n---\nb: 2\n", "a second document begins here", "2:1", "a file may have only one"),
    ("{{ x }}: 1", "a key must be a plain value", "1:2",
     'a value that begins with `{{` must be quoted: "{{ … }}"'),
    ("a: {{ x }}", "a key must be a plain value", "1:5",
     'a value that begins with `{{` must be quoted: "{{ … }}"'),
    ("a: {<<: 1}", "`<<` merges mappings only", "1:9", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason", "place", "hint"), REFUSED)
def test_an_error_has_its_place(text: str, reason: str, place: str, hint: str) -> None:
    assert refused(text) == (reason, f"f.yml:{place}", hint)


@pytest.mark.parametrize(
    ("data", "reason", "place"),
    [
        ("a: 1".encode("utf-16"), "the file is UTF-16", "1:1"),
        ("a: 1".encode("utf-16-be"), "the file contains a NUL byte", "1:1"),
        (b"a: 1\nb: \xff", "the file is not UTF-8", "2:4"),
        (b"a: 1\nb: \xe4rger", "the file is not UTF-8", "2:4"),
    ],
)
def test_bytes_that_are_not_utf8_are_refused(data: bytes, reason: str, place: str) -> None:
    assert refused(data)[:2] == (reason, f"f.yml:{place}")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join(['*' + before] * 10)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, f"more than {100_000 + len(BOMB):,} values (aliases counted)"),
        ("[" * 200 + "]" * 200, "nested more than 100 levels deep"),
        ("[" * 500_000, "nested more than 100 levels deep"),
        ("{a: " * 500_000, "nested more than 100 levels deep"),
        ("- " * 500_000, "nested more than 100 levels deep"),
        ("9" * 5000, f'"{"9" * 5000}" is not a valid int'),
        ("0x" + "f" * 5000, f'"0x{"f" * 5000}" is not a valid int'),
    ],
    ids=["alias bomb", "deep", "deep lists", "deep mappings", "deep blocks", "digits", "hex"],
)
def test_documents_that_would_use_too_much_memory_are_refused(text: str, reason: str) -> None:
    assert refused(text)[0] == reason


def test_json_that_is_not_valid_yaml_is_read() -> None:
    value = parse('{\n\t"a": ["{{ x }}", "\\ud83d\\ude00"],\n\t"b": {"c": null}\n}\n')
    assert value == {"a": [Template("{{ x }}", Where("f.yml")), "😀"], "b": {"c": None}}
    assert isinstance(value["b"], YamlMap)


def test_json_with_a_duplicate_key_is_refused() -> None:
    assert refused('{"a": 1, "a": "\\ud83d\\ude00"}')[0] == 'the key "a" occurs twice'
