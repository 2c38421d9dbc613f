"""The options about vault passwords, for each subcommand that reads YAML."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provisioner.cli.messages import ask
from provisioner.escaping import escape

if TYPE_CHECKING:
    from provisioner.errors import Problem
    from provisioner.events import Notice
    from provisioner.loading.vault import Secret

C = TypeVar("C", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "-J", "--ask-vault-pass", "--ask-vault-password", is_flag=True,
        help="Ask for the vault password.",
    ),
    click.option(
        "--vault-password-file", "--vault-pass-file", "vault_password_files", multiple=True,
        metavar="FILE", default=lambda: _from_environment(),
        help="Read the vault password from this file, or from a program that prints it.",
    ),
    click.option(
        "--vault-id", "vault_ids", multiple=True, metavar="[LABEL@]SOURCE",
        help="Use a vault password with a label. SOURCE is a file, a program, or `prompt`.",
    ),
)  # fmt: skip


def _from_environment() -> tuple[str, ...]:
    """Return ANSIBLE_VAULT_PASSWORD_FILE. click's envvar would split a name with a space."""
    name = os.environ.get("ANSIBLE_VAULT_PASSWORD_FILE")
    return (name,) if name else ()


def vault_options(command: C) -> C:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def vault_secrets(options: Mapping[str, Any], *, new: bool = False) -> tuple[Secret, ...]:
    """Return the passwords that the options name.

    Asks for those with the source `prompt`, twice if they are `new`.
    """
    if not (options["vault_ids"] or options["vault_password_files"] or options["ask_vault_pass"]):
        return ()
    return tuple(_secrets(options, new))


def _secrets(options: Mapping[str, Any], new: bool) -> Iterator[Secret]:
    from provisioner.loading.vault import DEFAULT
    from provisioner.loading.vault_sources import from_file, split_id

    sources = [split_id(vault_id) for vault_id in options["vault_ids"]]
    sources += [(DEFAULT, name) for name in options["vault_password_files"]]
    if options["ask_vault_pass"]:
        sources.append((DEFAULT, "prompt"))
    for label, source in sources:
        if source in ("prompt", "prompt_ask_vault_pass"):
            yield ask_password(label, new=new)
        else:
            yield from_file(label, source)


def ask_password(label: str, *, new: bool = False) -> Secret:
    """Ask for a vault password, twice if it is `new`."""
    from provisioner.loading.vault import DEFAULT, Secret

    text = "New vault password" if new else "Vault password"
    text += "" if label == DEFAULT else f" ({escape(label)})"
    answer = ask(text, hide_input=True, err=True, confirmation_prompt=new)
    return Secret(label, answer.strip().encode())


def undecryptable_notices(problems: Sequence[Problem]) -> Iterator[Notice]:
    """Yield a notice for each reason why values cannot be decrypted, at the first value's place."""
    from provisioner.events import Notice

    places_of_reason: dict[str, dict[str, None]] = {}
    for problem in problems:
        places_of_reason.setdefault(problem.reason, {})[str(problem.where)] = None
    for reason, places in places_of_reason.items():
        first, *others = places
        values = "value" if len(others) == 1 else "values"
        more = f" (and {len(others)} more {values})" if others else ""
        yield Notice(f"{reason}{more}; a task that uses it fails", first)
