"""Plain dicts and lists from values that templates work with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.language.special_values import PLAIN_TYPES
from provisioner.language.templating.template import TemplateError, UndefinedError
from provisioner.language.templating.undefined import is_missing, reason_of


class ComputedMapping(Mapping[str, Any]):
    """A mapping that computes its values when they are read, such as variables and `hostvars`."""

    __slots__ = ()

    def listed(self) -> Iterable[tuple[str, Any]]:
        """Return the pairs of a full listing."""
        return self.items()

    def __repr__(self) -> str:
        return repr(plain_data(self))


def plain_data(value: Any) -> Any:
    """Return `value` with plain dicts and lists, for JSON, results and messages.

    They replace computed mappings and tuples. Raises TemplateError if the value contains an
    undefined value, or itself.
    """
    if type(value) in PLAIN_TYPES:
        return value
    try:
        return _plain_data(value)
    except RecursionError:
        raise TemplateError("variables refer to each other without end", None) from None


def _plain_data(value: Any) -> Any:
    """Convert the value as `plain_data` does, but do not find values that contain themselves."""
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, ComputedMapping):
        return {key: _plain_data(item) for key, item in value.listed()}
    if isinstance(value, dict):
        return {key: _plain_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_data(item) for item in value]
    if is_missing(value):
        raise UndefinedError(*reason_of(value))
    return value
