"""Select the hosts of a play and their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioner.errors import LoadError
from provisioner.events import Notice
from provisioner.language.play import Play
from provisioner.loading import host_patterns
from provisioner.loading import keywords as kw
from provisioner.loading.inventory import Inventory
from provisioner.plan.play_keywords import NO_MAGIC, Magic, constant
from provisioner.plan.run_options import Options
from provisioner.where import nearest, with_hint


def hosts_of(
    inventory: Inventory, play: Play, options: Options, magic: Magic = NO_MAGIC
) -> tuple[str, ...]:
    """Return the hosts of a play: its pattern, reduced by --limit and --retry, in its `order`.

    `magic` are magic variables that the pattern may use. Raises LoadError, and KnownLaterError
    if the pattern needs variables of hosts.
    """
    limit = host_patterns.limit(inventory, options.limit) if options.limit else None
    pattern = _pattern(inventory, play, options, magic)
    selected = _ordered(host_patterns.select(inventory, pattern, play.where), play)
    allowed = [names for names in (limit, options.hosts) if names is not None]
    return tuple(host for host in selected if all(host in names for names in allowed))


def _pattern(inventory: Inventory, play: Play, options: Options, magic: Magic) -> Any:
    return constant(play, play.hosts, options, {"groups": inventory.named, **magic})


def unmatched(
    inventory: Inventory, play: Play, options: Options, magic: Magic = NO_MAGIC
) -> Iterator[Notice]:
    """Yield a notice for each part of the play's pattern that matches neither host nor group."""
    pattern = _pattern(inventory, play, options, magic)
    for term, hint in host_patterns.unmatched(inventory, pattern):
        text = f'hosts: "{term}" is neither a host nor a group of the inventory'
        yield Notice(with_hint(text, hint), str(play.where))


def _ordered(hosts: tuple[str, ...], play: Play) -> tuple[str, ...]:
    match play.order:
        case "sorted":
            return tuple(sorted(hosts))
        case "reverse_sorted":
            return tuple(sorted(hosts, reverse=True))
        case "reverse_inventory":
            return hosts[::-1]
        case "shuffle":
            import random

            return tuple(random.sample(hosts, len(hosts)))
        case None | "inventory":
            return hosts
    hint = nearest(str(play.order), kw.ORDERS) or f"one of {', '.join(kw.ORDERS)}"
    raise LoadError(f'there is no order "{play.order}"', play.where, hint)
