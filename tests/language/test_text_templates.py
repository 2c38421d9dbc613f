"""Templates of text and names are split in the same way as Jinja does it."""

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

PARTS_BY_SOURCE: dict[str, tuple[str, ...]] = {
    "{{ base }}": ("", "base", ""),
    "{{base}}": ("", "base", ""),
    "{{\n  base\t}}": ("", "base", ""),
    "{{ base }}/etc": ("", "base", "/etc"),
    "a {{ b }} c {{ d_1 }}\n": ("a ", "b", " c ", "d_1", "\n"),
    "{{ a }}{{ b }}": ("", "a", "", "b", ""),
    "}} {{ a }}": ("}} ", "a", ""),
    "%} #} {{ a }}": ("%} #} ", "a", ""),
}

OTHER_SYNTAX = (
    "{{ a.b }}", "{{ a | upper }}", "{{ a b }}", "{{ 1 }}", "{{- a }}", "{{ a -}}",
    "{{ a }}{% b %}", "{{ a }}{# b #}", "{{{ a }}", "{ {{ a }}", "{{ true }}", "{{ None }}",
    "{{ not }}", "{{ self }}", "{{ loop }}", "[{{ a }}]", "True{{ a }}", "{{ a }} ", "{{ a }}\n",
    "a\r\n{{ b }}", "{{ é }}", "{{ a }}{{ b", "{{ a }}\\{{ b.c }}", "{{ }}",
)  # fmt: skip

PIECES = st.sampled_from(
    ["{{", "}}", "{{ a }}", "{{ b_2 }}", "{%", "%}", "{#", "#}", "{", "}", " ", "\n", "\t", "-",
     "a", "b", "/", "[", "'", "|", ".", "if", "in", "not", "true", "True", "loop", "\\"]
)  # fmt: skip


@pytest.mark.parametrize("source", PARTS_BY_SOURCE)
def test_a_template_is_split_into_text_and_names(source: str) -> None:
    assert text_templates.split(source) == PARTS_BY_SOURCE[source]


@pytest.mark.parametrize("source", OTHER_SYNTAX)
def test_templates_with_other_syntax_are_left_to_jinja(source: str) -> None:
    assert text_templates.split(source) == ()


@given(st.lists(PIECES, max_size=12).map("".join))
def test_jinja_splits_a_template_into_the_same_text_and_names(source: str) -> None:
    if parts := text_templates.split(source):
        tagged_parts = (
            ("text", "name")[index % 2] + part for index, part in enumerate(parts) if part
        )
        assert list(tagged_parts) == parts_by_jinja(source)


def parts_by_jinja(source: str) -> list[Any]:
    """The parts of a template by Jinja's parser, each tagged as text or name."""
    try:
        body = parsed(source, False).body
    except TemplateSyntaxError as error:
        return [error]
    parts: list[Any] = []
    for output in body:
        assert isinstance(output, nodes.Output)
        for node in output.nodes:
            match node:
                case nodes.TemplateData(data=text):
                    parts.append("text" + text)
                case nodes.Name(name=name, ctx="load"):
                    parts.append("name" + name)
                case _:
                    parts.append(node)
    return parts


def test_a_playbook_with_only_such_templates_does_not_import_jinja(tmp_path: Path) -> None:
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
