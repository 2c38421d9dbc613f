"""Render the keywords of plays that are needed before the play has hosts, such as `hosts`.

Only variables of the command line and of the play itself exist at that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.needs import NeedOtherHosts
from provisioner.language.play import Play
from provisioner.language.special_values import OMIT, Lazy
from provisioner.language.templating.template import Template, TemplateError, templates_in
from provisioner.loading import keyword_values
from provisioner.loading import keywords as kw
from provisioner.loading.playbook import strategy
from provisioner.loading.static_vars import StaticVars
from provisioner.plan.run_options import Options

Magic = Mapping[str, Any]
NO_MAGIC: Magic = MappingProxyType({})


class KnownLaterError(LoadError):
    """The keyword needs variables of hosts: it can be rendered only when the play begins."""


def _no_hostvars() -> Any:
    raise NeedOtherHosts


def constant(play: Play, value: Any, options: Options, magic: Magic = NO_MAGIC) -> Any:
    """Render the value of a play's keyword (hosts, serial, …); `omit` becomes None.

    It sees the variables of the command line and of the play, and `magic`. Raises LoadError if
    rendering fails, and KnownLaterError if `hostvars` are needed but `magic` has none.
    """
    if not any(templates_in(value)):
        return value
    scope = StaticVars.of(play, options.extra_vars).scope(
        magic={"hostvars": Lazy(_no_hostvars), **magic}
    )
    try:
        rendered = scope.render(value)
        return None if rendered is OMIT else rendered
    except TemplateError as error:
        raise LoadError(f'the play "{play.title}": {error.reason}', play.where) from None
    except NeedOtherHosts:
        reason = f'the play "{play.title}": hostvars are not known before any host'
        raise KnownLaterError(reason, play.where) from None


def sizes(play: Play, options: Options, magic: Magic = NO_MAGIC) -> list[Any]:
    """Return the batch sizes of `serial`. An entry may be a template, also of a whole list."""
    rendered = (constant(play, item, options, magic) for item in play.serial)
    flat = (size for item in rendered for size in (item if isinstance(item, list) else [item]))
    batch_sizes = [size for size in flat if size is not None]
    keyword_values.batches("serial", batch_sizes, play.where)
    return batch_sizes


def with_rendered_keywords(play: Play, options: Options) -> Play:
    """Return the play with its own keywords rendered: name, strategy, order and the booleans."""

    def flag(value: Any, key: str) -> Any:
        return kw.flag(constant(play, value, options), key, play.where)

    fatal = flag(play.keywords.any_errors_fatal, "any_errors_fatal")
    return replace(
        play,
        name=_name(play, options),
        keywords=replace(play.keywords, any_errors_fatal=fatal),
        strategy=strategy(constant(play, play.strategy, options), play.where),
        order=constant(play, play.order, options),
        gather_facts=flag(play.gather_facts, "gather_facts"),
        force_handlers=flag(play.force_handlers, "force_handlers"),
    )


def _name(play: Play, options: Options) -> Any:
    """Return the rendered name of the play, or its pattern if it has no name.

    A name that can't be rendered yet is returned unchanged.
    """
    name = play.name or play.hosts
    if not isinstance(name, Template):
        return play.name
    try:
        rendered = constant(play, name, options)
    except LoadError:
        return play.name
    return ",".join(map(str, rendered)) if isinstance(rendered, list) else str(rendered)
