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
    from provisioner.language.scope import Scope
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
    wanted = [prompt for prompt in play.prompts if prompt.name not in extra]
    if not wanted:
        return play
    from provisioner.language.templating.template import TemplateError
    from provisioner.loading.static_vars import StaticVars

    scope = StaticVars.of(play, extra).scope()
    answers = {}
    for prompt in wanted:
        try:
            answers[prompt.name] = _answer(_rendered(prompt, scope), scope, redactor)
        except TemplateError as error:
            raise LoadError(f"vars_prompt: {error.reason}", prompt.where) from None
    return replace(play, vars={**play.vars, **answers})


def _rendered(prompt: Prompt, scope: Scope) -> Prompt:
    """The prompt without templates; these may use what is known before any host."""
    from provisioner.loading.keywords import flag

    said = {name: scope.render(value) for name, value in vars(prompt).items() if name != "where"}
    flags = {name: flag(said[name], name, prompt.where) for name in ("private", "confirm")}
    return replace(prompt, **{**said, **flags})


def _answer(prompt: Prompt, scope: Scope, redactor: Redactor) -> Any:
    """What is typed, or the default where nothing is or nobody is there; always text."""
    default = None if prompt.default is None else str(prompt.default)
    if not sys.stdin.isatty():
        if default is None:
            hint = f"give it with -e {prompt.name}=…"
            raise LoadError(f'"{prompt.name}" is asked for, and nobody is there', None, hint)
        return _crypted(default, prompt, scope)
    answer: str = click.prompt(
        str(prompt.text),
        default=default or "",
        hide_input=prompt.private,
        confirmation_prompt=prompt.confirm,
        show_default=not prompt.private and default is not None,
        err=True,
    )
    if prompt.private and answer:
        redactor.add(answer)
    return _crypted(answer, prompt, scope)


def _crypted(answer: str, prompt: Prompt, scope: Scope) -> Any:
    """The answer, or its hash where the prompt names a kind of these (`encrypt`)."""
    if not prompt.encrypt:
        return answer
    from provisioner.loading.keywords import expression

    own = {"typed": answer, "kind": prompt.encrypt, "salt": prompt.salt, "size": prompt.salt_size}
    return scope.with_layers(own).render(expression(_HASH, prompt.where))


_HASH = "typed | password_hash(kind, salt, size)"
