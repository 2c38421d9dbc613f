"""Special values of variables: `omit`, pending results, and computed values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provisioner.language.scope import Scope

PLAIN_TYPES = frozenset({str, bool, int, float, type(None)})
"""The types of most values. A value of one of them contains no template."""


class Omit:
    """The type of `omit`: an argument with this value is treated as absent."""

    def __repr__(self) -> str:
        return "omit"


OMIT = Omit()


class Pending:
    """The type of `PENDING`."""


PENDING = Pending()
"""The value of a variable that a task which has not returned yet will register."""


class Lazy:
    """The value of a variable that is computed when it is used."""

    __slots__ = ("_compute",)

    def __init__(self, compute: Callable[[], Any]) -> None:
        self._compute: Callable[..., Any] = compute

    def value(self, scope: Scope) -> Any:
        """Return the value for a template that is rendered in `scope`."""
        return self._compute()


class LazyFromScope(Lazy):
    """The value of a variable that is computed from the scope that uses it.

    One object can serve all tasks.
    """

    __slots__ = ()

    def __init__(self, compute: Callable[[Scope], Any]) -> None:
        self._compute = compute

    def value(self, scope: Scope) -> Any:
        return self._compute(scope)
