"""Undefined values: variables that a scope does not have, or that can't be computed.

Using one raises an error with the reason. The filter `default` and the tests `defined` and
`undefined` accept it. Jinja is imported when the first undefined value is made.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from provisioner.where import Where

if TYPE_CHECKING:
    import jinja2


@cache
def missing_type() -> type[jinja2.StrictUndefined]:
    from jinja2 import StrictUndefined

    class Missing(StrictUndefined):
        """Undefined that stays so under attributes, for `a.b.c | default(1)`."""

        __slots__ = ()

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return self

        def __getitem__(self, key: Any) -> Any:
            return self

        def _fail_with_undefined_error(self, *args: Any, **kwargs: Any) -> NoReturn:
            raise self._undefined_exception(self._undefined_message)

        __iter__ = __str__ = __len__ = _fail_with_undefined_error
        __eq__ = __ne__ = __bool__ = __hash__ = _fail_with_undefined_error

    return Missing


def missing(reason: str, where: Where | None) -> Any:
    """The value of a variable that can't be had: whoever uses it gets the reason and the place,
    `default` and the tests for being defined take it as undefined."""
    from jinja2 import UndefinedError as JinjaUndefined

    def raised(text: str | None) -> JinjaUndefined:
        error = JinjaUndefined(text)
        error.__dict__["where"] = where
        return error

    return missing_type()(hint=reason, exc=raised)  # type: ignore[arg-type]


def reason_of(value: Any) -> tuple[str, Where | None]:
    """Why a value is missing, and where."""
    error = value._undefined_exception(value._undefined_message)
    return str(error), error.__dict__.get("where")


def is_undefined(value: Any) -> bool:
    """Whether it is something undefined, ours or Jinja's own; imports nothing to see that."""
    return _is_undefined(type(value))  # type: ignore[arg-type]


@cache
def _is_undefined(kind: type) -> bool:
    return hasattr(kind, "_fail_with_undefined_error")


def is_missing(value: Any) -> bool:
    return is_undefined(value) and isinstance(value, missing_type())
