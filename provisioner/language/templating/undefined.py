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
    """Return the class of undefined values: Jinja's, with the reason and place of `missing`."""
    from jinja2 import StrictUndefined

    class Missing(StrictUndefined):
        """An undefined value.

        Its attributes and items are undefined too: `a.b.c | default(1)` gives 1.
        """

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
    """Return an undefined value.

    Using it raises Jinja's `UndefinedError` with `reason` and `where`.
    """
    from jinja2 import UndefinedError as JinjaUndefined

    def make_error(text: str | None) -> JinjaUndefined:
        error = JinjaUndefined(text)
        error.__dict__["where"] = where
        return error

    return missing_type()(hint=reason, exc=make_error)  # type: ignore[arg-type]


def reason_of(value: Any) -> tuple[str, Where | None]:
    """Return the reason and the place of an undefined value."""
    error = value._undefined_exception(value._undefined_message)
    return str(error), error.__dict__.get("where")


def is_undefined(value: Any) -> bool:
    """Whether a value is undefined, of this file's class or Jinja's own. Does not import Jinja."""
    return _is_undefined(type(value))  # type: ignore[arg-type]


@cache
def _is_undefined(kind: type) -> bool:
    return hasattr(kind, "_fail_with_undefined_error")


def is_missing(value: Any) -> bool:
    """Whether a value is undefined, of this file's class.

    Jinja makes its own ones for an `if` without `else`.
    """
    return is_undefined(value) and isinstance(value, missing_type())
