"""provision inventory: what an inventory says, as ansible-inventory prints it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner import exits
from provisioner.cli.inventory_source import inventory_options, sources
from provisioner.cli.subcommand import SETTINGS, invoke
from provisioner.cli.vault_options import secrets, vault_options

if TYPE_CHECKING:
    from provisioner.loading.inventory_listing import Listing

_PATH = click.Path(path_type=Path)


@click.command("inventory", context_settings=SETTINGS)
@inventory_options
@click.argument("group", required=False)
@click.option("--list", "as_list", is_flag=True, help="All groups, hosts and variables as JSON.")
@click.option("--graph", is_flag=True, help="The tree of groups and hosts (below GROUP).")
@click.option("--host", metavar="NAME", help="All variables of one host.")
@click.option("-l", "--limit", help="Only these hosts (a host pattern).")
@click.option("--vars", "variables", is_flag=True, help="With --graph: variables too.")
@click.option("-y", "--yaml", "as_yaml", is_flag=True, help="YAML instead of JSON.")
@click.option("--export", is_flag=True, help="Variables where they are written.")
@click.option("-e", "--extra-vars", multiple=True, help="Variables: name=value, YAML, @file.")
@click.option("--playbook-dir", type=_PATH, help="Read group_vars and host_vars here too.")
@click.option("--output", type=_PATH, help="Write to this file instead of stdout.")
@vault_options
def command(**options: Any) -> int:
    """Show what INVENTORY says, in the formats of ansible-inventory.

    Nothing is connected to. Templates are shown as they are written, values under !vault encrypted.
    """
    chosen = [name for name in ("as_list", "graph", "host") if options[name]]
    if len(chosen) != 1:
        raise click.UsageError("one of --list, --graph and --host NAME is needed")
    text = _text(_listing(options), options).rstrip("\n") + "\n"
    output = options["output"]
    if output is None:
        click.echo(text, nl=False)
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        click.echo(f"provision: {output} can't be written: {error.strerror}", err=True)
        return exits.NOT_WRITTEN
    return 0


def main(arguments: list[str]) -> int:
    """Parse and carry out; returns the exit status."""
    return invoke(command, arguments, "provision inventory")


def _listing(options: dict[str, Any]) -> Listing:
    from provisioner.loading.inventory import load_inventory
    from provisioner.loading.inventory_listing import Listing
    from provisioner.loading.variables import extra_vars
    from provisioner.loading.vault import Vault

    vault = Vault(secrets(options), sealed=True)
    folder = options["playbook_dir"]
    return Listing(
        load_inventory(sources(options)[0], vault),
        options["limit"],
        options["export"],
        (folder,) if folder else (),
        extra_vars(options["extra_vars"], vault),
    )


def _text(listing: Listing, options: dict[str, Any]) -> str:
    from provisioner.loading.inventory_listing import json_text, yaml_text

    if options["graph"]:
        group = options["group"] or next(iter(sources(options)[1]), "all")
        return listing.graph(group, variables=options["variables"])
    dump = yaml_text if options["as_yaml"] else json_text
    if options["host"]:
        return dump(listing.host(options["host"]))
    return dump(listing.as_nested() if options["as_yaml"] else listing.as_json())
