"""Variables: layers of precedence, rendered when something uses them.

A `Scope` has the variables of one task on one host. A variable's templates are rendered on first
use, and the value is kept as long as the scope. Variables that refer to each other in a circle
raise an error that shows the chain of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.language.needs import NeedResult
from provisioner.language.plain_data import ComputedMapping
from provisioner.language.special_values import OMIT, PENDING, PLAIN_TYPES, Lazy
from provisioner.language.templating.render import render
from provisioner.language.templating.template import (
    Template,
    TemplateError,
    UndefinedError,
    map_templates,
)
from provisioner.language.templating.undefined import is_missing, missing, reason_of
from provisioner.language.variable_names import UNLISTED_NAMES

_ABSENT = object()
"""The value of a variable that no layer has."""


class Scope(ComputedMapping):
    """Variables by name. The first layer that has a name decides its value.

    `on_missing` is called with each name that no layer has; it may raise. `context` is set by the
    engine and read by `LazyFromScope` values. `base` is the scope that this one extends.
    """

    __slots__ = ("_base", "_cache", "_layers", "_on_missing", "_rendering", "context")

    def __init__(
        self,
        layers: Sequence[Mapping[str, Any]],
        on_missing: Callable[[str], Any] | None = None,
        context: Any = None,
        base: Scope | None = None,
    ) -> None:
        self._layers = tuple(layers)
        self._on_missing = on_missing
        self.context = context
        self._base = base
        self._cache: dict[str, Any] = {}
        self._rendering: list[str] = []

    @property
    def base(self) -> Scope:
        """The scope without the layers that `with_layers` added, or the scope itself."""
        return self if self._base is None else self._base

    def report_missing(self, name: str) -> None:
        """Call `on_missing` as if a template had used `name` and no layer had it."""
        if self._on_missing is not None:
            self._on_missing(name)

    def __contains__(self, name: object) -> bool:
        if name in self._cache:
            return True
        for layer in self._layers:
            if name in layer:
                return True
        if isinstance(name, str):
            self.report_missing(name)
        return False

    def __getitem__(self, name: str) -> Any:
        value = self._lookup(name)
        if value is _ABSENT:
            raise KeyError(name)
        return value

    def _lookup(self, name: str) -> Any:
        """Return the variable's value, or `_ABSENT`."""
        if name in self._cache:
            return self._cache[name]
        for layer in self._layers:
            if name in layer:
                value = self._cache[name] = self._value(name, layer[name])
                return value
        self.report_missing(name)
        return _ABSENT

    def _value(self, name: str, raw: Any) -> Any:
        """Return the value of a variable, with its templates rendered.

        Raises NeedResult if it is pending, and TemplateError if it refers to itself.
        """
        if type(raw) in PLAIN_TYPES:
            return raw
        if raw is PENDING:
            raise NeedResult
        if name in self._rendering:
            circle = self._rendering[self._rendering.index(name) :]
            chain = " → ".join((*circle, name))
            raise TemplateError(f"variables refer to each other without end: {chain}")
        self._rendering.append(name)
        try:
            if isinstance(raw, Lazy):
                return raw.value(self)
            return map_templates(raw, lambda template: render(template, self))
        except UndefinedError as error:
            return missing(error.reason, error.where)
        finally:
            self._rendering.pop()

    def get(self, name: str, default: Any = None) -> Any:
        """Return the variable's value for the engine, `default` if no layer has it.

        Raises TemplateError if the value can't be rendered.
        """
        value = self._lookup(name)
        if value is _ABSENT:
            return default
        if type(value) not in PLAIN_TYPES and is_missing(value):
            raise TemplateError(*reason_of(value))
        return value

    def __iter__(self) -> Iterator[str]:
        """Yield the names of variables.

        Functions, `hostvars`, `vars` and the like are left out.
        """
        seen: set[str] = set(UNLISTED_NAMES)
        for layer in self._layers:
            for name in tuple(layer):  # a copy: another thread may add to the layer meanwhile
                if name not in seen:
                    seen.add(name)
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def raw(self, name: str) -> Any:
        """Return the variable's value before rendering; None if no layer has it."""
        for layer in self._layers:
            if name in layer:
                return layer[name]
        return None

    def listed(self) -> Iterator[tuple[str, Any]]:
        """Yield each variable with its value.

        If a value can't be rendered, the text of its templates is yielded instead.
        """
        return ((name, self._listed_value(name)) for name in self)

    def _listed_value(self, name: str) -> Any:
        """Return the variable's value, or the text of its templates if it can't be rendered."""
        try:
            value = self[name]
        except TemplateError:
            value = missing("", None)
        if not is_missing(value):
            return value
        return map_templates(self.raw(name), str)

    def with_layers(self, *layers: Mapping[str, Any]) -> Scope:
        """Return a scope with `layers` in front of this one's.

        The first has the highest precedence.
        """
        return Scope((*layers, *self._layers), self._on_missing, self.context, self.base)

    def render(self, value: Any) -> Any:
        """Return `value` with every template in it rendered; other values stay unchanged."""
        if type(value) in PLAIN_TYPES:
            return value
        if type(value) is Template:
            return render(value, self)
        return map_templates(value, lambda template: render(template, self))

    def render_defined(self, value: Any) -> Any:
        """Render `value`, without the items of lists and dicts that need an undefined variable.

        Return an empty list if all of `value` needs one.
        """

        def render_or_omit(template: Template) -> Any:
            try:
                return render(template, self)
            except UndefinedError:
                return OMIT

        rendered = map_templates(value, render_or_omit)
        return [] if rendered is OMIT else rendered

    def holds(self, conditions: Sequence[Template | bool]) -> Template | bool:
        """Return True if all conditions are true, else the first one that is not."""
        for condition in conditions:
            value = render(condition, self) if isinstance(condition, Template) else condition
            bare = isinstance(condition, Template) and condition.expression
            if not (value if bare else _truth(value)):
                return condition
        return True


def _truth(value: Any) -> bool:
    """Whether the value of a condition with `{{ }}` is true.

    It may be text such as "True" or "no".
    """
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false", "no", "off", "0", "none")
    return bool(value)
