"""The options of a run ▶ what a plan is made of: inventory, playbooks, `Options`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from provisioner.cli.bundled import find_playbook
from provisioner.cli.inventory_source import sources
from provisioner.cli.vault_options import secrets
from provisioner.records import dataclass

if TYPE_CHECKING:
    from provisioner.errors import Problem
    from provisioner.language.play import Playbook
    from provisioner.loading.inventory import Inventory
    from provisioner.loading.vault import Vault
    from provisioner.plan import Options
    from provisioner.reporters import Redactor


@dataclass(frozen=True)
class Arguments:
    """The parsed options, by their names."""

    options: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.options[name]

    @property
    def only_lists(self) -> bool:
        """Whether nobody is to be contacted."""
        names = ("syntax_check", "list_hosts", "list_tasks", "list_tags")
        return any(self.options[name] for name in names)


def load(
    given: Arguments,
    again: frozenset[str] | None,
    redactor: Redactor,
    closed: Callable[[Problem], None],
) -> tuple[Inventory, list[Playbook], Options]:
    """Read all that the command line names, and ask for what somebody must type. `again` are the
    only hosts to run on, where it is not None (--retry). `LoadError` for whatever is wrong;
    `closed` is told of values that no vault password opens: they are wrong for who uses them."""
    from provisioner.cli import prompts
    from provisioner.loading.inventory import load_inventory
    from provisioner.loading.playbook import load_playbook
    from provisioner.loading.variables import extra_vars
    from provisioner.plan import Options

    vault = _vault(given, redactor, closed)
    extra = extra_vars(given.extra_vars, vault)
    named, first = sources(given.options)
    inventory = load_inventory(named, vault)
    names = (*first, *given.playbooks) or ("docker",)
    playbooks = [load_playbook(find_playbook(name), vault, extra) for name in names]
    if not given.only_lists:
        playbooks = prompts.answered(playbooks, extra, redactor)
    options = Options(
        limit=given.limit,
        hosts=again,
        tags=tag_names(given.tags),
        skip_tags=tag_names(given.skip_tags),
        extra_vars={**extra, **_passwords(given)},
        check=given.check,
        diff=given.diff,
        forks=given.forks,
        verbosity=given.verbose,
        become=given.become,
        become_user=given.become_user,
        become_method=given.become_method,
        connection=given.connection,
        start_at_task=given.start_at_task,
        force_handlers=given.force_handlers,
        settings={"ssh_words_option": _ssh_words(given), "user_option": given.user},
    )
    return inventory, playbooks, options


def _ssh_words(given: Arguments) -> tuple[str, ...]:
    """The options about logging in, for a program that runs ssh itself (rsync)."""
    checking = "accept-new" if given.accept_new_host_keys else "yes"
    user = ("-l", given.user) if given.user else ()
    key = ("-i", given.private_key) if given.private_key else ()
    known = ("-o", f"StrictHostKeyChecking={checking}")
    return (*shlex.split(given.ssh_common_args), *user, *key, *known)


def tag_names(words: Iterable[str]) -> frozenset[str]:
    """The tags of options that may be given several times, each with several tags."""
    return frozenset(tag.strip() for word in words for tag in word.split(",") if tag.strip())


def _passwords(given: Arguments) -> dict[str, Any]:
    """Ask once, for the whole fleet; the login password is the default for becoming."""
    found: dict[str, Any] = {}
    if given.ask_pass:
        found["ansible_password"] = click.prompt("SSH password", hide_input=True, err=True)
    if given.ask_become_pass:
        default = found.get("ansible_password")
        hint = " [the SSH password]" if default else ""
        text = f"BECOME password{hint}"
        found["ansible_become_password"] = click.prompt(
            text, hide_input=True, err=True, default=default or "", show_default=False
        )
    return found


def _vault(given: Arguments, redactor: Redactor, closed: Callable[[Problem], None]) -> Vault:
    """The vault passwords of the run; whatever they open is masked in all reports."""
    from provisioner.loading.vault import Vault

    passwords = secrets(given.options)
    redactor.add([secret.password for secret in passwords])
    return Vault(passwords, redactor.add, closed)
