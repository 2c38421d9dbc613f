"""What modules' parameters are declared with: pydantic's words, and pydantic's judgement.

Importing pydantic and building its models is a third of what a short run costs, and nearly all
arguments of nearly all playbooks are just what the fields say: a string for a string, one of the
words of a Literal. So a class that is declared here is a plain class. `quick` takes arguments
that are right beyond doubt; whatever else there may be about them is for pydantic (`verdict`) to
take, convert or refuse: docs/decisions/0013-quick-starts.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from provisioner.language.values import PLAIN_TYPES
from provisioner.modules.framework.words import (
    MISSING,
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Declared,
    Field,
    Parameter,
    PrivateAttr,
    Validator,
    field_validator,
    model_validator,
)

__all__ = [
    "AfterValidator",
    "AliasChoices",
    "BeforeValidator",
    "ConfigDict",
    "Field",
    "Model",
    "Parameter",
    "PrivateAttr",
    "field_validator",
    "model_validator",
]


if TYPE_CHECKING:

    class _Kind(type):
        """What mypy needs to see that such classes can be keys of a cache."""

else:
    _Kind = type


class Model(metaclass=_Kind):
    """Named values of certain types, which don't change."""

    model_config: ClassVar[Mapping[str, Any]] = {}
    model_fields: ClassVar[Mapping[str, Parameter]] = {}
    """The fields, by name."""
    model_private: ClassVar[Mapping[str, Declared]] = {}
    """The attributes that may change."""
    model_validators: ClassVar[Mapping[str, tuple[str, tuple[str, ...]]]] = {}
    """The methods that look at values: name ▶ mode and fields, none for the whole."""
    model_wholes: ClassVar[Mapping[str, tuple[str, ...]]] = {"before": (), "after": ()}
    """Those for the whole, by mode."""
    model_defaults: ClassVar[Mapping[str, Any]] = {}
    """The defaults of fields and private attributes that all objects share."""
    model_fresh: ClassVar[Mapping[str, Declared]] = {}
    """Those that have a default of their own in each object."""

    model_extra: Mapping[str, Any] = MappingProxyType({})
    """What was given beyond the fields, where the class is open."""
    model_fields_set: frozenset[str] = frozenset()
    """The fields that were given."""

    def __init__(self, /, **given: Any) -> None:
        vars(self).update(vars(self.model_validate(given)))

    def __init_subclass__(cls) -> None:
        validators = {k: v for k, v in vars(cls).items() if isinstance(v, Validator)}
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
        cls.model_wholes = {
            mode: tuple(name for name, found in methods.items() if found == (mode, ()))
            for mode in ("before", "after")
        }
        declared: dict[str, Declared] = {**fields, **private}
        cls.model_fresh = {name: one for name, one in declared.items() if one.fresh}
        cls.model_defaults = {
            name: one.default
            for name, one in declared.items()
            if one.default is not MISSING and not one.fresh
        }

    @classmethod
    def model_validate(cls, given: Mapping[str, Any]) -> Self:
        """The object for the values that are `given`; raises pydantic's ValidationError."""
        for method in cls.model_wholes["before"]:
            given = getattr(cls, method)(given)
        values = quick.values(cls, given)
        if values is None:
            from provisioner.modules.framework import verdict

            values = verdict.values(cls, given)
        try:
            return cls.model_made(values)
        except (ValueError, AssertionError) as error:
            from provisioner.modules.framework import verdict

            raise verdict.refusal(cls, given, error) from None

    @classmethod
    def validating(cls, mode: str, field: str) -> Iterator[Callable[[Any], Any]]:
        """The class methods for a field."""
        for name, (when, fields) in cls.model_validators.items():
            if when == mode and field in fields:
                yield getattr(cls, name)

    @classmethod
    def model_made(cls, values: Mapping[str, Any]) -> Self:
        """The object with these values of its fields, and the defaults of others; raises what the
        methods do that look at the whole."""
        known = values.keys() <= cls.model_fields.keys()
        extra = frozenset() if known else values.keys() - cls.model_fields.keys()
        given = {key: values[key] for key in values if key not in extra} if extra else values
        made = cls.__new__(cls)
        own = vars(made)
        own.update(cls.model_defaults)
        for name, declared in cls.model_fresh.items():
            own[name] = declared.get_default()
        own.update(given)
        own["model_fields_set"] = frozenset(given)
        if extra:
            own["model_extra"] = {key: values[key] for key in values if key in extra}
        made.model_post_init(None)
        for method in cls.model_wholes["after"]:
            made = getattr(cls, method)(made)
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
        own, fields = vars(self), type(self).model_fields
        values = {name: own[name] for name in fields if include is None or name in include}
        for name, value in self.model_extra.items():
            if include is None or name in include:
                values[name] = value
        return {
            name: value if type(value) in PLAIN_TYPES else _dumped(value)
            for name, value in values.items()
            if name not in exclude and not (exclude_none and value is None)
        }

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same with other values, which nobody looks at."""
        made = type(self).__new__(type(self))
        vars(made).update({**vars(self), **update})
        return made

    @classmethod
    def model_json_schema(cls, **options: Any) -> dict[str, Any]:
        """The JSON Schema of what may be given."""
        from provisioner.modules.framework import verdict

        return verdict.schema(cls, **options)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from provisioner.modules.framework import verdict

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


from provisioner.modules.framework import quick  # noqa: E402
