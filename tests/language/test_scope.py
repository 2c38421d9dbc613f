"""Variables: precedence, lazy rendering, cycles, and values that are not available yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from provisioner.language.needs import NeedFacts, NeedResult
from provisioner.language.plain_data import plain_data
from provisioner.language.scope import Scope
from provisioner.language.special_values import PENDING, Lazy
from provisioner.language.templating.render import render
from provisioner.language.templating.template import Template, TemplateError, UndefinedError
from provisioner.language.variable_names import is_fact
from provisioner.where import Where

WHERE = Where("vars.yml", 1, 1)


def template(source: str, *, expression: bool = False) -> Template:
    return Template(source, WHERE, expression)


def test_the_first_layer_that_has_a_name_wins() -> None:
    scope = Scope([{"a": 1}, {"a": 2, "b": 2}, {"c": 3}])
    assert (scope["a"], scope["b"], scope["c"]) == (1, 2, 3)
    assert sorted(scope) == ["a", "b", "c"]
    assert len(scope) == 3


def test_a_value_of_none_hides_the_values_of_lower_layers() -> None:
    assert Scope([{"a": None}, {"a": 1}])["a"] is None


def test_added_layers_win_and_the_scope_itself_does_not_change() -> None:
    scope = Scope([{"a": 1, "b": template("{{ a }}")}])
    assert scope["b"] == 1
    assert scope.with_layers({"a": 2})["b"] == 2
    assert scope["b"] == 1


def test_templates_see_the_value_of_the_highest_layer_not_that_of_their_own() -> None:
    scope = Scope([{"name": "high"}, {"greeting": template("hi {{ name }}"), "name": "low"}])
    assert scope["greeting"] == "hi high"


def test_templates_are_rendered_at_any_depth_when_the_variable_is_used() -> None:
    scope = Scope([{"a": [{"b": template("{{ c + 1 }}")}], "c": template("{{ 1 }}")}])
    assert scope["a"] == [{"b": 2}]


def test_variables_that_are_not_used_are_not_rendered() -> None:
    scope = Scope([{"good": 1, "bad": template("{{ missing }}"), "dear": Lazy(lambda: 1 / 0)}])
    assert scope["good"] == 1
    assert "bad" in scope
    with pytest.raises(TemplateError, match="missing"):
        scope.get("bad")


def test_a_lazy_value_is_computed_once() -> None:
    calls: list[int] = []
    scope = Scope([{"a": Lazy(lambda: calls.append(1) or 5)}])  # type: ignore[func-returns-value]
    assert (scope["a"], scope["a"], calls) == (5, 5, [1])


def test_the_result_of_a_lazy_value_is_not_rendered() -> None:
    assert Scope([{"a": Lazy(lambda: "{{ 7 * 7 }}")}])["a"] == "{{ 7 * 7 }}"


@pytest.mark.parametrize(
    ("layer", "chain"),
    [
        ({"a": "{{ a }}"}, "a → a"),
        ({"a": "{{ b }}", "b": "x {{ c }}", "c": "{{ a }}"}, "a → b → c → a"),
        ({"a": "{{ b }}", "b": "{{ b }}"}, "b → b"),
        ({"a": "{{ a | default(1) }}"}, "a → a"),
    ],
)
def test_the_error_of_a_cycle_shows_the_chain_of_names(layer: dict[str, str], chain: str) -> None:
    scope = Scope([{name: template(source) for name, source in layer.items()}])
    with pytest.raises(TemplateError) as caught:
        scope["a"]
    assert caught.value.reason == f"variables refer to each other without end: {chain}"
    assert caught.value.where == WHERE


def test_a_scope_can_be_used_after_an_error() -> None:
    scope = Scope([{"a": template("{{ b }}"), "b": template("{{ missing }}"), "c": 1}])
    for _ in range(2):
        with pytest.raises(TemplateError, match="missing"):
            scope.get("a")
    assert scope["c"] == 1


def test_an_error_in_a_variable_has_the_place_of_that_variable() -> None:
    inner = Template("{{ missing }}", Where("defaults.yml", 7, 3))
    scope = Scope([{"a": inner}])
    with pytest.raises(TemplateError) as caught:
        scope.render(template("x {{ a }}"))
    assert str(caught.value.where) == "defaults.yml:7"


USES_OF_A_PENDING_RESULT = [
    "{{ later }}",
    "x {{ later }}",
    "{{ later.rc }}",
    "{{ later | default(1) }}",
    "{{ later.rc | default(omit) }}",
    "{{ later is defined }}",
    "{{ later is failed }}",
    "{{ [1] | map('extract', [later]) | list }}",
    "{{ later | mandatory }}",
    "{{ later | ternary(1, 2) }}",
    "{{ later | to_json }}",
    "{{ later | bool }}",
    "{{ {'a': later} | combine({'b': 1}) }}",
    "{{ [later] | flatten }}",
    "{% for i in later %}{% endfor %}",
    "{% if later %}{% endif %}",
    "{{ indirect | default(1) }}",
]


@pytest.mark.parametrize("source", USES_OF_A_PENDING_RESULT)
def test_no_filter_hides_that_a_result_is_pending(source: str) -> None:
    scope = Scope([{"later": PENDING, "indirect": template("{{ later }}"), "omit": 1}])
    with pytest.raises(NeedResult):
        scope.render(template(source))


def test_a_pending_value_hides_lower_layers_each_time_it_is_used() -> None:
    scope = Scope([{"a": PENDING}, {"a": 1}])
    assert "a" in scope
    for _ in range(2):
        with pytest.raises(NeedResult):
            scope["a"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ broken | default(5) }}", 5),
        ("{{ through | default(5) }}", 5),
        ("{{ broken is defined }}", False),
        ("{{ 1 if 1 else broken }}", 1),
    ],
)
def test_a_variable_whose_template_uses_an_undefined_one_is_undefined(
    source: str, expected: Any
) -> None:
    """As in Ansible 2.16, only using it is an error."""
    layer = {"broken": template("x {{ missing }}"), "through": template("{{ broken }}")}
    assert Scope([layer]).render(template(source)) == expected


def test_the_callback_gets_the_name_of_a_missing_variable() -> None:
    def on_missing(name: str) -> None:
        if is_fact(name):
            raise NeedFacts

    scope = Scope([{"a": 1}], on_missing)
    for source in ("{{ ansible_kernel }}", "{{ ansible_kernel | default(1) }}",
                   "{{ ansible_kernel is defined }}"):  # fmt: skip
        with pytest.raises(NeedFacts):
            scope.with_layers({"b": 2}).render(template(source))
    with pytest.raises(TemplateError, match="undefined"):
        scope.render(template("{{ kernel }}"))


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("ansible_kernel", True),
        ("ansible_distribution", True),
        ("ansible_eth0", True),
        ("ansible_host", False),
        ("ansible_user", False),
        ("ansible_become_password", False),
        ("ansible_ssh_common_args", False),
        ("ansible_check_mode", False),
        ("ansible_hostname", True),
        ("kernel", False),
    ],
)
def test_facts_and_settings_are_distinguished_by_their_names(name: str, fact: bool) -> None:
    assert is_fact(name) is fact


@pytest.mark.parametrize(
    ("value", "true"),
    [
        (True, True),
        (1, True),
        ("yes", True),
        ("False", True),
        ("no", True),
        ("", False),
        (0, False),
        ([], False),
        (None, False),
        ({"a": 1}, True),
    ],
)
def test_a_condition_of_text_has_the_same_truth_as_in_ansible(value: Any, true: bool) -> None:
    condition = template("v", expression=True)
    assert (Scope([{"v": value}]).holds([condition]) is True) is true


@pytest.mark.parametrize(("value", "true"), [("yes", True), ("False", False), ("no", False)])
def test_the_text_that_a_condition_with_braces_gives_is_read_as_a_boolean(
    value: str, true: bool
) -> None:
    assert (Scope([{"v": value}]).holds([template("{{ v }}")]) is True) is true


def test_the_first_false_condition_is_returned_and_later_ones_are_not_evaluated() -> None:
    yes, no, broken = (
        template(source, expression=True) for source in ("1 == 1", "1 == 2", "missing")
    )
    scope = Scope([{}])
    assert scope.holds([yes, no, broken]) is no
    assert scope.holds([yes, True]) is True
    assert scope.holds([False, broken]) is False
    assert scope.holds([]) is True


def test_names_that_are_not_text_do_not_break_a_scope() -> None:
    scope = Scope([{1: "x", "naem": 2}])  # type: ignore[dict-item]
    with pytest.raises(TemplateError, match='did you mean "naem"'):
        scope.render(template("{{ name }}"))


def test_reading_variables_never_iterates_over_a_layer() -> None:
    class CountingDict(dict[str, Any]):
        iterations = 0

        def __iter__(self) -> Iterator[str]:
            CountingDict.iterations += 1
            return super().__iter__()

    scope = Scope([CountingDict({f"v{n}": template("{{ w }}") for n in range(10_000)}), {"w": 1}])
    assert [scope[f"v{n}"] for n in range(0, 10_000, 100)] == [1] * 100
    assert CountingDict.iterations == 0


def test_a_listing_of_all_variables_omits_functions_and_shows_the_source_of_undefined_ones() -> (
    None
):
    scope = Scope(
        ({"a": template("{{ nope }}"), "b": template("{{ c }}"), "c": 1, "lookup": len, "vars": 2},)
    )
    assert plain_data({"all": [scope]}) == {"all": [{"a": "{{ nope }}", "b": 1, "c": 1}]}
    assert render(template("{{ vars | to_json }}"), Scope(({"vars": scope},))) == (
        '{"a": "{{ nope }}", "b": 1, "c": 1}'
    )


def test_plain_data_refuses_undefined_values_inside_of_a_value() -> None:
    with pytest.raises(UndefinedError, match="nope"):
        plain_data({"a": [{"b": Scope(({"x": template("{{ nope }}")},))["x"]}]})


@pytest.mark.parametrize(
    "change",
    ["d.l.append(3)", "d.l.sort(reverse=true)", "d.update(l=[])", "d.pop('l')", "alias.clear()"],
)
def test_a_template_changes_only_its_own_copy_of_a_value(change: str) -> None:
    layers: list[Any] = [{"d": {"l": [1, 2]}}, {"alias": template("{{ d }}")}]
    render(
        template(f"{{% set _ = {change} %}}{{% do {change.replace('pop', 'get')} %}}"),
        Scope(layers),
    )
    assert layers[0] == {"d": {"l": [1, 2]}}
    assert Scope(layers)["alias"] == {"l": [1, 2]}


def test_the_error_for_a_missing_variable_of_another_host_names_the_host() -> None:
    scope = Scope([{"hostvars": {"h1": Scope([{"a": 1}])}}])
    with pytest.raises(UndefinedError, match="the host has no attribute 'b'"):
        render(template("{{ hostvars.h1.b | length }}"), scope)
