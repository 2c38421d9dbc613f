"""Regular expressions of users: the results of `re`, and a limit of time."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner import user_regex
from provisioner.user_regex import SlowPattern, UserRegex

SLOW = r"(a|b|ab)*c{3}(?=d)"
SLOW_TEXT = "ab" * 60 + "cccx"


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_regex, "MAX_SECONDS", 0.01)


@pytest.mark.usefixtures("no_time")
@pytest.mark.parametrize("method", ["search", "match", "fullmatch", "findall"])
def test_a_search_without_end_is_an_error_that_names_the_pattern(method: str) -> None:
    with pytest.raises(SlowPattern, match=r"takes longer than .* on a text of 124 characters"):
        getattr(UserRegex(SLOW), method)(SLOW_TEXT)


@pytest.mark.usefixtures("no_time")
def test_a_replacement_without_end_is_an_error() -> None:
    with pytest.raises(SlowPattern):
        UserRegex(SLOW.encode()).subn(b"", SLOW_TEXT.encode())


def test_other_threads_run_during_a_long_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_regex, "MAX_SECONDS", 0.3)
    searching = threading.Event()

    def search() -> None:
        searching.set()
        with pytest.raises(SlowPattern):
            UserRegex(SLOW).search(SLOW_TEXT)

    thread = threading.Thread(target=search)
    thread.start()
    searching.wait()
    steps = 0
    while thread.is_alive():
        thread.join(0.001)
        steps += 1
    assert steps > 2, "this thread waited for the whole search"


ATOMS = (
    "a", "b", ".", r"\w", r"\d", r"\s", "[ab]", "[^a]", "^", "$", r"\b", "(a)", "(?:ab)", "(a|b)",
    "(a*)", "(b+)?", "x{2}", "a{1,2}", "{a}", "{e}", "[[:alpha:]]", "[]a]", "(?=a)", "(?!b)",
    "(?<=a)", r"\1", "|", "*", "+", "?", "*?", "+?", r"\n", r"\.", r"\{", r"\[", "(?P<n>a)",
    "(?P=n)", r"[\w.-]", "[.]", "[.:]", "[:.=]", "[=a]", "[^.]", r"[\[.]", r"[[.\]]", "[a{1]",
    "([.]a)*", "(:[:.])+",
)  # fmt: skip
FLAGS = (0, re.IGNORECASE, re.MULTILINE, re.DOTALL)


@pytest.mark.filterwarnings("ignore:Possible nested set")
@given(
    st.lists(st.sampled_from(ATOMS), min_size=1, max_size=7).map("".join),
    st.text("aabx1 \n.-[]:{e}", min_size=1, max_size=12),
    st.sampled_from(FLAGS),
)
@settings(max_examples=500, deadline=None)
def test_a_limited_search_gives_the_same_result_as_re(pattern: str, text: str, flags: int) -> None:
    try:
        plain = re.compile(pattern, flags)
    except re.error:
        return
    limited: Any = UserRegex(pattern, flags)
    limited._steps = lambda length: float("inf")
    expected, match = plain.search(text), limited.search(text)
    assert (match and (match.span(), match.groups())) == (
        expected and (expected.span(), expected.groups())
    )
    assert limited.findall(text) == plain.findall(text)
    assert limited.subn("<>", text) == plain.subn("<>", text)


@pytest.mark.filterwarnings("ignore:Possible nested set")
def test_bytes_are_searched_as_re_does() -> None:
    limited: Any = UserRegex(rb"(\xe9{e}|[[:a]])+\w", re.IGNORECASE)
    text = b"\xe9{e}\xe9{E}z"
    match = limited.search(text)
    assert match.group() == re.compile(rb"(\xe9{e}|[[:a]])+\w", re.IGNORECASE).search(text)[0]  # type: ignore[index]
    assert match.expand(rb"<\1>") == b"<\xe9{E}>"


@pytest.mark.parametrize("replacement", [r"\q", r"\2", r"\g<name>", r"\N{BULLET}"])
def test_a_replacement_that_re_refuses_is_refused(replacement: str) -> None:
    with pytest.raises((re.error, IndexError)):
        UserRegex("(a+)+").subn(replacement, "aaa")
