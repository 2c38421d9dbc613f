"""provision inventory: prints an inventory in the formats of ansible-inventory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner import exits
from provisioner.cli.inventory_source import inventory_options, inventory_sources
from provisioner.cli.messages import tell
from provisioner.cli.subcommand import SETTINGS, invoke
from provisioner.cli.vault_options import vault_options, vault_secrets
from provisioner.escaping import escape

if TYPE_CHECKING:
    from provisioner.loading.inventory_listing import Listing

_PATH = click.Path(path_type=Path)


@click.command("inventory", context_settings=SETTINGS)
@inventory_options
@click.argument("group", required=False)
@click.option("--list", "as_list", is_flag=True, help="Print all groups, hosts and variables.")
@click.option("--graph", is_flag=True, help="Print the tree of groups and hosts (below GROUP).")
@click.option("--host", metavar="NAME", help="Print all variables of one host.")
@click.option(
    "-l", "--limit", metavar="PATTERN", help="Print only the hosts that match this pattern."
)
@click.option("--vars", "variables", is_flag=True, help="With --graph: print variables too.")
@click.option("-y", "--yaml", "as_yaml", is_flag=True, help="Print YAML instead of JSON.")
@click.option("--export", is_flag=True, help="Print group variables with their groups.")
@click.option(
    "-e",
    "--extra-vars",
    metavar="VARS",
    multiple=True,
    help="Set variables: name=value, YAML, or @FILE.",
)
@click.option(
    "--playbook-dir",
    type=_PATH,
    metavar="FOLDER",
    help="Read group_vars and host_vars of this folder too.",
)
@click.option("--output", type=_PATH, metavar="FILE", help="Write to this file instead of stdout.")
@vault_options
def command(**options: Any) -> int:
    """Print INVENTORY in the formats of ansible-inventory.

    No host is contacted. Templates are printed as written, and !vault values stay encrypted.
    """
    modes = [name for name in ("as_list", "graph", "host") if options[name]]
    if len(modes) != 1:
        raise click.UsageError("one of --list, --graph and --host NAME is needed")
    text = _text(_listing(options), options).rstrip("\n") + "\n"
    output = options["output"]
    if output is None:
        click.echo(escape(text, lines=True) if sys.stdout.isatty() else text, nl=False)
        return 0
    from provisioner.reporters.atomic_write import write_atomically

    try:
        write_atomically(output, text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        tell(f"provision: {output} can't be written: {error.strerror}")
        return exits.NOT_WRITTEN
    return 0


def main(arguments: list[str]) -> int:
    """Run the subcommand. Return its exit status."""
    return invoke(command, arguments, "provision inventory")


def _listing(options: dict[str, Any]) -> Listing:
    from provisioner.loading.inventory import load_inventory
    from provisioner.loading.inventory_listing import Listing
    from provisioner.loading.variables import extra_vars
    from provisioner.loading.vault import Vault

    vault = Vault(vault_secrets(options), sealed=True)
    folder = options["playbook_dir"]
    return Listing(
        load_inventory(inventory_sources(options)[0], vault),
        options["limit"],
        options["export"],
        (folder,) if folder else (),
        extra_vars(options["extra_vars"], vault),
    )


def _text(listing: Listing, options: dict[str, Any]) -> str:
    from provisioner.loading.inventory_listing import json_text, yaml_text

    if options["graph"]:
        group = options["group"] or next(iter(inventory_sources(options)[1]), "all")
        return listing.graph(group, variables=options["variables"])
    dump = yaml_text if options["as_yaml"] else json_text
    if options["host"]:
        return dump(listing.host(options["host"]))
    return dump(listing.as_nested() if options["as_yaml"] else listing.as_json())
