"""The functions that every template may call: `lookup` and its kin, `now`, `undef`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from provisioner.language.lookups.context import LookupContext
from provisioner.language.scope import Scope
from provisioner.language.templating.undefined import missing
from provisioner.language.values import Lazy, LazyFromScope


def functions(context: Callable[[Scope], LookupContext]) -> dict[str, Any]:
    """The functions by name, as a layer of variables; `context` is what lookups see that are called
    in a scope."""

    def _lookup(scope: Scope, name: str, /, *terms: Any, **options: Any) -> Any:
        from provisioner.language.lookups.registry import lookup

        return lookup(context(scope), name, *terms, **options)

    def _query(scope: Scope, name: str, /, *terms: Any, **options: Any) -> Any:
        from provisioner.language.lookups.registry import query

        return query(context(scope), name, *terms, **options)

    return {
        "lookup_context": LazyFromScope(context),
        "lookup": LazyFromScope(lambda scope: partial(_lookup, scope)),
        "query": LazyFromScope(lambda scope: partial(_query, scope)),
        "q": LazyFromScope(lambda scope: partial(_query, scope)),
        "now": Lazy(lambda: _now),
        "undef": Lazy(lambda: _undef),
    }


def _now(utc: bool = False, fmt: str | None = None) -> Any:
    moment = datetime.now(UTC) if utc else datetime.now().astimezone()
    return moment.strftime(fmt) if fmt else moment


def _undef(hint: str = "the variable is required") -> Any:
    """Something undefined: `default` and the tests for being defined take it so."""
    return missing(hint, None)
