"""Argument specs (a role's meta/argument_specs.yml): what is wrong with the values of arguments.

The messages are those that `argument_errors` has in Ansible: playbooks compare them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from provisioner.language.argument_types import FALSE, TRUE, converted, type_name
from provisioner.records import dataclass

Spec = Mapping[str, Mapping[str, Any]]
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def errors(spec: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with `values` under `spec` (name ▶ type, required, choices, …)."""
    checked = _Checked()
    checked.level({name: one or {} for name, one in spec.items()}, dict(values), {}, ())
    if checked.unsupported:
        names = ", ".join(sorted(checked.unsupported))
        supported = list(checked.unsupported.values())[-1]
        checked.errors.append(f"{names}. Supported parameters include: {supported}.")
    return checked.errors


@dataclass
class _Checked:
    """What was found so far. `unsupported` are names that no spec has ▶ those that it has."""

    errors: list[str] = field(default_factory=list)
    unsupported: dict[str, str] = field(default_factory=dict)

    def level(
        self, spec: Spec, values: dict[str, Any], rules: Mapping[str, Any], path: tuple[str, ...]
    ) -> None:
        """Check one level of options; `rules` are those between them, `path` leads here."""
        found = f" found in {' -> '.join(path)}" if path else ""
        spec = {str(name): one if isinstance(one, dict) else {} for name, one in spec.items()}
        self._aliases(spec, values)
        self._unsupported(spec, values, path)
        self._say(_exclusive(rules, values), found)
        for name, one in spec.items():
            if one.get("default") is not None:
                values.setdefault(name, one["default"])
        missing = sorted(n for n, one in spec.items() if one.get("required") and n not in values)
        if missing:
            self.errors.append(f"missing required arguments: {', '.join(missing)}{found}")
        for name, one in spec.items():
            self._type(name, one, values, path)
        for name, one in spec.items():
            if one.get("choices") is not None and name in values:
                self._say(_choice(name, one, values), found)
        self._say(_relations(rules, values), found)
        for name, one in spec.items():
            self._below(name, one, values, path)

    def _say(self, messages: Iterator[str], found: str) -> None:
        self.errors += [message + found for message in messages]

    def _aliases(self, spec: Spec, values: dict[str, Any]) -> None:
        for name, one in spec.items():
            if one.get("default") is not None and one.get("required"):
                self.errors.append(
                    f"internal error: required and default are mutually exclusive for {name}"
                )
            for alias in one.get("aliases") or ():
                if alias in values:
                    values[name] = values[alias]

    def _unsupported(self, spec: Spec, values: Mapping[str, Any], path: tuple[str, ...]) -> None:
        aliases = sorted(alias for one in spec.values() for alias in one.get("aliases") or ())
        supported = ", ".join(sorted(spec)) + (f" ({', '.join(aliases)})" if aliases else "")
        for name in values:
            if name not in spec and name not in aliases:
                self.unsupported[".".join((*path, str(name)))] = supported

    def _type(
        self, name: str, one: Mapping[str, Any], values: dict[str, Any], path: tuple[str, ...]
    ) -> None:
        value = values.get(name)
        if name not in values or (
            value is None and not one.get("required") and one.get("default") is None
        ):
            return
        kind = str(one.get("type") or "str")
        found = f" found in '{' -> '.join(path)}'." if path else ""
        try:
            values[name] = converted(kind, value)
        except TypeError as error:
            self.errors.append(
                f"argument '{name}' is of type {type_name(value)}{found} "
                f"and we were unable to convert to {kind}: {error}"
            )
            return
        if one.get("elements"):
            self._elements(name, str(one["elements"]), values, path)

    def _elements(
        self, name: str, kind: str, values: dict[str, Any], path: tuple[str, ...]
    ) -> None:
        found = f" found in '{' -> '.join(path)}'" if path else ""
        given, good = values[name], []
        if not isinstance(given, list):
            self.errors.append(f"{name}{found}: `elements` goes with `type: list`")
            return
        for value in given:
            try:
                good.append(converted(kind, value))
            except TypeError as error:
                self.errors.append(
                    f"Elements value for option '{name}'{found} is of type {type_name(value)} "
                    f"and we were unable to convert to {kind}: {error}"
                )
        values[name] = good

    def _below(
        self, name: str, one: Mapping[str, Any], values: dict[str, Any], path: tuple[str, ...]
    ) -> None:
        kind, inner = one.get("type"), one.get("options")
        nests = kind == "dict" or (kind == "list" and one.get("elements") == "dict")
        if not nests or inner is None:
            return
        value = values.get(name)
        if value is None and one.get("apply_defaults"):
            value = {}
        if value is None:
            return
        spec = {key: option or {} for key, option in inner.items()}
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                self.level(spec, dict(item), one, (*path, name))
            else:
                self.errors.append(f"value of '{name}' must be of type dict or list of dicts")


def _choice(name: str, one: Mapping[str, Any], values: dict[str, Any]) -> Iterator[str]:
    choices, value = one["choices"], values[name]
    if not isinstance(choices, list | tuple):
        yield f"internal error: choices for argument {name} are not iterable: {choices}"
        return
    listed = ", ".join(map(str, choices))
    if isinstance(value, list):
        wrong = [HIDDEN if one.get("no_log") else str(v) for v in value if v not in choices]
        if wrong:
            said = ", ".join(wrong)
            yield f"value of {name} must be one or more of: {listed}. Got no match for: {said}"
    elif value not in choices and not _meant(value, choices):
        said = HIDDEN if one.get("no_log") else value
        yield f"value of {name} must be one of: {listed}, got: {said}"


def _meant(value: Any, choices: Sequence[Any]) -> bool:
    """Whether a boolean that YAML made of a word (`no`) can mean one choice only."""
    words = {"True": TRUE, "False": FALSE}.get(str(value), ())
    return sum(str(choice).lower() in words for choice in choices) == 1


def _groups(terms: Any) -> list[list[str]]:
    """A list of lists of names; one list alone stands for one of them."""
    if not terms:
        return []
    if not isinstance(terms, list):
        terms = [terms]
    if not any(isinstance(one, list) for one in terms):
        return [[str(one) for one in terms]]
    return [[str(name) for name in (one if isinstance(one, list) else [one])] for one in terms]


def _exclusive(rules: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    groups = _groups(rules.get("mutually_exclusive"))
    broken = ["|".join(group) for group in groups if sum(n in values for n in group) > 1]
    if broken:
        yield f"parameters are mutually exclusive: {', '.join(broken)}"


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
        wanted = [str(one) for one in (needed if isinstance(needed, list) else [needed])]
        missing = [other for other in wanted if values.get(other) is None]
        if values.get(name) is not None and missing:
            yield f"missing parameter(s) required by '{name}': {', '.join(missing)}"


def _required_if(rule: Sequence[Any], values: Mapping[str, Any]) -> Iterator[str]:
    """[NAME, VALUE, [NAMES]]: all of them are needed then; with a fourth, true item: any."""
    if not isinstance(rule, list) or len(rule) < 3 or not isinstance(rule[2], list):
        yield f"internal error: required_if is a list of [name, value, [names]], not {rule}"
        return
    name, value = str(rule[0]), rule[1]
    needed, any_one = [str(one) for one in rule[2]], rule[3:]
    if name not in values or values[name] != value:
        return
    missing = [other for other in needed if other not in values]
    enough = len(missing) < len(needed) if any_one and any_one[0] else not missing
    if not enough:
        word = "any" if any_one and any_one[0] else "all"
        yield f"{name} is {value} but {word} of the following are missing: {', '.join(missing)}"
