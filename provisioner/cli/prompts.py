"""vars_prompt: asks for the values of a play's variables before the run."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from provisioner.cli.messages import ask
from provisioner.errors import LoadError
from provisioner.escaping import escape
from provisioner.language.play import Play, Playbook, Prompt

if TYPE_CHECKING:
    from provisioner.language.scope import Scope
    from provisioner.reporters import Redactor


def ask_vars_prompts(
    playbooks: Sequence[Playbook], extra_vars: Mapping[str, Any], redactor: Redactor
) -> list[Playbook]:
    """Return the playbooks with the answers as variables of their plays.

    Variables in `extra_vars` are not asked for. Private answers are masked in reports. An answer is
    text and never a template. Raises LoadError for an invalid prompt or a missing answer.
    """
    return [
        replace(playbook, plays=tuple(_ask(play, extra_vars, redactor) for play in playbook.plays))
        for playbook in playbooks
    ]


def _ask(play: Play, extra_vars: Mapping[str, Any], redactor: Redactor) -> Play:
    prompts = [prompt for prompt in play.prompts if prompt.name not in extra_vars]
    if not prompts:
        return play
    from provisioner.language.templating.template import TemplateError
    from provisioner.loading.static_vars import StaticVars

    scope = StaticVars.of(play, extra_vars).scope()
    answers = {}
    for prompt in prompts:
        try:
            answers[prompt.name] = _answer(_rendered(prompt, scope), scope, redactor)
        except TemplateError as error:
            raise LoadError(f"vars_prompt: {error.reason}", prompt.where) from None
    return replace(play, vars={**play.vars, **answers})


def _rendered(prompt: Prompt, scope: Scope) -> Prompt:
    """Return the prompt with its templates rendered. They may use variables that need no host."""
    from provisioner.loading.keywords import flag

    values = {name: scope.render(value) for name, value in vars(prompt).items() if name != "where"}
    flags = {name: flag(values[name], name, prompt.where) for name in ("private", "confirm")}
    return replace(prompt, **{**values, **flags})


def _answer(prompt: Prompt, scope: Scope, redactor: Redactor) -> Any:
    """Return the answer as text: the default if nothing is typed or there is no terminal."""
    default = None if prompt.default is None else str(prompt.default)
    if not sys.stdin.isatty():
        if default is None:
            reason = f'vars_prompt asks for "{prompt.name}", but standard input is not a terminal'
            raise LoadError(reason, None, f"set it with -e {prompt.name}=VALUE")
        return _hashed(default, prompt, scope)
    shown_default = "" if prompt.private or default is None else f" [{escape(default)}]"
    answer = ask(
        escape(str(prompt.text), lines=True) + shown_default,
        default=default or "",
        hide_input=prompt.private,
        confirmation_prompt=prompt.confirm,
        show_default=False,
        err=True,
    )
    if prompt.private and answer:
        redactor.add(answer)
    return _hashed(answer, prompt, scope)


def _hashed(answer: str, prompt: Prompt, scope: Scope) -> Any:
    """Return the answer, or its password hash if the prompt has the keyword `encrypt`."""
    if not prompt.encrypt:
        return answer
    from provisioner.loading.keywords import expression

    parameters = {
        "answer": answer,
        "scheme": prompt.encrypt,
        "salt": prompt.salt,
        "salt_size": prompt.salt_size,
    }
    return scope.with_layers(parameters).render(expression(_HASH, prompt.where))


_HASH = "answer | password_hash(scheme, salt, salt_size)"
