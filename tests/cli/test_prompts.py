"""vars_prompt: questions before a run."""

from __future__ import annotations

import io

import pytest

from tests.cli.conftest import Command, Prompts

PLAY = """
- hosts: all
  gather_facts: false
  vars: {what: Password, quiet: true}
  vars_prompt: [%s]
  tasks: [{debug: {msg: "<{{ asked }}> {{ asked | type_debug }}"}}]
"""
HASH = (  # of "sesame", as ansible-core makes it
    "$6$abcdefgh$Bk2D4uYVcw0FbFPsWa0iJZ1DNfy8v6OjK"
    "cRcuBfMkWD1KdADPVnmQf5cr0O8HfAYpq1XrrjdgIRINkwgSKJ8/1"
)


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize(
    ("entry", "question", "shown"),
    [
        ("{name: asked, private: false}", "asked", "<sesame> str"),
        (
            '{name: asked, prompt: "{{ what }}?", private: false}',
            "Password?",
            "<sesame> str",
        ),
        ("{name: asked, private: false, default: 5}", "asked [5]", "<sesame> str"),
        ("{name: asked}", "asked", "<********> str"),
        ('{name: asked, private: "{{ quiet }}"}', "asked", "<********> str"),
        ("{name: asked, encrypt: sha512_crypt, salt: abcdefgh}", "asked", f"<{HASH}> str"),
    ],
)
def test_the_typed_answer_is_a_variable_of_the_play(
    provision: Command, prompts: Prompts, entry: str, question: str, shown: str
) -> None:
    asked = prompts("sesame")
    done = provision.play(PLAY % entry, hosts="h1,")
    assert asked == [question]
    assert shown in done.out, done.err


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ("{name: asked, default: 5}", "<5> str"),
        ('{name: asked, default: "{{ what }}"}', "<Password> str"),
        ("{name: asked, default: sesame, encrypt: sha512_crypt, salt: abcdefgh}", f"<{HASH}> str"),
    ],
)
def test_without_a_terminal_the_default_is_the_answer(
    provision: Command, monkeypatch: pytest.MonkeyPatch, entry: str, shown: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert shown in provision.play(PLAY % entry, hosts="h1,").out


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("{name: asked}", 'vars_prompt asks for "asked", but standard input is not a terminal'),
        ('{name: asked, default: "{{ nowhere }}"}', 'the variable "nowhere" is undefined'),
        ('{name: asked, default: "{{ 1 + }}"}', "play.yml:5:40: template syntax"),
        ("{name: asked, default: x, encrypt: rot13}", 'there is no password hash "rot13"'),
        ('{name: asked, confirm: "{{ what }}", default: x}', '"confirm" must be true or false'),
    ],
)
def test_an_invalid_or_unanswered_prompt_exits_with_3(
    provision: Command, monkeypatch: pytest.MonkeyPatch, entry: str, reason: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    done = provision.play(PLAY % entry)
    assert (done.exit, done.out) == (3, "")
    assert reason in done.err


@pytest.mark.usefixtures("at_terminal")
def test_variables_of_the_command_line_are_not_asked_for(
    provision: Command, prompts: Prompts
) -> None:
    asked = prompts()
    done = provision.play(PLAY % "{name: asked}", "-e", "asked=given", hosts="h1,")
    assert (asked, "<given> str" in done.out) == ([], True)
