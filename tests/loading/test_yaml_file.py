"""YAML files: how errors show their place, files that can't be read, and random content."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import LoadError
from provisioner.loading import yaml_file
from provisioner.where import Where


def test_an_error_shows_the_line_with_a_caret(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_text("a: 1\nbb: 22:22\n")
    with pytest.raises(LoadError) as caught:
        yaml_file.load(path)
    assert str(caught.value).splitlines() == [
        f"{path}:2:5: YAML 1.1 reads 22:22 as 1342 (base 60)",
        "    2 | bb: 22:22",
        "            ^",
        '    quote it: "22:22"',
    ]


def test_an_excerpt_has_no_terminal_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_text("a: '\x1b[2J\u202e\x9b' : b\n", encoding="utf-8")
    with pytest.raises(LoadError) as caught:
        yaml_file.load(path)
    assert str(caught.value).replace("\n", "").isprintable()


def test_the_caret_is_below_its_column_after_tabs_and_in_long_lines(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_text("\ta\n" + "x" * 500 + "!\n")
    for place in (Where(str(path), 1, 2), Where(str(path), 2, 501)):
        shown, caret = place.excerpt().splitlines()
        assert shown[caret.index("^")] in "a!"
        assert len(shown) < 200


def test_files_that_cannot_be_read_are_refused_with_their_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    big = tmp_path / "big"
    big.touch()
    os.truncate(big, 1 << 30)
    messages = []
    for path in (tmp_path, tmp_path / "fifo", big, tmp_path / "none", Path("/proc/self/mem")):
        with pytest.raises(LoadError) as caught:
            yaml_file.load(path, what="playbook")
        messages.append(str(caught.value).replace(str(tmp_path), "DIR"))
    assert messages[:4] == [
        "the playbook DIR can't be read: it is a directory",
        "the playbook DIR/fifo can't be read: it is a FIFO",
        "the playbook DIR/big can't be read: it is larger than 64 MiB",
        "the playbook DIR/none can't be read: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# " + "x" * (16 << 20), "the text is longer than 16 MiB"),
        ("[" + "1," * 1_000_001 + "]", "more than 1,000,000 values"),
    ],
)
def test_a_text_that_takes_minutes_to_read_is_refused_early(text: str, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        yaml_file.parse(text.encode(), "f.yml")


SEED = """\
- hosts: web
  vars: {a: &x [1, 0644, "{{ b }}"], c: *x, d: 22, e: !unsafe '{{ f }}', <<: {g: 2024-01-02}}
  tasks:
    - name: "ü ☺"
      copy: >
        src=a
        dest=b
      when: not (a | default(1.5))
"""
PARTS = st.sampled_from(
    ["\t", ": ", "- ", "&a ", "*a", "<<: ", "{", "}", "[", "]", "!!int ", "!!python/x ", "'", '"',
     "|", ">", "?", "%", "@", "\x00", "\ufeff", "\x85", "\u2028", "#", "\n", "---\n", "...\n",
     "1:2", "!vault ", "!!set ", "!!pairs ", "!!omap ", "!!null ", "!!timestamp ", "=", "{{", "}}"]
)  # fmt: skip


def value_or_load_error(data: bytes) -> None:
    with suppress(LoadError):
        yaml_file.parse(data, "f.yml")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_load_error(data: bytes) -> None:
    value_or_load_error(data)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(PARTS, max_size=25).map("".join))
def test_any_mix_of_yaml_syntax_is_a_value_or_a_load_error(text: str) -> None:
    value_or_load_error(text.encode())


@settings(max_examples=500, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(SEED)), st.integers(0, 12), PARTS), max_size=4),
)
def test_any_changed_playbook_is_a_value_or_a_load_error(edits: list[tuple[int, int, str]]) -> None:
    text = SEED
    for start, length, part in edits:
        text = text[:start] + part + text[start + length :]
    value_or_load_error(text.encode())
