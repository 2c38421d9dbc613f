"""provision doc: prints the docstrings and parameters of modules, filters, tests and lookups."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click

from provisioner.cli.messages import show
from provisioner.cli.subcommand import SETTINGS, invoke
from provisioner.errors import UsageError


@click.command("doc", context_settings=SETTINGS)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-l", "--list", "list_names", is_flag=True, help="List all names.")
def command(names: tuple[str, ...], list_names: bool) -> int:
    """Show the description and the parameters of NAME: a module, filter, test or lookup."""
    kinds = _kinds()
    if list_names or not names:
        for kind, plugins in kinds.items():
            show(f"{kind}s:")
            show(_wrapped(" ".join(sorted(plugins)), 2))
        return 0
    for name in names:
        show("\n\n".join(_description(name, kinds)))
    return 0


def main(arguments: list[str]) -> int:
    """Run the subcommand. Return its exit status."""
    return invoke(command, arguments, "provision doc")


def _kinds() -> dict[str, Mapping[str, Any]]:
    from provisioner.language.filters.registry import FILTERS
    from provisioner.language.lookups.registry import LOOKUPS
    from provisioner.language.tests.registry import TESTS
    from provisioner.modules import MODULES

    def without_full_names(plugins: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in plugins.items() if "." not in name}

    return {
        "module": MODULES,
        "filter": without_full_names(FILTERS),
        "test": without_full_names(TESTS),
        "lookup": without_full_names(LOOKUPS),
    }


def _wrapped(text: str, indent: int) -> str:
    """Return the text in lines of up to 80 columns."""
    return click.wrap_text(" ".join(text.split()), 80, " " * indent, " " * indent)


def _description(name: str, kinds: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a description for each kind that has the name. Raises UsageError if none has it."""
    from provisioner.modules import short_name
    from provisioner.where import nearest, with_hint

    short, found = short_name(name), False
    for kind, plugins in kinds.items():
        if short in plugins:
            found = True
            lines = _module(short) if kind == "module" else _function(kind, short, plugins[short])
            yield "\n".join(lines)
    if not found:
        names = [name for plugins in kinds.values() for name in plugins]
        hint = nearest(short, names) or "`provision doc -l` lists all names"
        reason = f'there is no module, filter, test or lookup "{name}"'
        raise UsageError(with_hint(reason, hint))


def _module(name: str) -> Iterator[str]:
    from provisioner.modules import find_module
    from provisioner.modules.framework.fields import descriptions, fields

    module = find_module(name)
    yield f"module {name}: {inspect.getdoc(module) or ''}"
    texts = descriptions(module)
    for attribute, field in fields(module).items():
        also = f" (or {', '.join(sorted(field.aliases))})" if field.aliases else ""
        default = "optional" if field.default is None else f"default {_plain(field.default)}"
        use = "required" if field.required else default
        yield f"\n  {field.name}{also}: {_type(field.annotation)}; {use}"
        if attribute in texts:
            yield _wrapped(texts[attribute], 6)


def _plain(value: Any) -> str:
    """Return a default value as written in YAML."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _type(annotation: Any) -> str:
    """Return the type of a parameter in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0])
    if origin is Literal:
        return "one of " + ", ".join(map(str, parts))
    if origin in (Union, UnionType):
        return " or ".join(_type(part) for part in parts if part is not NoneType)
    return _TYPES.get(origin or annotation, "any value")


_TYPES: dict[Any, str] = {
    str: "text", bool: "true or false", int: "a number", float: "a number",
    tuple: "a list", list: "a list", dict: "a mapping",
}  # fmt: skip


def _function(kind: str, name: str, function: Any) -> Iterator[str]:
    yield f"{kind} {name}: {inspect.getdoc(function) or ''}"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    empty = inspect.Signature.empty
    parameters = [each.replace(annotation=empty) for each in signature.parameters.values()]
    yield f"  {name}{signature.replace(parameters=parameters, return_annotation=empty)}"
