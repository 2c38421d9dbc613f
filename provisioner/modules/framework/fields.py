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
    """What a class says of a field beside its type: see `parameter`."""

    default: Any = MISSING
    name: str = ""
    aliases: tuple[str, ...] = ()


def parameter(default: Any = MISSING, *, name: str = "", aliases: tuple[str, ...] = ()) -> Any:
    """Declare a field's default, its name in playbooks where Python does not allow it as an
    attribute, and further names. Without a default the parameter is required. Each object gets
    its own copy of a default that is a list or a mapping."""
    return Parameter(default, name, aliases)


@dataclass(frozen=True)
class Private:
    """A private attribute with a value of its own in each object: see `private`."""

    factory: Callable[[], Any]


def private(factory: Callable[[], Any]) -> Any:
    """Declare a private attribute (`_name`) that each object begins with a new `factory()` for."""
    return Private(factory)


@dataclass(frozen=True)
class Before:
    """In Annotated: a function that gets the value before its type is converted.

    It returns the value to convert, or raises ValueError. Editors are told that the parameter
    accepts the type `accepts`, where the function takes more than the annotated type.
    """

    function: Convert
    accepts: Any = None


@dataclass(frozen=True)
class After:
    """In Annotated: a function that gets the converted value and returns the one to use, or raises
    ValueError."""

    function: Convert


@dataclass(frozen=True)
class Field:
    """A parameter as a class declares it."""

    attribute: str
    name: str
    """The name in playbooks."""
    aliases: tuple[str, ...]
    default: Any
    owner: type
    source: str
    """The text of the annotation."""

    @property
    def required(self) -> bool:
        return self.default is MISSING

    @property
    def annotation(self) -> Any:
        """The type that the annotation says."""
        return _evaluated(self.owner.__module__, self.source)


@cache
def _evaluated(module: str, source: str) -> Any:
    holder = SimpleNamespace(__annotations__={"it": source})
    return get_type_hints(holder, vars(sys.modules[module]), include_extras=True)["it"]


class InvalidArguments(ValueError):
    """The arguments do not fit the declared parameters; `findings` is all that is wrong."""

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
    """Typed values by name. Only attributes that begin with an underscore can be changed."""

    extra_arguments: Mapping[str, Any] = _NOTHING
    """The arguments without a field, where the class accepts any."""
    fields_given: frozenset[str] = frozenset()
    """The attributes of fields that the arguments give a value."""

    def __init__(self, /, **arguments: Any) -> None:
        vars(self).update(vars(self.from_arguments(arguments)))

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Self:
        """The object for arguments from a playbook, converted. Raises InvalidArguments."""
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
        """Return the converted values of the arguments; what is wrong with each is added to
        `findings`. `unknown` are names of more arguments, with values that are not known yet."""
        spec = ClassSpec.of(cls)
        arguments, extra = cls.prepare_arguments(arguments), _NOTHING
        if cls.accepts_any():
            extra = {name: arguments[name] for name in arguments if name not in spec.names}
            arguments = {name: arguments[name] for name in arguments if name in spec.names}
        return {**Level(spec, findings).check(arguments, unknown), **extra}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The object with converted values, by the names in playbooks. Raises ValueError."""
        made = cls.__new__(cls)
        own, spec = vars(made), ClassSpec.of(cls)
        own.update(spec.shared_defaults)
        for attribute, factory in spec.factories:
            own[attribute] = factory()
        given = {spec.attributes[name]: values[name] for name in values if name in spec.attributes}
        own.update(given)
        own["fields_given"] = frozenset(given)
        if len(given) < len(values):
            own["extra_arguments"] = {k: values[k] for k in values if k not in spec.attributes}
        made.validate()
        return made

    @classmethod
    def prepare_arguments(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments to check instead of those in the playbook."""
        return arguments

    @classmethod
    def accepts_any(cls) -> bool:
        """Whether arguments without a field are accepted."""
        return False

    def validate(self) -> None:
        """Check how the values fit together; raise ValueError where they do not.

        For a single field define `validate_FIELD`, a class method that gets the converted value
        and returns the one to use: it is called even while other values are still templates.
        """

    def as_dict(
        self,
        *,
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """The values by attribute, then the extra arguments; nested ones are dicts, too."""
        own = vars(self)
        values = {**{name: own[name] for name in fields(type(self))}, **self.extra_arguments}
        return {
            name: value if type(value) in PLAIN_TYPES else _plain(value)
            for name, value in values.items()
            if (include is None or name in include)
            and name not in exclude
            and not (exclude_none and value is None)
        }

    def as_arguments(self) -> dict[str, Any]:
        """The same by the names in playbooks."""
        names = {field.attribute: field.name for field in fields(type(self)).values()}
        return {names.get(name, name): value for name, value in self.as_dict().items()}

    def copy_with(self, **values: Any) -> Self:
        """A copy with other values, which are neither converted nor checked."""
        made = type(self).__new__(type(self))
        vars(made).update({**vars(self), **values})
        return made

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
        own = vars(self)
        values = {**{name: own[name] for name in fields(type(self))}, **self.extra_arguments}
        shown = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return f"{type(self).__name__}({shown})"


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
    """The fields of a class by attribute, those of its bases first."""
    found: dict[str, Field] = {}
    for base in reversed(cls.__mro__):
        if not issubclass(base, Parameters) or base is Parameters:
            continue
        for attribute, source in get_annotations(base).items():
            if not attribute.startswith("_") and not source.startswith("ClassVar"):
                found[attribute] = _field(base, attribute, source)
    return found


def _field(owner: type[Parameters], attribute: str, source: str) -> Field:
    declared = vars(owner).get(attribute, MISSING)
    if not isinstance(declared, Parameter):
        declared = Parameter(declared)
    name = declared.name or attribute
    return Field(attribute, name, declared.aliases, declared.default, owner, source)


@cache
def descriptions(cls: type[Parameters]) -> Mapping[str, str]:
    """The docstrings below the fields, by attribute."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if not issubclass(base, Parameters) or base is Parameters:
            continue
        [body] = ast.parse(dedent(getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        for statement, below in pairwise(body.body):
            match statement, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=t)):
                    found[name] = cleandoc(str(t))
    return {name: found[name] for name in fields(cls) if name in found}


class ClassSpec:
    """The spec that the fields of a class are, for `Level`."""

    rules: Mapping[str, Any] = _NOTHING
    defaults: Mapping[str, Any] = _NOTHING

    def __init__(self, cls: type[Parameters]) -> None:
        self._class = cls
        self._fields = {field.name: field for field in fields(cls).values()}
        self._options: dict[str, Option] = {}
        self.attributes = {name: field.attribute for name, field in self._fields.items()}
        aliases = {a: name for name, field in self._fields.items() for a in field.aliases}
        self.names = aliases | {name: name for name in self._fields}
        self.required = [name for name, field in self._fields.items() if field.required]
        defaults = {field.attribute: field.default for field in self._fields.values()}
        self.shared_defaults = {
            attribute: default
            for attribute, default in defaults.items()
            if default is not MISSING and not isinstance(default, dict | list)
        }
        self.factories: list[tuple[str, Callable[[], Any]]] = [
            *(
                (a, default.copy)
                for a, default in defaults.items()
                if isinstance(default, dict | list)
            ),
            *_private_factories(cls),
        ]

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
        if validate is None:
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
    """The option for values of an annotated type."""
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
    """A type or None. Where there are several types a function in Annotated decides."""
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
    """All of an option's conversions in one function, for values inside a list or a mapping."""

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
