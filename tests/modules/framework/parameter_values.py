"""Some eighty values for every parameter of every module, and the record of what each becomes.

`python -m tests.modules.framework.parameter_values` writes the record anew: look at its diff.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from provisioner.language.argument_specs import Findings, Level
from provisioner.modules import MODULES, find_module
from provisioner.modules.framework.fields import ClassSpec, Field, Parameters, fields

RECORD = Path(__file__).with_name("parameter_values.json")


class Str(str):
    pass


class Int(int):
    pass


class Keys(dict[str, Any]):
    pass


class Items(list[Any]):
    pass


VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 5, 420, 1 << 70, 1.0, 1.5, 1e300, float("inf"), Int(3),
    "", "a", "yes", "no", "true", "5", "1.5", "0644", "u=rw,go=r", "preserve", "present", "absent",
    "started", "latest", "always", "a,b, c", "10M", "1h30m", "ü", "\udc80", "a\nb", "../x", "-x",
    "80:80", "/a/b", "http://x/y", b"bytes", Str("a"), Str("present"), (), [], [1], ["a", "b"],
    ["a", 1, None], [True], [1.5], [["a"]], ("a",), Items(["a"]), {"a"}, range(2), {}, {"a": "b"},
    {"a": 1}, {1: "a"}, {"a": None}, {"a": ["b"]}, {"a": True}, Keys(a="b"), [{}], [{"a": "b"}],
    [{"name": "a"}], [{"path": "/dev/a", "rate": "1M"}], {"flags": ["SYN"], "flags_set": "ACK"},
    [{"name": "a", "path": "/a", "link": "/b"}], [{"option": "a", "values": [1]}],
]  # fmt: skip


def classes() -> Iterator[type[Parameters]]:
    """The modules, and the classes in the types of their parameters."""
    waiting: list[Any] = [find_module(name) for name in MODULES]
    seen: set[Any] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, type) and issubclass(part, Parameters):
            if part not in seen:
                yield part
                waiting += [field.annotation for field in fields(part).values()]
            seen.add(part)
        waiting += get_args(part)


def values_for(field: Field) -> list[Any]:
    return [*VALUES, *_choices(field.annotation)]


def _choices(annotation: Any) -> Iterator[Any]:
    """The values of a Literal anywhere in a type."""
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield part
        else:
            yield from _choices(part)


class OneField:
    """A spec with only one field of a class."""

    rules: dict[str, Any] = {}  # noqa: RUF012
    defaults: dict[str, Any] = {}  # noqa: RUF012
    required = ()

    def __init__(self, cls: type[Parameters], field: Field) -> None:
        self.names = {field.name: field.name}
        spec = ClassSpec.of(cls)
        self.options, self.make = spec.options, spec.make


def converted(cls: type[Parameters], field: Field, value: Any) -> str:
    """What a value becomes, with its type; "no" where it is refused."""
    findings = Findings()
    values = Level(OneField(cls, field), findings).check({field.name: value})
    return "no" if findings.count else exact(values[field.name])


def exact(value: Any) -> str:
    """The value and its type, which `==` does not compare: 1 is True, and 1.0."""
    if isinstance(value, Parameters):
        given = {name: exact(getattr(value, name)) for name in sorted(value.fields_given)}
        return f"{type(value).__name__}({given})"
    kind = "" if type(value).__module__ == "builtins" else f"{type(value).__name__}:"
    if isinstance(value, dict):
        items = (f"{exact(key)}: {exact(item)}" for key, item in value.items())
        return f"{kind}{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"{kind}[{', '.join(map(exact, value))}]"
    if isinstance(value, tuple):
        return f"{kind}({', '.join(map(exact, value))})"
    return f"{kind}{value!r}"


def results(cls: type[Parameters]) -> dict[str, list[str]]:
    """What each value becomes, for every field of a class."""
    return {
        f"{cls.__name__}.{attribute}": [converted(cls, field, value) for value in values_for(field)]
        for attribute, field in fields(cls).items()
    }


def recorded() -> dict[str, list[str]]:
    """The recorded results by field."""
    entries = json.loads(RECORD.read_text())
    return {name: entry["results"] for entry in entries for name in entry["fields"]}


def main() -> None:
    """Write the record: each list of results, with the fields that have it."""
    names: dict[tuple[str, ...], list[str]] = {}
    every = {name: row for cls in classes() for name, row in results(cls).items()}
    for name, row in sorted(every.items()):
        names.setdefault(tuple(row), []).append(name)
    lines = [json.dumps({"results": row, "fields": fields}) for row, fields in names.items()]
    RECORD.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
