"""Templates and contexts of Jinja whose variables stay lazy in files that they include."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2
    from jinja2.runtime import Context


@cache
def lazy_classes() -> tuple[type[jinja2.Template], type[Context]]:
    """Return Jinja's classes for templates and contexts, changed so that variables stay lazy.

    For a template that is included, imported or extended, Jinja copies all variables into a dict.
    That would render every variable.
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
"""The variables that macros of a file can use if it is imported without context."""


def _in_front(own: Mapping[str, Any], variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the variables with other ones in front of them.

    Local variables that are not set yet are left out.
    """
    from jinja2.utils import missing as unset

    own = {name: value for name, value in own.items() if value is not unset}
    return ChainMap(own, variables) if own else variables  # type: ignore[arg-type]
