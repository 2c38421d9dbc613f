"""Keywords of plays that are needed before any host: rendered with what is known by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.play import Play
from provisioner.language.scope import Lazy, NeedOthers
from provisioner.language.templating.template import OMIT, Template, TemplateError, templates_in
from provisioner.loading import keyword_values
from provisioner.loading import keywords as kw
from provisioner.loading.playbook import strategy
from provisioner.loading.static_vars import StaticVars
from provisioner.plan.options import Options

Magic = Mapping[str, Any]
NO_MAGIC: Magic = MappingProxyType({})


class KnownLaterError(LoadError):
    """What a keyword of a play needs is known only when the play begins."""


def _not_yet() -> Any:
    raise NeedOthers


def constant(play: Play, value: Any, options: Options, magic: Magic = NO_MAGIC) -> Any:
    """A keyword of the play that is needed before any host (hosts, serial, …), rendered with the
    variables of the command line and the play, and `magic`; None where it is `omit`. Before any
    host has begun `magic` has no hostvars: `KnownLaterError` where they are needed."""
    if not any(templates_in(value)):
        return value
    scope = StaticVars.of(play, options.extra_vars).scope(
        magic={"hostvars": Lazy(_not_yet), **magic}
    )
    try:
        rendered = scope.render(value)
        return None if rendered is OMIT else rendered
    except TemplateError as error:
        raise LoadError(f'the play "{play.title}": {error.reason}', play.where) from None
    except NeedOthers:
        reason = f'the play "{play.title}": hostvars are not known before any host'
        raise KnownLaterError(reason, play.where) from None


def sizes(play: Play, options: Options, magic: Magic = NO_MAGIC) -> list[Any]:
    """`serial`, each entry of which may be a template, of a list too."""
    rendered = (constant(play, item, options, magic) for item in play.serial)
    every = (size for item in rendered for size in (item if isinstance(item, list) else [item]))
    found = [size for size in every if size is not None]
    keyword_values.batches("serial", found, play.where)
    return found


def settled(play: Play, options: Options) -> Play:
    """The play with those keywords rendered that steer it as a whole, and may be templates."""

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
    """The play's name, or its hosts where it has none, as far as they are known before any host."""
    given = play.name or play.hosts
    if not isinstance(given, Template):
        return play.name
    try:
        rendered = constant(play, given, options)
    except LoadError:
        return play.name
    return ",".join(map(str, rendered)) if isinstance(rendered, list) else str(rendered)
