"""Where the inventory comes from: the word INVENTORY, or Ansible's -i, which may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click


def inventory_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument INVENTORY and the option -i."""
    named = click.option(
        "-i",
        "--inventory",
        "inventories",
        multiple=True,
        metavar="INVENTORY",
        help="An inventory, instead of the first word; several add up, the last wins.",
    )
    return click.argument("inventory", required=False)(named(command))


def sources(options: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The inventories, and the word that is none: the first one, where -i names inventories."""
    word = options["inventory"]
    if options["inventories"]:
        return options["inventories"], (word,) if word is not None else ()
    if word is None:
        raise click.UsageError("Missing argument 'INVENTORY'.")
    return (word,), ()
