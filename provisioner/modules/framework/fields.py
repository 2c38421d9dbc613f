"""Declare parameters: annotated attributes of a class, each with a docstring below it.

    class Timezone(Module):
        name: str | None = None
        \"\"\"The zone, as in /usr/share/zoneinfo.\"\"\"
        hwclock: Literal["local", "UTC"] | None = parameter(None, aliases=("rtc",))
        \"\"\"What the hardware clock keeps.\"\"\"

The annotation is the type; values are converted by Ansible's rules (language/argument_types.py).
A class is read when it is first used, because reading all modules would slow down every start.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from inspect import cleandoc, get_annotations, getsource
from itertools import pairwise
from textwrap import dedent
from types import MappingProxyType, NoneType, SimpleNamespace, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Self,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from provisioner.language.argument_specs import (
    Convert,
    Findings,
    Level,
    Option,
    Type,
    type_named,
)
from provisioner.language.special_values import PLAIN_TYPES
from provisioner.records import dataclass

MISSING: Any = object()
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Parameter:
    """The result of `parameter`."""

    default: Any = MISSING
    name: str = ""
    aliases: tuple[str, ...] = ()


def parameter(default: Any = MISSING, *, name: str = "", aliases: tuple[str, ...] = ()) -> Any:
    """Declare a field with more than a type.

    Without a default the parameter is required. A default that is a list or a mapping is copied for
    each object. `name` is the name in playbooks if it is not the attribute's.
    """
    return Parameter(default, name, aliases)


@dataclass(frozen=True)
class Private:
    """The result of `private`."""

    factory: Callable[[], Any]


def private(factory: Callable[[], Any]) -> Any:
    """Declare a private attribute (`_name`): in each object it begins with a new `factory()`."""
    return Private(factory)


@dataclass(frozen=True)
class Before:
    """In Annotated: a function that gets the value before its type is converted.

    It returns the value to convert, or raises ValueError. `accepts` is the type in the JSON Schema
    if the function accepts more values than the annotated type.
    """

    function: Convert
    accepts: Any = None


@dataclass(frozen=True)
class After:
    """In Annotated: a function that gets the converted value and returns the one to use.

    It may raise ValueError.
    """

    function: Convert


@dataclass(frozen=True)
class Field:
    """A parameter, as a class declares it."""

    attribute: str
    """The name in Python."""
    name: str
    """The name in playbooks."""
    aliases: tuple[str, ...]
    default: Any
    owner: type
    """The class that declares it."""
    source: str
    """The text of the annotation."""

    @property
    def required(self) -> bool:
        return self.default is MISSING

    @property
    def annotation(self) -> Any:
        """The annotated type."""
        return _evaluated(self.owner.__module__, self.source)


@cache
def _evaluated(module: str, source: str) -> Any:
    # get_type_hints for a whole class would evaluate all its annotations; most are never needed.
    holder = SimpleNamespace(__annotations__={"it": source})
    return get_type_hints(holder, vars(sys.modules[module]), include_extras=True)["it"]


class InvalidArguments(ValueError):
    """The arguments do not fit the declared parameters. `findings` has everything that is wrong."""

    def __init__(self, findings: Findings) -> None:
        messages = [fault.message for fault in findings.faults]
        if findings.unsupported:
            names = ", ".join(sorted(findings.unsupported))
            messages.insert(0, f"Unsupported parameters: {names}")
        super().__init__("; ".join(messages))
        self.findings = findings


if TYPE_CHECKING:

    class _Class(type):
        """Tells mypy that classes of this kind are hashable, as keys of a cache."""

else:
    _Class = type


class Parameters(metaclass=_Class):
    """An object with typed values. Only attributes that begin with an underscore can be changed."""

    extra_arguments: Mapping[str, Any] = _NOTHING
    """Arguments that have no field, if the class accepts them."""
    fields_given: frozenset[str] = frozenset()
    """The attributes of the fields that have an argument."""

    def __init__(self, /, **arguments: Any) -> None:
        vars(self).update(vars(self.from_arguments(arguments)))

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Self:
        """Convert and check a playbook's arguments. Raises InvalidArguments."""
        findings = Findings()
        values = cls.check(arguments, findings)
        if findings.count:
            raise InvalidArguments(findings)
        try:
            return cls.from_values(values)
        except InvalidArguments:
            raise
        except ValueError as error:
            findings.add(str(error))
            raise InvalidArguments(findings) from None

    @classmethod
    def check(
        cls, arguments: Mapping[str, Any], findings: Findings, unknown: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return the converted values by their names in playbooks; add errors to `findings`.

        `unknown` are the names of arguments whose value is not known yet.
        """
        spec = ClassSpec.of(cls)
        arguments, extra = cls.prepare_arguments(arguments), _NOTHING
        if cls.accepts_any():
            extra = {name: arguments[name] for name in arguments if name not in spec.names}
            arguments = {name: arguments[name] for name in arguments if name in spec.names}
        return {**Level(spec, findings).check(arguments, unknown), **extra}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Return the object with the values that `check` returned. Raises ValueError."""
        parameters = cls.__new__(cls)
        attributes, spec = vars(parameters), ClassSpec.of(cls)
        attributes.update(spec.shared_defaults)
        for attribute, factory in spec.factories.items():
            attributes[attribute] = factory()
        names = spec.attributes
        by_attribute = {names[name]: values[name] for name in values if name in names}
        attributes.update(by_attribute)
        attributes["fields_given"] = frozenset(by_attribute)
        if len(by_attribute) < len(values):
            attributes["extra_arguments"] = {k: values[k] for k in values if k not in names}
        parameters.validate()
        return parameters

    @classmethod
    def prepare_arguments(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments to check instead of those in the playbook."""
        return arguments

    @classmethod
    def accepts_any(cls) -> bool:
        """Whether arguments without a field are accepted."""
        return False

    def validate(self) -> None:
        """Raise ValueError if the values do not fit together.

        For a single field define the class method `validate_FIELD`, which gets the converted value
        and returns the value to use. It is called even if other values are still templates.
        """

    def as_dict(
        self,
        *,
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """Return the values by attribute, then the extra arguments. Nested objects become dicts."""
        return {
            name: value if type(value) in PLAIN_TYPES else _plain(value)
            for name, value in _values(self).items()
            if (include is None or name in include)
            and name not in exclude
            and not (exclude_none and value is None)
        }

    def as_arguments(self) -> dict[str, Any]:
        """Return the same by the names in playbooks."""
        names = {field.attribute: field.name for field in fields(type(self)).values()}
        return {names.get(name, name): value for name, value in self.as_dict().items()}

    def copy_with(self, **values: Any) -> Self:
        """Return a copy with other values, which are neither converted nor checked."""
        copy = type(self).__new__(type(self))
        vars(copy).update({**vars(self), **values})
        return copy

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            raise AttributeError(f"{type(self).__name__}.{name} can't be changed")
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, others = vars(self), vars(other)
        return {**mine, "fields_given": 0} == {**others, "fields_given": 0}

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in _values(self).items())
        return f"{type(self).__name__}({shown})"


def _values(parameters: Parameters) -> dict[str, Any]:
    attributes = vars(parameters)
    own = {name: attributes[name] for name in fields(type(parameters))}
    return {**own, **parameters.extra_arguments}


def _plain(value: Any) -> Any:
    if isinstance(value, Parameters):
        return value.as_dict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(item) for item in value)
    return value


@cache
def fields(cls: type[Parameters]) -> Mapping[str, Field]:
    """Return the fields of a class by attribute, those of its bases first.

    A ClassVar removes the field of a base.
    """
    by_attribute: dict[str, Field] = {}
    for base in _declaring(cls):
        for attribute, source in get_annotations(base).items():
            if source.startswith("ClassVar"):
                by_attribute.pop(attribute, None)
            elif not attribute.startswith("_"):
                by_attribute[attribute] = _field(base, attribute, source)
    return by_attribute


def _declaring(cls: type[Parameters]) -> Iterator[type[Parameters]]:
    """The classes that declare fields, outermost base first."""
    for base in reversed(cls.__mro__):
        if issubclass(base, Parameters) and base is not Parameters:
            yield base


def _field(owner: type[Parameters], attribute: str, source: str) -> Field:
    declared = vars(owner).get(attribute, MISSING)
    if not isinstance(declared, Parameter):
        declared = Parameter(declared)
    name = declared.name or attribute
    return Field(attribute, name, declared.aliases, declared.default, owner, source)


@cache
def descriptions(cls: type[Parameters]) -> Mapping[str, str]:
    """Return the docstrings below the fields, by attribute."""
    texts: dict[str, str] = {}
    for base in _declaring(cls):
        [body] = ast.parse(dedent(getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        for statement, below in pairwise(body.body):
            match statement, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=t)):
                    texts[name] = cleandoc(str(t))
    return {name: texts[name] for name in fields(cls) if name in texts}


class ClassSpec:
    """The fields of a class as a spec, which `Level` checks arguments against."""

    rules: Mapping[str, Any] = _NOTHING
    defaults: Mapping[str, Any] = _NOTHING

    def __init__(self, cls: type[Parameters]) -> None:
        self._class = cls
        self._fields = {field.name: field for field in fields(cls).values()}
        self._options: dict[str, Option] = {}
        self.attributes = {name: field.attribute for name, field in self._fields.items()}
        aliases = {alias: name for name, field in self._fields.items() for alias in field.aliases}
        self.names = aliases | {name: name for name in self._fields}
        self.required = [name for name, field in self._fields.items() if field.required]
        self.shared_defaults: dict[str, Any] = {}
        """Defaults that are the same in all objects, by attribute."""
        self.factories: dict[str, Callable[[], Any]] = dict(_private_factories(cls))
        """Functions for the values that each object has for itself, by attribute."""
        for field in self._fields.values():
            if isinstance(field.default, dict | list):
                self.factories[field.attribute] = field.default.copy
            elif not field.required:
                self.shared_defaults[field.attribute] = field.default

    @staticmethod
    @cache
    def of(cls: type[Parameters]) -> ClassSpec:
        return ClassSpec(cls)

    def options(self, values: Mapping[str, Any]) -> Mapping[str, Option]:
        known = self._options
        for name in values:
            if name not in known:
                known[name] = self._option(self._fields[name])
        return {name: known[name] for name in values}

    def _option(self, field: Field) -> Option:
        option = option_of(field.annotation)
        validate = getattr(self._class, f"validate_{field.attribute}", None)
        if not callable(validate):  # it may be a field: validate_certs
            return option
        return replace(option, after=_chained(option.after, validate))

    def make(self, values: dict[str, Any]) -> Parameters:
        return self._class.from_values(values)


def _private_factories(cls: type) -> Iterator[tuple[str, Callable[[], Any]]]:
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Private):
                yield name, value.factory


def option_of(annotation: Any) -> Option:
    """Return the option that converts and checks values of an annotated type."""
    parts = get_args(annotation)
    origin = get_origin(annotation) or annotation
    if origin is Annotated:
        return _marked(option_of(parts[0]), parts[1:])
    if origin is Literal:
        return Option(_named(type(parts[0]).__name__), choices=parts)
    if origin in (Union, UnionType):
        return _union(parts)
    if origin in (list, tuple):
        return _sequence(origin, option_of(parts[0]))
    if origin in (dict, Mapping):
        return Option(_mapping(parts))
    if isinstance(origin, type) and issubclass(origin, Parameters):
        return Option(_named("dict"), inner=ClassSpec.of(origin))
    return Option(_named("raw" if origin is Any else origin.__name__))


_named = cache(type_named)


def _marked(option: Option, marks: tuple[Any, ...]) -> Option:
    for mark in marks:
        if isinstance(mark, Before):
            option = replace(option, before=_chained(mark.function, option.before))
        else:
            option = replace(option, after=_chained(option.after, mark.function))
    return option


def _chained(first: Convert | None, second: Convert | None) -> Convert | None:
    if first is None or second is None:
        return first or second
    return lambda value: second(first(value))


def _union(parts: tuple[Any, ...]) -> Option:
    """A type or None. Of several types a function in Annotated chooses (`Before`)."""
    types = [part for part in parts if part is not NoneType]
    option = option_of(types[0]) if len(types) == 1 else Option(_named("raw"))
    if NoneType not in parts:
        return option
    return replace(
        option,
        nullable=True,
        takes_none=True,
        before=_unless_none(option.before),
        after=_unless_none(option.after),
    )


def _unless_none(function: Convert | None) -> Convert | None:
    if function is None:
        return None
    return lambda value: None if value is None else function(value)


def _sequence(kind: type, item: Option) -> Option:
    after = tuple if kind is tuple else None
    if item.inner is not None:
        return Option(_named("list"), elements=item.type, inner=item.inner, after=after)
    elements = None if item.type.name == "raw" else Type(item.type.name, _complete(item))
    return Option(_named("list"), elements=elements, after=after)


def _mapping(parts: tuple[Any, ...]) -> Type:
    to_dict = _named("dict").convert
    if parts[1] is Any:
        return Type("dict", lambda value: {str(k): v for k, v in to_dict(value).items()})
    convert = _complete(option_of(parts[1]))
    return Type("dict", lambda value: {str(k): convert(v) for k, v in to_dict(value).items()})


def _complete(option: Option) -> Convert:
    """Return all conversions of an option as one function, for values in a list or a mapping."""

    def convert(value: Any) -> Any:
        if option.before is not None:
            value = option.before(value)
        if value is None and option.nullable:
            return None
        value = option.type.convert(value)
        if option.elements is not None:
            value = [option.elements.convert(item) for item in value]
        if option.choices is not None and value not in option.choices:
            choices = ", ".join(map(str, option.choices))
            raise ValueError(f"must be one of: {choices}, got: {value}")
        return value if option.after is None else option.after(value)

    simple = Option(option.type)
    return option.type.convert if option == simple else convert
