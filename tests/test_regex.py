"""Patterns of provisioner.regex are compiled at their first use."""

import re

import pytest

from provisioner import regex


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The patterns that have been compiled, in order."""
    patterns: list[object] = []
    real = re.compile

    def record(pattern: str, flags: int = 0) -> re.Pattern[str]:
        patterns.append(pattern)
        return real(pattern, flags)

    monkeypatch.setattr(re, "compile", record)
    return patterns


def test_a_pattern_is_compiled_at_its_first_use(compiled: list[object]) -> None:
    pattern = regex.compile("a+", re.IGNORECASE)
    assert compiled == []
    match = pattern.fullmatch("aA")
    assert match is not None
    assert match[0] == "aA"
    assert compiled == ["a+"]


def test_a_used_method_is_the_method_of_the_compiled_pattern(compiled: list[object]) -> None:
    pattern = regex.compile("a+")
    assert pattern.sub("b", "caa") == "cb"
    assert pattern.sub("b", "aac") == "bc"
    assert compiled == ["a+"]
    assert vars(pattern)["sub"].__self__ is re.compile("a+")


def test_a_lazy_pattern_has_the_attributes_of_a_pattern() -> None:
    pattern = regex.compile(rb"(?P<name>x)")
    assert (pattern.pattern, dict(pattern.groupindex)) == (rb"(?P<name>x)", {"name": 1})


def test_a_pattern_with_a_syntax_error_raises_at_its_first_use() -> None:
    pattern = regex.compile("(")
    with pytest.raises(re.error):
        pattern.match("")
