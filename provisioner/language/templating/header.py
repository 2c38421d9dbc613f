"""The first line of a template that sets options of Jinja, as in Ansible.

For example: `#jinja2: trim_blocks: False, lstrip_blocks: True`.
"""

from __future__ import annotations

from ast import literal_eval
from typing import Any

from provisioner.language.templating.template import TemplateError

HEADER = "#jinja2:"
"""The beginning of a line with options."""


def split(source: str) -> tuple[dict[str, Any], str]:
    """Return the options that a template's first line sets, and the source without that line."""
    if not source.startswith(HEADER):
        return {}, source
    line, _, rest = source.removeprefix(HEADER).partition("\n")
    pairs = [word.partition(":") for word in line.split(",")]
    if not all(colon for _, colon, _ in pairs):
        raise TemplateError(f"{HEADER} takes NAME: VALUE, NAME: VALUE …, not {line.strip()!r}")
    return {name.strip(): literal_eval(value.strip()) for name, _, value in pairs}, rest
