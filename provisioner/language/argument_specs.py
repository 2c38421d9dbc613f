"""Check arguments against a spec: the names, types, choices and rules that Ansible knows.

There are two kinds of spec: a role's meta/argument_specs.yml (`errors`), and the fields of a
module (modules/framework/fields.py). The messages are those of ansible-core 2.16
(lib/ansible/module_utils/common/parameters.py): playbooks compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import Any, Protocol

from provisioner.language.argument_types import FALSE, TRUE, converted, type_name
from provisioner.records import dataclass

HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
Path = tuple[str, ...]
"""The names of the options that enclose a level, outermost first."""
Convert = Callable[[Any], Any]
"""Returns the converted value; raises TypeError where the type is wrong, and ValueError where the
value is refused for another reason."""


@dataclass(frozen=True)
class Type:
    """A type: Ansible's name for it, and the function that converts values."""

    name: str
    convert: Convert


@dataclass(frozen=True)
class Option:
    """The rules for converting and checking one argument."""

    type: Type
    nullable: bool = False
    """None is not converted."""
    takes_none: bool = False
    """None is valid even where there are choices."""
    elements: Type | None = None
    """The type of a list's items."""
    choices: Any = None
    inner: Spec | None = None
    """The spec of the mapping that is the value, or of each mapping in the list."""
    before: Convert | None = None
    """Called with the value before its type is converted."""
    after: Convert | None = None
    """Called with the value after all other checks."""
    secret: bool = False
    """Messages do not show the value."""
    apply_defaults: bool = False
    """None means an empty mapping."""


class Spec(Protocol):
    """The options of one level."""

    @property
    def names(self) -> Mapping[str, str]:
        """Each name and alias of an option ▶ the option's name."""

    @property
    def required(self) -> Collection[str]:
        """The options that must be present."""

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The default values, which are checked like other values."""

    @property
    def rules(self) -> Mapping[str, Any]:
        """The rules of the options.

        They are mutually_exclusive, required_together, required_one_of, required_if and
        required_by.
        """

    def options(self, values: Mapping[str, Any]) -> Mapping[str, Option]:
        """Return the options to check, in order, where `values` has values with these names."""

    def make(self, values: dict[str, Any]) -> Any:
        """Return the value of an inner level. Raises ValueError."""


@dataclass(frozen=True)
class Fault:
    """An error in the arguments."""

    message: str
    argument: str | None = None
    """The outermost argument that is wrong, by the name in the playbook; None for several."""


@dataclass
class Findings:
    """The errors found at all levels."""

    faults: list[Fault] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    """Names without an option, with the path to each."""
    supported: str = ""
    """The valid names at the level of the last unsupported name."""

    def add(self, message: str, argument: str | None = None) -> None:
        self.faults.append(Fault(message, argument))

    @property
    def count(self) -> int:
        """The number of errors."""
        return len(self.faults) + len(self.unsupported)


def errors(spec: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Return the errors of `values` under a role's spec (name → type, required, …)."""
    findings = Findings()
    Level(RoleSpec(spec, {}), findings).check(values)
    messages = [fault.message for fault in findings.faults]
    if findings.unsupported:
        names = ", ".join(sorted(findings.unsupported))
        messages.append(f"{names}. Supported parameters include: {findings.supported}.")
    return messages


def supported(spec: Spec) -> str:
    """List the names of a spec's options, and the aliases in parentheses, as Ansible does."""
    names = set(spec.names.values())
    aliases = ", ".join(sorted(spec.names.keys() - names))
    return ", ".join(sorted(names)) + (f" ({aliases})" if aliases else "")


class RoleSpec:
    """A level of a role's spec: `options` and `rules` as they are in YAML."""

    def __init__(self, options: Mapping[str, Any], rules: Mapping[str, Any]) -> None:
        self.rules = rules
        self._entries: dict[str, Mapping[str, Any]] = {
            str(name): entry if isinstance(entry, dict) else {} for name, entry in options.items()
        }
        self.names: dict[str, str] = {}
        for name, entry in self._entries.items():
            self.names |= dict.fromkeys(entry.get("aliases") or (), name)
        self.names |= {name: name for name in self._entries}
        self.required = [name for name, entry in self._entries.items() if entry.get("required")]
        defaults = {name: entry.get("default") for name, entry in self._entries.items()}
        self.defaults = {name: value for name, value in defaults.items() if value is not None}

    def options(self, values: Mapping[str, Any]) -> Mapping[str, Option]:
        return {
            name: self._option(name, entry)
            for name, entry in self._entries.items()
            if name in values or entry.get("apply_defaults")
        }

    def _option(self, name: str, entry: Mapping[str, Any]) -> Option:
        kind, elements = str(entry.get("type") or "str"), entry.get("elements")
        is_nested = kind == "dict" or (kind == "list" and elements == "dict")
        inner = entry.get("options") if is_nested else None
        return Option(
            type_named(kind),
            nullable=not entry.get("required") and name not in self.defaults,
            elements=type_named(str(elements)) if elements else None,
            choices=entry.get("choices"),
            inner=None if inner is None else RoleSpec(inner, entry),
            secret=bool(entry.get("no_log")),
            apply_defaults=bool(entry.get("apply_defaults")),
        )

    def make(self, values: dict[str, Any]) -> Any:
        return values


def type_named(name: str) -> Type:
    """Return one of Ansible's types. For an unknown name its function raises TypeError."""
    return Type(name, partial(converted, name))


class Level:
    """The check of one level of arguments. Its phases and their order are Ansible's."""

    def __init__(
        self, spec: Spec, findings: Findings, path: Path = (), argument: str | None = None
    ) -> None:
        """`path` leads to the level. `argument` is the outermost argument that contains it."""
        self._spec, self._findings, self._path, self._argument = spec, findings, path, argument
        self._path_suffix = f" found in {' -> '.join(path)}" if path else ""
        self._quoted_place = f" found in '{' -> '.join(path)}'" if path else ""
        self._playbook_names: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._wrong: set[str] = set()

    def check(self, arguments: Mapping[str, Any], unknown: Collection[str] = ()) -> dict[str, Any]:
        """Return the converted values by the options' names.

        `unknown` are the names of arguments whose value is not known yet: they are not missing.
        """
        spec, values = self._spec, self._values
        for playbook_name, name in self._names(arguments):
            values[name], self._playbook_names[name] = arguments[playbook_name], playbook_name
        if spec.rules:
            self._report_rules(_exclusive(spec.rules, values))
        self._set_defaults()
        self._check_missing(unknown)
        options = spec.options(values)
        for name, option in options.items():
            if name in values:
                self._convert(name, option)
        for name, option in options.items():
            if option.choices is not None and name in values:
                self._choose(name, option)
        if spec.rules:
            self._report_rules(_relations(spec.rules, values))
        for name, option in options.items():
            if option.inner is not None:
                self._check_inner(name, option, option.inner)
            if option.after is not None and name not in self._wrong:
                self._call(option.after, name)
        return values

    def _report(self, message: str, name: str = "") -> None:
        argument = self._argument or self._playbook_names.get(name)
        self._findings.add(message, argument)
        self._wrong.add(name)

    def _report_rules(self, messages: Iterator[str]) -> None:
        for message in messages:
            self._report(message + self._path_suffix)

    def _names(self, arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield each argument's name in the playbook, and its option's.

        Aliases are last, so that an alias prevails if a playbook has both.
        """
        aliases = []
        for playbook_name in arguments:
            name = self._spec.names.get(playbook_name)
            if name is None:
                self._findings.unsupported.append(".".join((*self._path, str(playbook_name))))
                self._findings.supported = supported(self._spec)
            elif name == playbook_name:
                yield playbook_name, name
            else:
                aliases.append((playbook_name, name))
        yield from aliases

    def _set_defaults(self) -> None:
        for name, default in self._spec.defaults.items():
            if name in self._spec.required:
                rule = f"required and default are mutually exclusive for {name}"
                self._report(f"internal error: {rule}")
            self._values.setdefault(name, default)

    def _check_missing(self, unknown: Collection[str]) -> None:
        absent = {name for name in self._spec.required if name not in self._values}
        absent -= {self._spec.names.get(playbook_name) for playbook_name in unknown}
        if absent:
            listed = ", ".join(sorted(absent))
            self._report(f"missing required arguments: {listed}{self._path_suffix}")

    def _call(self, function: Convert, name: str) -> bool:
        """Replace a value by the function's result; return False if the function refuses it."""
        try:
            self._values[name] = function(self._values[name])
        except ValueError as error:
            self._report(f"{name}: {error}{self._path_suffix}", name)
            return False
        return True

    def _convert(self, name: str, option: Option) -> None:
        if option.before is not None and not self._call(option.before, name):
            return
        value = self._values[name]
        if value is None and option.nullable:
            return
        try:
            self._values[name] = option.type.convert(value)
        except TypeError as error:
            place = f"{self._quoted_place}." if self._path else ""
            self._report(
                f"argument '{name}' is of type {type_name(value)}{place} "
                f"and we were unable to convert to {option.type.name}: {error}",
                name,
            )
            return
        except ValueError as error:
            self._report(f"{name}: {error}{self._path_suffix}", name)
            return
        if option.elements is not None:
            self._convert_elements(name, option.elements)

    def _convert_elements(self, name: str, elements: Type) -> None:
        items, converted_items = self._values[name], []
        if not isinstance(items, list):
            self._report(f"{name}{self._quoted_place}: `elements` goes with `type: list`", name)
            return
        for value in items:
            try:
                converted_items.append(elements.convert(value))
            except TypeError as error:
                self._report(
                    f"Elements value for option '{name}'{self._quoted_place} is of type "
                    f"{type_name(value)} and we were unable to convert to {elements.name}: {error}",
                    name,
                )
            except ValueError as error:
                self._report(f"{name}: {error}{self._path_suffix}", name)
        self._values[name] = converted_items

    def _choose(self, name: str, option: Option) -> None:
        value, choices = self._values[name], option.choices
        if value is None and option.takes_none:
            return
        if not isinstance(choices, list | tuple):
            message = f"internal error: choices for argument {name} are not iterable: {choices}"
            self._report(message + self._path_suffix, name)
            return
        listed = ", ".join(map(str, choices))
        if isinstance(value, list):
            wrong = [HIDDEN if option.secret else str(v) for v in value if v not in choices]
            if wrong:
                unmatched = f"Got no match for: {', '.join(wrong)}{self._path_suffix}"
                self._report(f"value of {name} must be one or more of: {listed}. {unmatched}", name)
        elif value not in choices:
            possible = _choices_for_boolean(value, choices)
            if len(possible) == 1:
                self._values[name] = possible[0]
                return
            refused = f"got: {HIDDEN if option.secret else value}{self._path_suffix}"
            self._report(f"value of {name} must be one of: {listed}, {refused}", name)

    def _check_inner(self, name: str, option: Option, inner: Spec) -> None:
        value = self._values.get(name)
        if value is None and option.apply_defaults:
            value = {}
        if value is None:
            return
        inner_values = []
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                inner_values += self._inner_value(name, inner, item)
            else:
                self._report(f"value of '{name}' must be of type dict or list of dicts", name)
        if name not in self._wrong:
            self._values[name] = inner_values if isinstance(value, list) else inner_values[0]

    def _inner_value(self, name: str, inner: Spec, item: Mapping[str, Any]) -> list[Any]:
        """Return a list with the value of the inner level, or an empty one if it is wrong."""
        count = self._findings.count
        argument = self._argument or self._playbook_names.get(name)
        values = Level(inner, self._findings, (*self._path, name), argument).check(item)
        if self._findings.count == count:
            try:
                return [inner.make(values)]
            except ValueError as error:
                self._report(f"{name}: {error}{self._path_suffix}", name)
        self._wrong.add(name)
        return []


def _choices_for_boolean(value: Any, choices: Sequence[Any]) -> list[Any]:
    """Return the choices that are words for a boolean: YAML reads the word `no` as false."""
    words = {"True": TRUE, "False": FALSE}.get(str(value), ())
    return [choice for choice in choices if str(choice).lower() in words]


def _groups(terms: Any) -> list[list[str]]:
    """Return the groups of names in a rule: a list of lists, or a list that is one group."""
    if not terms:
        return []
    if not isinstance(terms, list):
        terms = [terms]
    if not any(isinstance(term, list) for term in terms):
        return [[str(term) for term in terms]]
    return [[str(name) for name in (term if isinstance(term, list) else [term])] for term in terms]


def _exclusive(rules: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    groups = _groups(rules.get("mutually_exclusive"))
    violated = ["|".join(group) for group in groups if sum(n in values for n in group) > 1]
    if violated:
        yield f"parameters are mutually exclusive: {', '.join(violated)}"


def _relations(rules: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    for group in _groups(rules.get("required_together")):
        if 0 < sum(name in values for name in group) < len(group):
            yield f"parameters are required together: {', '.join(group)}"
    for group in _groups(rules.get("required_one_of")):
        if not any(name in values for name in group):
            yield f"one of the following is required: {', '.join(group)}"
    for rule in rules.get("required_if") or ():
        yield from _required_if(rule, values)
    for name, needed in (rules.get("required_by") or {}).items():
        others = [str(other) for other in (needed if isinstance(needed, list) else [needed])]
        missing = [other for other in others if values.get(other) is None]
        if values.get(name) is not None and missing:
            yield f"missing parameter(s) required by '{name}': {', '.join(missing)}"


def _required_if(rule: Sequence[Any], values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the rule is [NAME, VALUE, [NAMES]]: if NAME has VALUE, all of NAMES are required.

    With a fourth item that is true, one of them is enough.
    """
    if not isinstance(rule, list) or len(rule) < 3 or not isinstance(rule[2], list):
        yield f"internal error: required_if is a list of [name, value, [names]], not {rule}"
        return
    name, value = str(rule[0]), rule[1]
    needed = [str(other) for other in rule[2]]
    one_is_enough = bool(rule[3:] and rule[3])
    if name not in values or values[name] != value:
        return
    missing = [other for other in needed if other not in values]
    met = len(missing) < len(needed) if one_is_enough else not missing
    if not met:
        word = "any" if one_is_enough else "all"
        yield f"{name} is {value} but {word} of the following are missing: {', '.join(missing)}"
