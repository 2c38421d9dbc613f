from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.escaping import escape
from provisioner.reporters.formatting import (
    clip,
    duration,
    lines_of,
    pad,
    size,
    tail,
    width,
)

# Written by hand: a copy of the pattern under test would prove nothing.
UNSAFE = (
    {chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)]}
    | {
        chr(code)
        for code in [0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    }
    | {chr(code) for code in [0x2028, 0x2029, *range(0xD800, 0xE000)]}
)

SHOWN = {
    "\x1b[31m": r"\x1b[31m",
    "\x1b]0;t\x07": r"\x1b]0;t\x07",
    "\x9b31m": r"\u009b31m",
    "\x7f\x08": r"\x7f\x08",
    "\u202egpj.exe": r"\u202egpj.exe",
    "\u2066a\u2069": r"\u2066a\u2069",
    "\u200e\u200f\u061c": r"\u200e\u200f\u061c",
    "caf\udcc3": r"caf\xc3",
    "\ud800": r"\ud800",
    "a\r\nb\tc": r"a\r\nb\tc",
    "naïve 日本 ✓ 🎉": "naïve 日本 ✓ 🎉",
    "[bold]x[/bold]": "[bold]x[/bold]",
    "": "",
}


@pytest.mark.parametrize("text", SHOWN)
def test_characters_that_control_a_terminal_become_visible_escapes(text: str) -> None:
    assert escape(text) == SHOWN[text]


def test_no_unsafe_character_survives_in_a_line() -> None:
    assert [each for each in sorted(UNSAFE) if set(escape(f"a{each}b")) & UNSAFE] == []


def test_only_newline_and_tab_survive_in_lines() -> None:
    kept = [each for each in sorted(UNSAFE) if set(escape(f"a{each}b", lines=True)) & UNSAFE]
    assert kept == ["\t", "\n"]


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_escaped_text_is_safe_and_escaping_it_again_changes_nothing(
    text: str,
) -> None:
    safe = escape(text)
    assert not set(safe) & UNSAFE
    assert escape(safe) == safe


def test_newlines_and_tabs_are_kept_with_lines() -> None:
    assert escape("a\n\tb\x1b", lines=True) == "a\n\tb\\x1b"


def test_eight_megabytes_of_output_are_escaped_completely() -> None:
    text = ("x" * 79 + "\n") * 100_000 + "\x1b"
    assert escape(text, lines=True).endswith("x\n\\x1b")
    assert tail(text, 1) == (100_000, ["\\x1b"])


LINES = {
    "": [],
    "one": ["one"],
    "one\r\ntwo\n\n": ["one", "two"],
    "a\n\nb": ["a", "", "b"],
    "no\x0bline\x0cends\x85here": [r"no\x0bline\x0cends\u0085here"],
    "over\rwritten": [r"over\rwritten"],
}


@pytest.mark.parametrize("text", LINES)
def test_only_a_newline_ends_a_line(text: str) -> None:
    assert lines_of(text) == LINES[text]


def test_a_very_long_line_is_cut_with_a_count() -> None:
    assert lines_of("x" * 2500) == ["x" * 2000 + " (500 more characters)"]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 2, (0, [])),
        ("\n", 2, (0, [])),
        ("a\nb\n", 2, (0, ["a", "b"])),
        ("a\nb\nc\n", 2, (1, ["b", "c"])),
        ("a\nb\n\x1bc", 1, (2, [r"\x1bc"])),
    ],
)
def test_a_tail_has_the_number_of_omitted_lines(
    text: str, limit: int, expected: tuple[int, list[str]]
) -> None:
    assert tail(text, limit) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_a_duration_is_text_for_people(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_the_width_of_wide_and_combining_characters() -> None:
    assert width("日本") == 4
    assert width("e\u0301") == 1
    assert pad("日本", 6) == "日本  "


def test_a_clipped_text_ends_in_dots_and_has_at_most_the_limit() -> None:
    assert clip("abcdefgh", 6) == "abc..."
    assert clip("abc", 6) == "abc"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_234, "1.2 kB"),
        (9_999, "10 kB"),
        (104_857_600, "105 MB"),
        (999_700_000, "1.0 GB"),
    ],
)
def test_a_size_has_two_or_three_digits(number: int, expected: str) -> None:
    assert size(number) == expected
