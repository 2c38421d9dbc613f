"""What modules' parameters are declared with: pydantic's words, and pydantic's judgement.

Importing pydantic and building its models is a third of what a short run costs, and nearly all
arguments of nearly all playbooks are just what the fields say: a string for a string, one of the
words of a Literal. So a class that is declared here is a plain class. `quick` takes arguments
that are right beyond doubt; whatever else there may be about them is for pydantic (`verdict`) to
take, convert or refuse: docs/decisions/0013-quick-starts.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, TypeVar

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

    def get_default(self) -> Any:
        """A value of its own for each object."""
        if self.factory is not None:
            return self.factory()
        return self.default.copy() if isinstance(self.default, dict | list) else self.default


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


class _Validator:
    """A method that looks at fields, or at the whole, until its class is made and knows of it."""

    def __init__(self, method: Any, mode: str, fields: tuple[str, ...] = ()) -> None:
        self.method, self.mode, self.fields = method, mode, fields


def field_validator(*fields: str, mode: Literal["before", "after"] = "after") -> Callable[[F], F]:
    """Mark a class method that takes a field's value and gives it, or raises ValueError."""
    return lambda method: _Validator(method, mode, fields)  # type: ignore[return-value]


def model_validator(*, mode: Literal["before", "after"]) -> Callable[[F], F]:
    """Mark a method that looks at the whole: `before` at what is given, `after` at the object."""
    return lambda method: _Validator(method, mode)  # type: ignore[return-value]


class _Kind(type):
    """What mypy needs to see that such classes can be keys of a cache."""


class Model(metaclass=_Kind):
    """Named values of certain types, which don't change."""

    model_config: ClassVar[Mapping[str, Any]] = {}
    model_fields: ClassVar[Mapping[str, Parameter]] = {}
    """The fields, by name."""
    model_private: ClassVar[Mapping[str, Declared]] = {}
    """The attributes that may change."""
    model_validators: ClassVar[Mapping[str, tuple[str, tuple[str, ...]]]] = {}
    """The methods that look at values: name ▶ mode and fields, none for the whole."""

    model_extra: Mapping[str, Any] = MappingProxyType({})
    """What was given beyond the fields, where the class is open."""
    model_fields_set: frozenset[str] = frozenset()
    """The fields that were given."""

    def __init__(self, /, **given: Any) -> None:
        vars(self).update(vars(self.model_validate(given)))

    def __init_subclass__(cls) -> None:
        validators = {k: v for k, v in vars(cls).items() if isinstance(v, _Validator)}
        for name, validator in validators.items():
            setattr(cls, name, validator.method)
        config, fields, private, methods = _inherited(cls)
        fields |= dict(_fields(cls))
        private |= {k: v for k, v in vars(cls).items() if isinstance(v, Declared)}
        for name in private.keys() & vars(cls).keys():
            delattr(cls, name)
        methods |= {name: (found.mode, found.fields) for name, found in validators.items()}
        cls.model_config = {**config, **vars(cls).get("model_config", {})}
        cls.model_fields = fields
        cls.model_private, cls.model_validators = private, methods

    @classmethod
    def model_validate(cls, given: Mapping[str, Any]) -> Self:
        """The object for the values that are `given`; raises pydantic's ValidationError."""
        from provisioner.modules import quick

        for method in cls.validating("before"):
            given = method(given)
        values = quick.values(cls, given)
        if values is None:
            from provisioner.modules import verdict

            values = verdict.values(cls, given)
        try:
            return cls.model_made(values)
        except (ValueError, AssertionError) as error:
            from provisioner.modules import verdict

            raise verdict.refusal(cls, given, error) from None

    @classmethod
    def validating(cls, mode: str, field: str | None = None) -> Iterator[Callable[[Any], Any]]:
        """The class methods for a field, or those for the whole."""
        for name, (when, fields) in cls.model_validators.items():
            if when == mode and (field in fields if field else not fields):
                yield getattr(cls, name)

    @classmethod
    def model_made(cls, values: Mapping[str, Any]) -> Self:
        """The object with these values of its fields, and the defaults of others; raises what the
        methods do that look at the whole."""
        made = cls.__new__(cls)
        for name, parameter in cls.model_fields.items():
            vars(made)[name] = values[name] if name in values else parameter.get_default()
        for name, declared in cls.model_private.items():
            if declared.default is not MISSING or declared.factory is not None:
                vars(made)[name] = declared.get_default()
        extra = {key: value for key, value in values.items() if key not in cls.model_fields}
        if extra:
            vars(made)["model_extra"] = extra
        vars(made)["model_fields_set"] = frozenset(values) - extra.keys()
        made.model_post_init(None)
        for method in cls.validating("after"):
            made = method(made)
        return made

    def model_post_init(self, context: Any, /) -> None:
        """What an object does when it has its values, before methods look at the whole."""

    def model_dump(
        self,
        *,
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """The values as plain ones, by name."""
        return {
            name: _dumped(value)
            for name, value in {**self.model_values, **self.model_extra}.items()
            if (include is None or name in include)
            and name not in exclude
            and not (exclude_none and value is None)
        }

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same with other values, which nobody looks at."""
        made = type(self).__new__(type(self))
        vars(made).update({**vars(self), **update})
        return made

    @classmethod
    def model_json_schema(cls, **options: Any) -> dict[str, Any]:
        """The JSON Schema of what may be given."""
        from provisioner.modules import verdict

        return verdict.schema(cls, **options)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from provisioner.modules import verdict

        return verdict.core_schema_of(cls, handler)

    @property
    def model_values(self) -> dict[str, Any]:
        """The fields' values, by name."""
        return {name: vars(self)[name] for name in type(self).model_fields}

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in type(self).model_private:
            raise AttributeError(f"{type(self).__name__}.{name} can't be changed")
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, others = vars(self), vars(other)
        return {**mine, "model_fields_set": 0} == {**others, "model_fields_set": 0}

    def __repr__(self) -> str:
        shown = {**self.model_values, **self.model_extra}.items()
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown)})"


def _inherited(
    cls: type[Model],
) -> tuple[dict[str, Any], dict[str, Parameter], dict[str, Declared], dict[str, Any]]:
    config: dict[str, Any] = {}
    fields: dict[str, Parameter] = {}
    private: dict[str, Declared] = {}
    methods: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        if issubclass(base, Model):
            config |= base.model_config
            fields |= base.model_fields
            private |= base.model_private
            methods |= base.model_validators
    return config, fields, private, methods


def _fields(cls: type[Model]) -> Iterator[tuple[str, Parameter]]:
    for name, text in cls.__annotations__.items():
        if name.startswith("_") or text.startswith("ClassVar"):
            continue
        default = vars(cls).get(name, MISSING)
        declared = default if isinstance(default, Declared) else Declared(default)
        if default is not MISSING:
            delattr(cls, name)
        yield name, Parameter(name, cls, text, declared)


def _dumped(value: Any) -> Any:
    if isinstance(value, Model):
        return value.model_dump()
    if isinstance(value, dict):
        return {key: _dumped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_dumped(item) for item in value)
    return value
