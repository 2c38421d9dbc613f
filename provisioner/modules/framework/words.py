"""pydantic's words for declaring fields, as far as modules use them: what `model` and `quick` read
themselves, and `verdict` passes on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

F = TypeVar("F")
MISSING: Any = object()


class AliasChoices(tuple[str, ...]):
    """The names that a field has in playbooks."""

    def __new__(cls, *names: str) -> AliasChoices:
        return super().__new__(cls, names)


class ConfigDict(dict[str, Any]):
    """pydantic's settings for a class; it has those of its bases, too."""


class BeforeValidator:
    """In Annotated: a function that makes of what is given what the type then sees."""

    def __init__(self, function: Callable[[Any], Any], **options: Any) -> None:
        self.function, self.options = function, options

    def quick(self, check: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda value: check(self.function(value))

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        import pydantic

        judge = pydantic.BeforeValidator(self.function, **self.options)
        return judge.__get_pydantic_core_schema__(source, handler)


class AfterValidator:
    """In Annotated: a function that makes the value of what the type has made."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def quick(self, check: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda value: self.function(check(value))

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        import pydantic

        judge = pydantic.AfterValidator(self.function)
        return judge.__get_pydantic_core_schema__(source, handler)


class Declared:
    """What a class says of a field, or of an attribute of its own."""

    def __init__(
        self,
        default: Any = MISSING,
        factory: Callable[[], Any] | None = None,
        aliases: tuple[str, ...] = (),
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        self.default, self.factory, self.aliases = default, factory, aliases
        self.limits = limits or {}

    @property
    def fresh(self) -> bool:
        """Whether each object gets a default of its own."""
        return self.factory is not None or isinstance(self.default, dict | list)

    def get_default(self) -> Any:
        if self.factory is not None:
            return self.factory()
        return self.default.copy() if self.fresh else self.default


def Field(  # noqa: N802 - pydantic's word
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    validation_alias: AliasChoices | str = AliasChoices(),  # noqa: B008 - a constant
    **limits: Any,
) -> Any:
    """A field's default, names in playbooks, and limits (`ge`, `min_length`, `pattern`, …)."""
    names = (validation_alias,) if isinstance(validation_alias, str) else validation_alias
    return Declared(default, default_factory, tuple(names), limits)


def PrivateAttr(  # noqa: N802 - pydantic's word
    default: Any = MISSING, *, default_factory: Callable[[], Any] | None = None
) -> Any:
    """What an object remembers beside its fields; it may change."""
    return Declared(default, default_factory)


class Parameter(Declared):
    """A field of a class."""

    def __init__(self, name: str, owner: type, text: str, declared: Declared) -> None:
        super().__init__(declared.default, declared.factory, declared.aliases, declared.limits)
        self.name, self.owner, self.text = name, owner, text

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it has in playbooks."""
        return tuple(dict.fromkeys((self.name, *self.aliases)))

    def is_required(self) -> bool:
        return self.default is MISSING and self.factory is None

    @property
    def annotation(self) -> Any:
        """The type: what the text of the annotation stands for."""
        return eval(self.text, vars(sys.modules[self.owner.__module__]))  # noqa: S307 - our source


class Validator:
    """A method that looks at fields, or at the whole, until its class is made and knows of it."""

    def __init__(self, method: Any, mode: str, fields: tuple[str, ...] = ()) -> None:
        self.method, self.mode, self.fields = method, mode, fields


def field_validator(*fields: str, mode: Literal["before", "after"] = "after") -> Callable[[F], F]:
    """Mark a class method that takes a field's value and gives it, or raises ValueError."""
    return lambda method: Validator(method, mode, fields)  # type: ignore[return-value]


def model_validator(*, mode: Literal["before", "after"]) -> Callable[[F], F]:
    """Mark a method that looks at the whole: `before` at what is given, `after` at the object."""
    return lambda method: Validator(method, mode)  # type: ignore[return-value]
