"""The Jinja environments of templates: sandboxed, and strict about undefined variables.

The filters and tests of provision are added to those of Jinja. Jinja is imported when the first
environment is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from provisioner.language.templating.lazy_context import lazy_classes
from provisioner.language.templating.template import MAX_TEXT, TemplateError
from provisioner.language.templating.undefined import missing_type

if TYPE_CHECKING:
    import jinja2


MAX_BITS = 14_284
"""Bits of the largest integer that Python prints, of 4300 digits."""


@cache
def environment() -> jinja2.Environment:
    """Return the environment of the templates in playbooks and variables."""
    return make_environment({"keep_trailing_newline": True, "trim_blocks": True})


def make_environment(options: Mapping[str, Any]) -> jinja2.Environment:
    """Return a sandboxed environment with the given options of `jinja2.Environment`.

    Templates may change lists and dicts, as in `{% set _ = names.append(x) %}`: every template gets
    its own copies from a scope.
    """
    from jinja2.sandbox import SandboxedEnvironment

    from provisioner.language.filters.registry import FILTERS
    from provisioner.language.tests.registry import TESTS

    class Sandbox(SandboxedEnvironment):
        """Limits the results of `*` and `**`, so that a mistake cannot fill the memory."""

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            is_item_access = type(obj) in (dict, list) and attr in _ITEM_METHODS
            return is_item_access or super().is_safe_attribute(obj, attr, value)

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if _size_of(operator, left, right) > MAX_TEXT:
                raise TemplateError(f"`{operator}` makes more than {MAX_TEXT >> 20} MiB")
            result = super().call_binop(context, operator, left, right)
            if isinstance(result, int) and result.bit_length() > MAX_BITS:
                raise TemplateError(f"`{operator}` makes a number of more than 4300 digits")
            return result

    Sandbox.template_class, Sandbox.context_class = lazy_classes()
    sandbox = Sandbox(
        undefined=missing_type(), extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], **options
    )
    sandbox.finalize = _none_as_empty
    sandbox.filters.update(FILTERS)
    sandbox.tests.update(TESTS)
    lists = {name: _returning_list(sandbox.filters[name]) for name in _GENERATORS}
    sandbox.filters.update(lists)
    sandbox.globals.clear()
    return sandbox


_ITEM_METHODS = frozenset(("__contains__", "__delitem__", "__getitem__", "__len__", "__setitem__"))
"""Methods that are safe to call by name: roles set keys by `{% set _ = d.__setitem__(k, v) %}`."""


def _size_of(operator: str, left: Any, right: Any) -> float:
    """Return the approximate size in bytes of the result of `*` or `**`; 0 if it is small."""
    if operator == "**":
        are_integers = isinstance(left, int) and isinstance(right, int)
        return left.bit_length() * abs(right) / 8 if are_integers else 0
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int):
            return len(sequence) * max(0, times)
    return 0


def loop_helper(name: str) -> Any:
    """Return Jinja's class `namespace`, `cycler` or `joiner`, which templates use in loops."""
    from jinja2 import utils

    return getattr(utils, name.capitalize())


def limited_range(*bounds: Any) -> range:
    """Return `range(*bounds)`. Raises TemplateError if it has more than `MAX_ITEMS` numbers."""
    from provisioner.language.filters.data import MAX_ITEMS

    numbers = range(*bounds)
    if numbers[MAX_ITEMS:]:
        call = f"range({', '.join(map(str, bounds))})"
        raise TemplateError(
            f"{call} has more than {MAX_ITEMS} numbers; for a random number write"
            " `{{ 99999999 | random(start=1) }}`"
        )
    return numbers


_GENERATORS = ("map", "select", "reject", "selectattr", "rejectattr", "batch", "slice", "unique")


def _returning_list(generator: Callable[..., Any]) -> Callable[..., Any]:
    """Return the filter with a list as its result, in place of a generator."""

    @wraps(generator)
    def returning_list(*args: Any, **kwargs: Any) -> list[Any]:
        return list(generator(*args, **kwargs))

    return returning_list


def _none_as_empty(value: Any) -> Any:
    """Return the text that `{{ value }}` prints: nothing for None."""
    return "" if value is None else value
