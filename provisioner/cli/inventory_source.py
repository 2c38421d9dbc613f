"""The inventory's sources: the argument INVENTORY, or Ansible's repeatable option -i."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click


def inventory_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument INVENTORY and the option -i to a command."""
    option = click.option(
        "-i",
        "--inventory",
        "inventories",
        multiple=True,
        metavar="INVENTORY",
        help="Use this inventory instead of the first argument. May be repeated: inventories are "
        "merged, and the last one wins.",
    )
    return click.argument("inventory", required=False)(option(command))


def inventory_sources(options: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the inventories, and the first argument if -i makes it something else (a playbook).

    Raises click.UsageError if there is no inventory.
    """
    first_argument = options["inventory"]
    if options["inventories"]:
        return options["inventories"], (first_argument,) if first_argument is not None else ()
    if first_argument is None:
        raise click.UsageError("Missing argument 'INVENTORY'.")
    return (first_argument,), ()
