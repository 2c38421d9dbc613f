"""Texts that run a command, or give a mark, if they are evaluated as templates or shell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MARK = "12" * 12
"""The value of the expressions that run nothing. No payload contains it, and it is longer than any
time of day or number of seconds, so it proves an evaluation."""

EXPRESSIONS = (
    "40404040404040404040404 * 3",
    "'12' * 12",
    "['1212', '1212', '1212', '1212', '1212', '1212'] | join",
    "lookup('pipe', 'touch CANARY')",
    'lookup("pipe", "touch CANARY && echo x")',
    "query('pipe', 'touch CANARY')",
    "q('ansible.builtin.pipe', 'touch CANARY') | first",
    "lookup('lines', 'touch CANARY')",
    "lookup('password', 'CANARY')",
    "lookup('url', 'http://127.0.0.1:9/CANARY')",
    "lookup('file', '/etc/hostname') ~ lookup('pipe', 'touch CANARY')",
    "lookup('vars', 'mark')",
    "lookup('template', 'mark.j2')",
    "hostvars['h1'].mark",
    "vars.mark",
    "vars['ma' ~ 'rk']",
    "mark",
    "mark | default('x')",
    "({'a': mark} | to_json | from_json).a",
    "namespace(x=40404040404040404040404 * 3).x",
    "''.__class__.__mro__[1].__subclasses__()",
    "cycler.__init__.__globals__.os.popen('touch CANARY').read()",
    "self._TemplateReference__context.environment",
)

FORMS = (
    "{{ E }}",
    "{{E}}",
    "{{- E -}}",
    "a {{ E }} b",
    "{% if true %}{{ E }}{% endif %}",
    "{% set x = E %}{{ x }}",
    "{# a #}{{ E }}{# b #}",
    "#jinja2: variable_start_string: '[%', variable_end_string: '%]'\n[% E %]{{ E }}",
    "{{ '{{ E }}' }}",
    "E",
)
"""Every form is combined with every expression; the last one has the form of a condition."""

SINGLE = (
    "", "{{", "}}", "{%", "{#", "{{ }}", "{% %}", "{{ mark", "mark }}", "}}{{ mark }}{{",
    "{{{ mark }}}", "{{ {{ mark }} }}", "{% raw %}{{ mark }}{% endraw %}{{ mark }}",
    "# for x in [mark]\n{{ x }}\n# endfor", "% if mark: {{ mark }}", "## {{ mark }}",
    "｛｛ mark ｝｝", "{\u200b{ mark }}", "{{\u00a0mark }}", "\u202e{{ mark }}", "{{ mark }}\x01",
    "\x1b[31m{{ mark }}\x1b[0m", "\ufeff{{ mark }}", "{{ 'é' ~ mark }}", "{{\nmark\n}}",
    "!unsafe '{{ mark }}'", "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162",
    '{"__ansible_unsafe": "{{ mark }}"}', '{"__ansible_vault": "{{ mark }}"}',
    '{"{{ mark }}": "{{ mark }}"}', '["{{ mark }}", {"a": "{% if mark %}{{ mark }}{% endif %}"}]',
    "a: '{{ mark }}'", "- '{{ mark }}'", "!!python/object/apply:os.system ['touch CANARY']",
    "&a [*a, '{{ mark }}']", "$(touch CANARY)", "`touch CANARY`", "'; touch CANARY; '",
    '"; touch CANARY; "', "\n touch CANARY\n", "-e touch CANARY", "| touch CANARY",
    "http://{{ mark }}/", "../{{ mark }}", "omit", "{{ omit }}", "__omit_place_holder__x",
    "x', 'state': 'absent", 'x", "state": "absent', "x'], ['y", "', 'y', '", "\\", "\\'", "x\\",
    "1, 2", "1], [2", "['x']", "{'x': 1}", "()", "'a', 'b'", "'" * 3, '"' * 3, "#", "'#", "\r",
    "value__of__it_0_", "value__of__it_1_, 'x'", "__import__('os').system('touch CANARY')",
    "[" * 3000, "-" * 5000 + "1", "(" * 3000, "True", "None", "1_000", "\\N{BULLET}",
    "\\x27, \\x27",
    "{{ mark }}" * 2000, "{" * 4000, "{{" * 2000 + " mark " + "}}" * 2000,
)  # fmt: skip


def payloads(canary: Path) -> list[str]:
    """Return all payloads. `canary` is the file that they create if they are evaluated."""
    return [text.replace("CANARY", str(canary)) for text in _texts()]


def _texts() -> Iterator[str]:
    yield from (form.replace("E", expr, 2) for form in FORMS for expr in EXPRESSIONS)
    yield from SINGLE
