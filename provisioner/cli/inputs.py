"""Loads the inputs of a run: command line options ▶ inventory, playbooks and `Options`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from provisioner.cli.find_playbook import find_playbook
from provisioner.cli.inventory_source import inventory_sources
from provisioner.cli.messages import ask
from provisioner.cli.vault_options import vault_secrets
from provisioner.records import dataclass

if TYPE_CHECKING:
    from provisioner.errors import Problem
    from provisioner.language.play import Playbook
    from provisioner.loading.inventory import Inventory
    from provisioner.loading.vault import Vault
    from provisioner.plan import Options
    from provisioner.reporters import Redactor


@dataclass(frozen=True)
class RunArguments:
    """The parsed options and arguments of `provision run`, as attributes."""

    options: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.options[name]

    @property
    def only_lists(self) -> bool:
        """Whether the command only lists or checks, and contacts no host."""
        names = ("syntax_check", "list_hosts", "list_tasks", "list_tags")
        return any(self.options[name] for name in names)


def sources(arguments: RunArguments) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the inventories and of the playbooks, as the command line has them."""
    inventories, first_playbook = inventory_sources(arguments.options)
    return inventories, (*first_playbook, *arguments.playbooks) or ("docker",)


def load(
    arguments: RunArguments,
    retry_hosts: frozenset[str] | None,
    redactor: Redactor,
    report_undecryptable: Callable[[Problem], None],
) -> tuple[Inventory, list[Playbook], Options]:
    """Read all files that the command line names, and ask for passwords and `vars_prompt` answers.

    `retry_hosts` restricts the run to these hosts (--retry). Raises LoadError for invalid input.
    A value that no vault password decrypts is not an error here: it is passed to
    `report_undecryptable`, and a task that uses it fails.
    """
    from provisioner.cli import prompts
    from provisioner.loading.inventory import load_inventory
    from provisioner.loading.playbook import load_playbook
    from provisioner.loading.variables import extra_vars
    from provisioner.lock_owner import this_run
    from provisioner.plan import Options

    vault = _vault(arguments, redactor, report_undecryptable)
    extra = extra_vars(arguments.extra_vars, vault)
    inventories, names = sources(arguments)
    inventory = load_inventory(inventories, vault)
    playbooks = [load_playbook(find_playbook(name), vault, extra) for name in names]
    if not arguments.only_lists:
        playbooks = prompts.ask_vars_prompts(playbooks, extra, redactor)
    options = Options(
        limit=arguments.limit,
        hosts=retry_hosts,
        tags=tag_names(arguments.tags),
        skip_tags=tag_names(arguments.skip_tags),
        extra_vars={**extra, **_passwords(arguments)},
        check=arguments.check,
        diff=arguments.diff,
        forks=arguments.forks,
        verbosity=arguments.verbose,
        become=arguments.become,
        become_user=arguments.become_user,
        become_method=arguments.become_method,
        connection=arguments.connection,
        start_at_task=arguments.start_at_task,
        force_handlers=arguments.force_handlers,
        lock=None if arguments.no_lock else this_run([str(name) for name in names]),
        lock_timeout=arguments.lock_timeout,
        settings={"ssh_words_option": _ssh_words(arguments), "user_option": arguments.user},
    )
    return inventory, playbooks, options


def _ssh_words(arguments: RunArguments) -> tuple[str, ...]:
    """Return the login options in ssh's syntax, for a program that runs ssh itself (rsync)."""
    user = ("-l", arguments.user) if arguments.user else ()
    key = ("-i", arguments.private_key) if arguments.private_key else ()
    checking = "accept-new" if arguments.accept_new_host_keys else "yes"
    host_keys = ("-o", f"StrictHostKeyChecking={checking}")
    return (*shlex.split(arguments.ssh_common_args), *user, *key, *host_keys)


def tag_names(words: Iterable[str]) -> frozenset[str]:
    """Return the tags in the values of a repeatable option.

    A value may have several, with commas between them.
    """
    return frozenset(tag.strip() for word in words for tag in word.split(",") if tag.strip())


def _passwords(arguments: RunArguments) -> dict[str, Any]:
    """Ask for the passwords of all hosts. The login password is the default become password."""
    passwords: dict[str, Any] = {}
    if arguments.ask_pass:
        passwords["ansible_password"] = ask("SSH password", hide_input=True, err=True)
    if arguments.ask_become_pass:
        default = passwords.get("ansible_password")
        hint = " [the SSH password]" if default else ""
        text = f"BECOME password{hint}"
        passwords["ansible_become_password"] = ask(
            text, hide_input=True, err=True, default=default or "", show_default=False
        )
    return passwords


def _vault(
    arguments: RunArguments, redactor: Redactor, report_undecryptable: Callable[[Problem], None]
) -> Vault:
    """Return the vault passwords. Reports mask them and all values that they decrypt."""
    from provisioner.loading.vault import Vault

    secrets = vault_secrets(arguments.options)
    redactor.add([secret.password for secret in secrets])
    return Vault(secrets, redactor.add, report_undecryptable)
