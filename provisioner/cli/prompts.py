"""vars_prompt: what a play wants to be told before it runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from provisioner.errors import LoadError
from provisioner.language.play import Play, Playbook, Prompt

if TYPE_CHECKING:
    from provisioner.reporters import Redactor


def answered(
    playbooks: Sequence[Playbook], extra: Mapping[str, Any], redactor: Redactor
) -> list[Playbook]:
    """The playbooks with the answers as variables of their plays. What --extra-vars gives is not
    asked for; private answers are masked in reports. An answer is text, never a template."""
    return [
        replace(playbook, plays=tuple(_play(play, extra, redactor) for play in playbook.plays))
        for playbook in playbooks
    ]


def _play(play: Play, extra: Mapping[str, Any], redactor: Redactor) -> Play:
    answers = {p.name: _ask(p, redactor) for p in play.prompts if p.name not in extra}
    return replace(play, vars={**play.vars, **answers}) if answers else play


def _ask(prompt: Prompt, redactor: Redactor) -> Any:
    if not sys.stdin.isatty():
        if prompt.default is None:
            hint = f"give it with -e {prompt.name}=…"
            raise LoadError(f'"{prompt.name}" is asked for, and nobody is there', None, hint)
        return prompt.default
    answer: str = click.prompt(
        prompt.text,
        default=prompt.default if prompt.default is not None else "",
        hide_input=prompt.private,
        confirmation_prompt=prompt.confirm,
        show_default=not prompt.private and prompt.default is not None,
        err=True,
    )
    if prompt.private and answer:
        redactor.add(answer)
    return _encrypted(answer, prompt.encrypt) if prompt.encrypt else answer


def _encrypted(answer: str, scheme: str) -> str:
    from provisioner.language.filters import FILTERS

    short = {"sha512_crypt": "sha512", "sha256_crypt": "sha256", "md5_crypt": "md5"}
    hashed: str = FILTERS["password_hash"](answer, short.get(scheme, scheme))
    return hashed
