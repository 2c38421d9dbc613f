"""Templates: types of values, undefined variables, the sandbox, and the places of errors."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from provisioner.language.special_values import OMIT
from provisioner.language.templating.check import check
from provisioner.language.templating.file_templates import render_file
from provisioner.language.templating.render import render
from provisioner.language.templating.template import (
    MAX_TEXT,
    Template,
    TemplateError,
    is_template,
    map_templates,
    templates_in,
)
from provisioner.where import Where

WHERE = Where("play.yml", 3, 5)
SCOPE: dict[str, Any] = {
    "number": 5,
    "text": "1.10",
    "flag": False,
    "nothing": None,
    "looks_like_one": "[1]",
    "items": [1, 2, 3],
    "map": {"k": 1, "items": "own key"},
    "users": [{"name": "a"}, {"name": "b", "admin": True}],
}


def value(source: str, scope: dict[str, Any] | None = None, *, expression: bool = False) -> Any:
    return render(Template(source, WHERE, expression), SCOPE if scope is None else scope)


def error(source: str, *, expression: bool = False) -> str:
    with pytest.raises(TemplateError) as caught:
        value(source, expression=expression)
    assert caught.value.where == WHERE
    return caught.value.reason


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ number }}", 5),
        ("{{number}}", 5),
        ("{{- number -}}", 5),
        ("{{ text }}", "1.10"),
        ("{{ '1.10' }}", "1.10"),
        ("{{ '[1]' }}", [1]),
        ("{{ looks_like_one }}", "[1]"),
        ("{{ looks_like_one | default('[]') }}", "[1]"),
        ("{{ 'true' }}", "true"),
        ("{{ flag }}", False),
        ("{{ none }}", ""),
        ("{{ nothing }}", None),
        ("{{ nothing | default(none) }}", ""),
        ("{{ items }}", [1, 2, 3]),
        ("{{ map.k }}", 1),
        ("{{ map['items'] }}", "own key"),
        ("{{ {'a': [1, none]} }}", {"a": [1, None]}),
        ("{{ number / 2 }}", 2.5),
        ("{{ number > 3 and not flag }}", True),
        ("{{ items | map('string') | list }}", ["1", "2", "3"]),
        ("{{ items | select('odd') }}", [1, 3]),
        ("{{ users | map(attribute='name') }}", ["a", "b"]),
        ("{{ users | selectattr('admin', 'defined') | map(attribute='name') | first }}", "b"),
        ("{{ number if flag else 'no' }}", "no"),
    ],
)
def test_one_expression_keeps_its_type(source: str, expected: Any) -> None:
    found = value(source)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ number }}{{ number }}", "55"),
        (" {{ number }}", " 5"),
        ("{{ number }}\n", "5\n"),
        ("a{{ none }}b", "ab"),
        ("{{ items }}!", "[1, 2, 3]!"),
        ("{% if flag %}a{% else %}b{% endif %}", "b"),
        ("{% for i in items %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}", "1,2,3"),
        ("{% for i in items %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "1"),
        ("{% set x = 1 %}{{ x }}", "1"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{# nothing #}", ""),
        ("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(1) }}", "<1>"),
        ("{{ '<&>' }} stays", "<&> stays"),
    ],
)
def test_other_templates_give_text(source: str, expected: str) -> None:
    assert value(source) == expected


def test_the_value_of_a_template_is_never_rendered_again() -> None:
    assert value("{{ x }}", {"x": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"
    assert value("a {{ x }}", {"x": "{{ 7 * 7 }}"}) == "a {{ 7 * 7 }}"
    assert value("x", {"x": "{{ 7 * 7 }}"}, expression=True) == "{{ 7 * 7 }}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("number == 5", True),
        ("map.k is defined", True),
        ("missing is defined", False),
        ("missing is undefined or missing.deep", True),
        ("missing.deep.deeper | default('d')", "d"),
        ("map.missing | d(1)", 1),
        ("'a' in 'abc' and number in items + [5]", True),
        ("items[-1]", 3),
    ],
)
def test_a_bare_expression_gives_its_value(source: str, expected: Any) -> None:
    assert value(source, expression=True) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ numbr }}", 'the variable "numbr" is undefined; did you mean "number"?'),
        ("{{ zzz }}", 'the variable "zzz" is undefined'),
        ("a {{ zzz }} b", 'the variable "zzz" is undefined'),
        ("{{ zzz.deep.er }}", 'the variable "zzz" is undefined'),
        ("{{ zzz == 1 }}", 'the variable "zzz" is undefined'),
        ("{{ zzz and 1 }}", 'the variable "zzz" is undefined'),
        ("{% for i in zzz %}{% endfor %}", 'the variable "zzz" is undefined'),
        ("{{ 'a' | replace('a', zzz) }}", 'the variable "zzz" is undefined'),
        ("{{ map.zzz }}", "'dict object' has no attribute 'zzz'"),
        ("{{ items[9] }}", "list object has no element 9"),
        ("{{ zzz | mandatory }}", 'the mandatory variable "zzz" is not defined'),
        ("{{ zzz | mandatory('give zzz') }}", "give zzz"),
        ("{{ 1 / 0 }}", "ZeroDivisionError: division by zero"),
        ("{{ 'a' + 1 }}", 'TypeError: can only concatenate str (not "int") to str'),
        ("{{ [] | first }}", "No first item, sequence was empty."),
        ("{% include 'x' %}", "TypeError: no loader for this environment specified"),
    ],
)
def test_an_error_has_its_reason_and_its_place(source: str, reason: str) -> None:
    assert error(source).endswith(reason)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("{{ number }", "template syntax: unexpected '}'"),
        ("{{ number", "template syntax"),
        ("{% if number %}", "template syntax"),
        ("{% frob %}", "template syntax: Encountered unknown tag 'frob'"),
        ("{{ number | uper }}", 'no filter "uper"; did you mean "upper"?'),
        ("{{ number is definde }}", 'no test "definde"; did you mean "defined"?'),
    ],
)
def test_a_syntax_error_is_found_without_rendering(source: str, part: str) -> None:
    found = check(Template(source, WHERE))
    assert found is not None
    assert part in found.reason
    assert found.where == WHERE
    assert part in error(source)


@pytest.mark.parametrize("source", ["a b", "a ==", "'x", "a }} {{ b"])
def test_text_after_a_bare_expression_is_a_syntax_error(source: str) -> None:
    found = check(Template(source, WHERE, expression=True))
    assert found is not None
    assert "template syntax" in found.reason


def test_a_valid_template_has_no_error() -> None:
    assert check(Template("{{ number | default(1) }}", WHERE)) is None
    assert check(Template("number is defined", WHERE, expression=True)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{{ x }}", True), ("{% x %}", True), ("{# x #}", True), ("{ x }", False), ("}}", False)],
)
def test_text_with_jinja_syntax_is_a_template(text: str, expected: bool) -> None:
    assert is_template(text) is expected


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ ''['__cla' ~ 'ss__'] }}",
    "{{ ().__class__.__base__.__subclasses__() }}",
    "{{ map.__init__.__globals__ }}",
    "{{ map.items.__self__ }}",
    "{{ map.get.__func__ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ '{x.__class__}'.format(x=1) }}",
    "{{ '{0.__class__}'.format_map({'0': 1}) }}",
    "{{ ('{0.__class__}'.format)(1) }}",
    "{{ ['{0.__class__}'.format] | map('call') | list }}",
    "{% set f = '{0.__class__}'.format %}{{ f(1) }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner.__init__ }}",
    "{{ namespace.__init__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ config }}",
    "{{ request.application }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func.__code__ }}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% for i in items %}{{ loop.__class__ }}{% endfor %}",
    "{% for i in items %}{{ loop._iterable.__class__ }}{% endfor %}",
    "{{ items | sum(attribute='__class__') }}",
    "{{ items | sort(attribute='__class__') }}",
    "{{ [map] | selectattr('__class__') | list }}",
    "{{ [map] | groupby('__class__') | first | first }}!",
    "{{ items | map(attribute='__class__') | join }}",
    "{{ items | map('attr', '__class__') | join }}",
    "{{ dict.fromkeys }}",
    "{{ __import__('os') }}",
    "{{ open('/etc/passwd') }}",
    "{{ eval('1') }}",
    "{{ exec('1') }}",
    "{% include '/etc/passwd' %}",
    "{% import '/etc/passwd' as p %}",
    "{% from '/etc/passwd' import root %}",
    "{% extends '/etc/passwd' %}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_the_sandbox_refuses_unsafe_attributes(source: str) -> None:
    items, users = list(SCOPE["items"]), dict(SCOPE["map"])
    assert error(source)
    assert (SCOPE["items"], SCOPE["map"]) == (items, users)


def test_a_template_can_not_call_unsafe_functions_of_values() -> None:
    class Host:
        def secret(self) -> str:
            return "called"

        secret.unsafe_callable = True  # type: ignore[attr-defined]

    with pytest.raises(TemplateError, match="not safely callable"):
        value("{{ host.secret() }}", {"host": Host()})


def test_text_that_grows_beyond_the_limit_is_refused() -> None:
    scope = {"many": list(range(40)), "text": "x" * (MAX_TEXT // 32)}
    with pytest.raises(TemplateError, match="more than 32 MiB"):
        value("{% for i in many %}{{ text }}{% endfor %}", scope)


@pytest.mark.parametrize("source", ["{{ 'x' * 34000000 }}", "a{{ 'x' * 34000000 }}"])
def test_one_text_that_is_too_long_is_refused(source: str) -> None:
    assert "more than 32 MiB" in error(source)


@pytest.mark.parametrize("source", ["{{ 10 ** 5000 }}", "{{ 10 ** 4000 * 10 ** 4000 }}"])
def test_a_number_that_python_can_not_print_is_refused(source: str) -> None:
    assert "more than 4300 digits" in error(source)


ENDLESS = ["1e999", "'inf' | float", "[1, 'inf' | float] | max", "('[Infinity]' | from_json)[0]"]


@pytest.mark.parametrize("source", ENDLESS)
def test_infinity_is_a_number(source: str) -> None:
    assert value(f"{{{{ {source} }}}}") == math.inf
    assert value(f"{source} > 5", expression=True) is True


def test_a_template_that_needs_too_much_memory_is_an_error() -> None:
    assert error("{{ [0] * (10 ** 15) }}")


def test_a_false_inline_if_without_else_gives_an_empty_text() -> None:
    assert value("{{ 1 if flag }}") in ("", None)


def test_a_list_with_an_undefined_item_is_an_error() -> None:
    assert "admin" in error("{{ users | map(attribute='admin') | list }}")


def test_endless_recursion_is_an_error_of_the_template() -> None:
    assert "recurses" in error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")


def test_templates_are_found_and_replaced_at_any_depth() -> None:
    one, two = Template("{{ 1 }}", WHERE), Template("{{ 2 }}", WHERE)
    data = {"a": [one, {"b": two}], "c": ("x", one)}
    assert list(templates_in(data)) == [one, two, one]
    assert map_templates(data, lambda template: render(template, {})) == {
        "a": [1, {"b": 2}],
        "c": ["x", 1],
    }


def test_omitted_items_are_left_out_of_mappings_and_lists() -> None:
    omitted = Template("{{ omit }}", WHERE)
    data = {"a": omitted, "b": [1, omitted], "c": {"d": omitted}}
    rendered = map_templates(data, lambda template: render(template, {"omit": OMIT}))
    assert rendered == {"b": [1], "c": {}}


# Template files


def file(folder: Path, text: str, name: str = "t.j2") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


OPTIONS = {"trim_blocks": True}


def test_a_file_is_rendered_with_its_options(tmp_path: Path) -> None:
    path = file(tmp_path, "{% for i in items %}\n{{ i }}ü\n{% endfor %}\n")
    assert render_file(path, SCOPE, OPTIONS) == "1ü\n2ü\n3ü\n"
    assert render_file(path, SCOPE, {}) == "\n1ü\n\n2ü\n\n3ü\n"


def test_a_file_that_changed_is_compiled_again(tmp_path: Path) -> None:
    assert render_file(file(tmp_path, "one"), SCOPE, OPTIONS) == "one"
    assert render_file(file(tmp_path, "three"), SCOPE, OPTIONS) == "three"


def test_a_file_can_include_files_of_its_folder(tmp_path: Path) -> None:
    file(tmp_path, "{{ number }}", "part.j2")
    path = file(tmp_path, "<{% include 'part.j2' %}>")
    assert render_file(path, SCOPE, OPTIONS) == "<5>"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\n{{ numbr }}\n", 2, 'the variable "numbr" is undefined; did you mean "number"?'),
        ("a\n\n{{ number | uper }}\n", 3, 'there is no filter "uper"; did you mean "upper"?'),
        ("{% if %}", 1, "template syntax: Expected an expression, got 'end of statement block'"),
        ("a\n{{ ''.__class__ }}", 2, "access to attribute '__class__'"),
        ("a\n{{ 1 / 0 }}", 2, "ZeroDivisionError: division by zero"),
    ],
)
def test_an_error_in_a_file_names_its_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    path = file(tmp_path, text)
    with pytest.raises(TemplateError) as caught:
        render_file(path, SCOPE, OPTIONS)
    assert caught.value.reason.startswith(reason)
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == (str(path), line)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.j2"
    path.write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="not UTF-8"):
        render_file(path, SCOPE, OPTIONS)


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd"])
def test_a_file_can_not_include_files_of_other_folders(tmp_path: Path, name: str) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    file(tmp_path, "secret", "secret")
    path = file(tmp_path / "a/b", f"{{% include '{name}' %}}")
    with pytest.raises(TemplateError, match=name):
        render_file(path, SCOPE, OPTIONS)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"{{ 'ab' | regex_replace('(a)', '\1x') }}", "axb"),
        (r"{{ 'a\nb' }}", r"a\nb"),
        (r"{{ 'it\'s' ~ \"\" }}".replace(r"\"", '"'), "it's"),
        (r"{{ 'C:\\' }}", r"C:\\"),
        (r"{% if 'a\tb' | length == 3 %}{{ 'a\tb' | length }}{% endif %}\t", "4\\t"),
    ],
)
def test_a_backslash_in_braces_stands_for_itself(source: str, expected: str) -> None:
    assert value(source) == expected


def test_a_backslash_in_a_condition_is_an_escape_of_jinja() -> None:
    assert value(r"'a\tb' | length == 3 and 'x1' is match('\w\d')", expression=True) is True


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ number }}", 5),
        ("a{{ number }}b{{text}}", "a5b1.10"),
        ("{{ map.k }}", 1),
        ("{{ map['items'] }}/{{ users }}", f"own key/{SCOPE['users']}"),
        ("{{ none }}x{{ flag }}", "xFalse"),
        ("x{{ missing }}", 'the variable "missing" is undefined'),
        ("{{ map.nope }}", "'dict object' has no attribute 'nope'"),
        ("{{ map.nope.deeper }}", "'dict object' has no attribute 'nope'"),
        ("{{ text.__class__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ text }}\n", "1.10\n"),
        ("{{ true }}", True),
        ("{{ text }} {# gone #}", "1.10 "),
        ("{{ number }} {", "5 {"),
        ("{{ text | upper }}", "1.10"),
        ("{{ missing | default('x') | upper }}", "X"),
        ("a{{ map.nope | default(none) }}b", "ab"),
        ("{{ number | default(0, boolean=true) }}", 5),
        ("{{ users | join('-') }}", "-".join(map(str, SCOPE["users"]))),
        ("{{ missing | upper }}", 'the variable "missing" is undefined'),
        ("{{ text | nosuch }}", 'there is no filter "nosuch"'),
        ("{{ users | map('upper') | list }}", ["{'NAME': 'A'}", "{'NAME': 'B', 'ADMIN': TRUE}"]),
        ("{{ text | replace('1', text) }}", "1.10.1.100"),
        ("{{ number | to_json }}{{ flag | ternary('y', 'n') }}", "5n"),
        ("{{ text | int }}", 1),
        ("{{ number | mandatory }}", 5),
        ("{{ missing | mandatory }}", 'the mandatory variable "missing" is not defined'),
    ],
)
def test_templates_of_text_names_and_filters_have_the_value_that_jinja_gives(
    source: str, expected: Any
) -> None:
    assert outcome(source) == expected


def outcome(source: str) -> Any:
    try:
        return value(source)
    except TemplateError as error:
        return error.reason
