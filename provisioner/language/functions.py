"""The functions that every template can call: `lookup`, `query`, `q`, `now` and `undef`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from provisioner.language.lookups.context import LookupContext
from provisioner.language.scope import Scope
from provisioner.language.special_values import Lazy, LazyFromScope
from provisioner.language.templating.undefined import missing


def functions(context: Callable[[Scope], LookupContext]) -> dict[str, Any]:
    """Return the functions by name, as a layer of variables.

    `context(scope)` is the `LookupContext` of lookups that templates of the scope call.
    """

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
    """Return the current time as a datetime, or as text in the format `fmt` of strftime."""
    time = datetime.now(UTC) if utc else datetime.now().astimezone()
    return time.strftime(fmt) if fmt else time


def _undef(hint: str = "the variable is required") -> Any:
    """Return an undefined value, whose error message is `hint`."""
    return missing(hint, None)
