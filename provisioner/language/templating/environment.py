"""The Jinja environments of templates: sandboxed, and strict about undefined variables.

The filters and tests of provision are added to those of Jinja. Jinja is imported when the first
environment is made.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from provisioner.language.templating.template import MAX_TEXT, TemplateError
from provisioner.language.templating.undefined import missing_type

if TYPE_CHECKING:
    import jinja2
    from jinja2.runtime import Context


MAX_BITS = 14_284
"""Bits of the largest integer that Python prints, of 4300 digits."""


@cache
def environment() -> jinja2.Environment:
    """The environment of the templates in playbooks and variables."""
    return make_environment({"keep_trailing_newline": True, "trim_blocks": True})


def make_environment(options: Mapping[str, Any]) -> jinja2.Environment:
    """A sandboxed environment with the given options of `jinja2.Environment`.

    Templates may change lists and dicts, as in `{% set _ = names.append(x) %}`: a scope gives each
    template copies.
    """
    from jinja2.sandbox import SandboxedEnvironment

    from provisioner.language.filters.registry import FILTERS
    from provisioner.language.tests.registry import TESTS

    class Sandbox(SandboxedEnvironment):
        """Limits the size of what `*` and `**` create, so that a mistake cannot fill the memory."""

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
    environment = Sandbox(
        undefined=missing_type(), extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], **options
    )
    environment.finalize = _none_as_empty
    environment.filters.update(FILTERS)
    environment.tests.update(TESTS)
    lists = {name: _returning_list(environment.filters[name]) for name in _GENERATORS}
    environment.filters.update(lists)
    environment.globals.clear()
    return environment


@cache
def lazy_classes() -> tuple[type[jinja2.Template], type[Context]]:
    """Jinja's classes for templates and contexts, changed so that variables stay lazy.

    Jinja copies all variables into a dict for a template that is included, imported or extended,
    which would render every variable.
    """
    from jinja2 import Template
    from jinja2.runtime import Context

    class LazyContext(Context):
        """A context that looks up variables in the scope, after those that the template set."""

        def get_all(self) -> Mapping[str, Any]:  # type: ignore[override]
            return _in_front(self.vars, self.parent)

        def derived(self, inner: dict[str, Any] | None = None) -> Context:
            variables: Any = _in_front(inner or {}, self.get_all())
            context = type(self)(self.environment, variables, self.name, {})
            context.eval_ctx = self.eval_ctx
            context.blocks.update((name, list(block)) for name, block in self.blocks.items())
            return context

    class LazyTemplate(Template):
        """A template with a `LazyContext`."""

        @classmethod
        def _from_namespace(
            cls,
            environment: jinja2.Environment,
            namespace: MutableMapping[str, Any],
            globals: MutableMapping[str, Any],  # noqa: A002 - Jinja's name
        ) -> Template:
            # Jinja computes constants when it compiles, and writes them as Python prints them.
            namespace.update(inf=math.inf, nan=math.nan)
            return super()._from_namespace(environment, namespace, globals)

        def new_context(
            self,
            variables: Mapping[str, Any] | None = None,
            shared: bool = False,
            inner: Mapping[str, Any] | None = None,
        ) -> Context:
            outer: Mapping[str, Any] = {} if variables is None else variables
            below = outer if shared else _in_front(outer, self.globals)
            all_variables: Any = _in_front(inner or {}, below)
            return LazyContext(self.environment, all_variables, self.name, self.blocks)

        def _get_default_module(self, ctx: Context | None = None) -> Any:
            if ctx is None:
                return super()._get_default_module()
            return self.make_module({name: ctx.resolve_or_missing(name) for name in IMPORTED_NAMES})

    return LazyTemplate, LazyContext


IMPORTED_NAMES = (
    "lookup", "query", "q", "now", "undef", "range", "dict", "namespace", "cycler", "joiner",
)  # fmt: skip
"""The variables that macros can use in a file that is imported without context."""


def _in_front(own: Mapping[str, Any], variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Variables with other ones in front of them. Local variables that are not set yet are left
    out."""
    from jinja2.utils import missing as unset

    own = {name: value for name, value in own.items() if value is not unset}
    return ChainMap(own, variables) if own else variables  # type: ignore[arg-type]


_ITEM_METHODS = frozenset(("__contains__", "__delitem__", "__getitem__", "__len__", "__setitem__"))
"""Methods that are safe to call by name: roles set keys by `{% set _ = d.__setitem__(k, v) %}`."""


def _size_of(operator: str, left: Any, right: Any) -> float:
    """The approximate size in bytes of the result of `*` or `**`; 0 if it is small."""
    if operator == "**":
        are_integers = isinstance(left, int) and isinstance(right, int)
        return left.bit_length() * abs(right) / 8 if are_integers else 0
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int):
            return len(sequence) * max(0, times)
    return 0


def loop_helper(name: str) -> Any:
    """Jinja's global class `namespace`, `cycler` or `joiner`, which templates use in loops."""
    from jinja2 import utils

    return getattr(utils, name.capitalize())


_GENERATORS = ("map", "select", "reject", "selectattr", "rejectattr", "batch", "slice", "unique")


def _returning_list(generator: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that returns a list in place of the generator that Jinja's own returns."""

    @wraps(generator)
    def returning_list(*args: Any, **kwargs: Any) -> list[Any]:
        return list(generator(*args, **kwargs))

    return returning_list


def _none_as_empty(value: Any) -> Any:
    """What `{{ value }}` prints: nothing for None."""
    return "" if value is None else value
