"""The functions that every template may call: `lookup` and its kin, `now`, `undef`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from provisioner.language.lookup_context import LookupContext
from provisioner.language.sandbox import missing
from provisioner.language.variables import Lazy


def functions(context: Callable[[], LookupContext]) -> dict[str, Any]:
    """The functions by name, as a layer of variables; `context` is what lookups see."""

    def _lookup(name: str, /, *terms: Any, **options: Any) -> Any:
        from provisioner.language.lookups import lookup

        return lookup(context(), name, *terms, **options)

    def _query(name: str, /, *terms: Any, **options: Any) -> Any:
        from provisioner.language.lookups import query

        return query(context(), name, *terms, **options)

    return {
        "lookup_context": Lazy(context),
        "lookup": Lazy(lambda: _lookup),
        "query": Lazy(lambda: _query),
        "q": Lazy(lambda: _query),
        "now": Lazy(lambda: _now),
        "undef": Lazy(lambda: _undef),
    }


def _now(utc: bool = False, fmt: str | None = None) -> Any:
    moment = datetime.now(UTC) if utc else datetime.now().astimezone()
    return moment.strftime(fmt) if fmt else moment


def _undef(hint: str = "the variable is required") -> Any:
    """Something undefined: `default` and the tests for being defined take it so."""
    return missing(hint, None)
