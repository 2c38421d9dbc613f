"""The Jinja that playbooks get: sandboxed, bounded, strict about what is undefined."""

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
"""Those of the largest number that Python writes down, of 4300 digits."""


@cache
def environment() -> jinja2.Environment:
    """The one Jinja environment of text in playbooks."""
    return make_environment({"keep_trailing_newline": True, "trim_blocks": True})


def make_environment(options: Mapping[str, Any]) -> jinja2.Environment:
    """A strict, sandboxed environment; `options` are Jinja's.

    Lists and dicts may be changed, as in `{% set _ = found.append(x) %}`: they are the template's
    own, for whatever a scope gives is a copy.
    """
    from jinja2.sandbox import SandboxedEnvironment

    from provisioner.language.filters.registry import FILTERS
    from provisioner.language.tests.registry import TESTS

    class Sandbox(SandboxedEnvironment):
        """With a bound to what `*` and `**` may make: a typing error must not eat the memory."""

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            mine = type(obj) in (dict, list) and attr in _ITEMS
            return mine or super().is_safe_attribute(obj, attr, value)

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if _size_of(operator, left, right) > MAX_TEXT:
                raise TemplateError(f"`{operator}` makes more than {MAX_TEXT >> 20} MiB")
            found = super().call_binop(context, operator, left, right)
            if isinstance(found, int) and found.bit_length() > MAX_BITS:
                raise TemplateError(f"`{operator}` makes a number of more than 4300 digits")
            return found

    Sandbox.template_class, Sandbox.context_class = lazy_classes()
    made = Sandbox(
        undefined=missing_type(), extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], **options
    )
    made.finalize = _finalize
    made.filters.update(FILTERS)
    made.tests.update(TESTS)
    made.filters.update({name: _listed(made.filters[name]) for name in _GENERATORS})
    made.globals.clear()
    return made


@cache
def lazy_classes() -> tuple[type[jinja2.Template], type[Context]]:
    """Jinja's classes, but that a template which is included, imported or extended sees the
    variables as they are: Jinja itself makes a dict of them, and so renders every one there is."""
    from jinja2 import Template
    from jinja2.runtime import Context

    class LazyContext(Context):
        """The variables with what the template has set itself in front of them."""

        def get_all(self) -> Mapping[str, Any]:  # type: ignore[override]
            return _over(self.vars, self.parent)

        def derived(self, inner: dict[str, Any] | None = None) -> Context:
            known: Any = _over(inner or {}, self.get_all())
            made = type(self)(self.environment, known, self.name, {})
            made.eval_ctx = self.eval_ctx
            made.blocks.update((name, list(block)) for name, block in self.blocks.items())
            return made

    class LazyTemplate(Template):
        """A template with such a context. Its code has infinite numbers in it as Python prints
        them, where Jinja has worked out what is constant."""

        @classmethod
        def _from_namespace(
            cls,
            environment: jinja2.Environment,
            namespace: MutableMapping[str, Any],
            globals: MutableMapping[str, Any],  # noqa: A002 - Jinja's word
        ) -> Template:
            namespace.update(inf=math.inf, nan=math.nan)
            return super()._from_namespace(environment, namespace, globals)

        def new_context(
            self,
            variables: Mapping[str, Any] | None = None,
            shared: bool = False,
            inner: Mapping[str, Any] | None = None,
        ) -> Context:
            outer: Mapping[str, Any] = {} if variables is None else variables
            known: Any = _over(inner or {}, outer if shared else _over(outer, self.globals))
            return LazyContext(self.environment, known, self.name, self.blocks)

        def _get_default_module(self, ctx: Context | None = None) -> Any:
            if ctx is None:
                return super()._get_default_module()
            return self.make_module({name: ctx.resolve_or_missing(name) for name in IMPORTED})

    return LazyTemplate, LazyContext


IMPORTED = (
    "lookup", "query", "q", "now", "undef", "range", "dict", "namespace", "cycler", "joiner",
)  # fmt: skip
"""What the macros of a file see that is imported without its context."""


def _over(own: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    """`known` with `own` names in front of it; local names that are not set yet are none."""
    from jinja2.utils import missing as unset

    given = {name: value for name, value in own.items() if value is not unset}
    return ChainMap(given, known) if given else known  # type: ignore[arg-type]


_ITEMS = frozenset(("__contains__", "__delitem__", "__getitem__", "__len__", "__setitem__"))
"""What `x[y]` stands on: old roles set keys by `{% set _ = d.__setitem__(k, v) %}`."""


def _size_of(operator: str, left: Any, right: Any) -> float:
    """About how many bytes an operation gives."""
    if operator == "**":
        whole = isinstance(left, int) and isinstance(right, int)
        return left.bit_length() * abs(right) / 8 if whole else 0
    for many, times in ((left, right), (right, left)):
        if isinstance(many, str | list | tuple) and isinstance(times, int):
            return len(many) * max(0, times)
    return 0


def counters(name: str) -> Any:
    """What templates count with in loops: Jinja's `namespace`, `cycler` and `joiner`."""
    from jinja2 import utils

    return getattr(utils, name.capitalize())


_GENERATORS = ("map", "select", "reject", "selectattr", "rejectattr", "batch", "slice", "unique")


def _listed(generator: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that gives a list where Jinja's own gives a generator."""

    @wraps(generator)
    def listed(*args: Any, **kwargs: Any) -> list[Any]:
        return list(generator(*args, **kwargs))

    return listed


def _finalize(value: Any) -> Any:
    return "" if value is None else value
