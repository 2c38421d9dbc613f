"""Patterns that are compiled when they are first used."""

import re

import pytest

from provisioner import regex


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What has been compiled, as it is."""
    found: list[object] = []
    real = regex._compile

    def noted(pattern: str, flags: int = 0) -> re.Pattern[str]:
        found.append(pattern)
        return real(pattern, flags)

    monkeypatch.setattr(regex, "_compile", noted)
    return found


def test_a_pattern_is_compiled_when_it_is_first_used(compiled: list[object]) -> None:
    pattern = regex.compile("a+", re.IGNORECASE)
    assert compiled == []
    match = pattern.fullmatch("aA")
    assert match is not None
    assert match[0] == "aA"
    assert compiled == ["a+"]


def test_a_method_that_was_used_is_as_quick_as_that_of_re(compiled: list[object]) -> None:
    pattern = regex.compile("a+")
    assert pattern.sub("b", "caa") == "cb"
    assert pattern.sub("b", "aac") == "bc"
    assert compiled == ["a+"]
    assert vars(pattern)["sub"].__self__ is re.compile("a+")


def test_it_tells_what_a_pattern_does() -> None:
    pattern = regex.compile(rb"(?P<name>x)")
    assert (pattern.pattern, dict(pattern.groupindex)) == (rb"(?P<name>x)", {"name": 1})


def test_a_wrong_pattern_is_refused_when_it_is_used() -> None:
    pattern = regex.compile("(")
    with pytest.raises(re.error):
        pattern.match("")


def test_what_is_imported_meanwhile_compiles_its_patterns_later(compiled: list[object]) -> None:
    with regex.compiled_later():
        pattern = re.compile("b+")
    assert compiled == []
    assert pattern.search("abb")
    assert isinstance(re.compile("b+"), re.Pattern)


def test_an_import_that_fails_leaves_re_as_it_was() -> None:
    with pytest.raises(ImportError), regex.compiled_later():
        raise ImportError
    assert isinstance(re.compile("c+"), re.Pattern)
