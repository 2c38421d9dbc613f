"""Templates of text and names are read as Jinja reads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError, nodes

from provisioner.language.templating import text_templates
from provisioner.language.templating.compiled import parsed

PARTS: dict[str, tuple[str, ...]] = {
    "{{ base }}": ("", "base", ""),
    "{{base}}": ("", "base", ""),
    "{{\n  base\t}}": ("", "base", ""),
    "{{ base }}/etc": ("", "base", "/etc"),
    "a {{ b }} c {{ d_1 }}\n": ("a ", "b", " c ", "d_1", "\n"),
    "{{ a }}{{ b }}": ("", "a", "", "b", ""),
    "}} {{ a }}": ("}} ", "a", ""),
    "%} #} {{ a }}": ("%} #} ", "a", ""),
}

OTHERS = (
    "{{ a.b }}", "{{ a | upper }}", "{{ a b }}", "{{ 1 }}", "{{- a }}", "{{ a -}}",
    "{{ a }}{% b %}", "{{ a }}{# b #}", "{{{ a }}", "{ {{ a }}", "{{ true }}", "{{ None }}",
    "{{ not }}", "{{ self }}", "{{ loop }}", "[{{ a }}]", "True{{ a }}", "{{ a }} ", "{{ a }}\n",
    "a\r\n{{ b }}", "{{ é }}", "{{ a }}{{ b", "{{ a }}\\{{ b.c }}", "{{ }}",
)  # fmt: skip

PIECES = st.sampled_from(
    ["{{", "}}", "{{ a }}", "{{ b_2 }}", "{%", "%}", "{#", "#}", "{", "}", " ", "\n", "\t", "-",
     "a", "b", "/", "[", "'", "|", ".", "if", "in", "not", "true", "True", "loop", "\\"]
)  # fmt: skip


@pytest.mark.parametrize("source", PARTS)
def test_text_and_names_are_told_apart(source: str) -> None:
    assert text_templates.split(source) == PARTS[source]


@pytest.mark.parametrize("source", OTHERS)
def test_what_has_anything_else_to_it_is_left_to_jinja(source: str) -> None:
    assert text_templates.split(source) == ()


@given(st.lists(PIECES, max_size=12).map("".join))
def test_jinja_finds_the_same_text_and_names(source: str) -> None:
    if parts := text_templates.split(source):
        said = (("text", "name")[place % 2] + part for place, part in enumerate(parts) if part)
        assert list(said) == jinjas(source)


def jinjas(source: str) -> list[Any]:
    """What Jinja's own parser finds in a template of text and names."""
    try:
        body = parsed(source, False).body
    except TemplateSyntaxError as error:
        return [error]
    found: list[Any] = []
    for output in body:
        assert isinstance(output, nodes.Output)
        for node in output.nodes:
            match node:
                case nodes.TemplateData(data=text):
                    found.append("text" + text)
                case nodes.Name(name=name, ctx="load"):
                    found.append("name" + name)
                case _:
                    found.append(node)
    return found


def test_a_playbook_of_such_templates_does_without_jinja(tmp_path: Path) -> None:
    playbook = tmp_path / "site.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n"
        "  vars: {base: '{{ root }}/app', parts: [a]}\n  tasks:\n"
        "    - {name: '{{ inventory_hostname }}', stat: {path: '{{ base }}/conf'}}\n"
        "    - {debug: {msg: '{{ parts }}'}}\n"
    )
    program = "import sys; from provisioner.cli import dispatch; status = dispatch(sys.argv[1:])\n"
    program += "sys.exit(status or ('jinja2' in sys.modules) * 100)"
    command = [sys.executable, "-c", program, "localhost,", str(playbook), "-e", f"root={tmp_path}"]
    run = subprocess.run(
        [*command, "-c", "local"], capture_output=True, text=True, check=False, timeout=300
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
