"""provision doc: prints the docstrings and parameters of modules, filters, tests and lookups."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click

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
            click.echo(f"{kind}s:")
            click.echo(_wrapped(" ".join(sorted(plugins)), 2))
        return 0
    for name in names:
        click.echo("\n\n".join(_description(name, kinds)))
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
    return click.wrap_text(text, 80, " " * indent, " " * indent)


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
    from provisioner.modules.framework import arguments

    module = find_module(name)
    yield f"module {name}: {inspect.getdoc(module) or ''}"
    aliases: dict[str, list[str]] = {}
    for alias, field in arguments.names(module).items():
        aliases.setdefault(field, []).append(alias)
    texts = _field_docs(module)
    for field, info in module.model_fields.items():
        shown = [word for word in aliases.get(field, [field]) if not word.endswith("_")] or [field]
        first, *others = sorted(shown, key=lambda word: (word != field, word))
        also = f" (or {', '.join(others)})" if others else ""
        default = "required" if info.is_required() else f"default {_plain(info.get_default())}"
        yield f"\n  {first}{also}: {_type(info.annotation)}, {default}"
        if field in texts:
            yield click.wrap_text(texts[field], 96, "      ", "      ")


def _field_docs(model: type) -> dict[str, str]:
    """Field ▶ the docstring below it. pydantic can read these (use_attribute_docstrings), but then
    does so at every start of the tool."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not base.__module__.startswith("provisioner."):
            continue
        [body] = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        for field, text in pairwise(body.body):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                found[field.target.id] = inspect.cleandoc(str(text.value.value))
    return found


def _plain(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return repr(value)


def _type(annotation: Any) -> str:
    """A field's type in a playbook's words."""
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
        parameters = inspect.signature(function)
    except (TypeError, ValueError):
        return
    yield f"  {name}{parameters.replace(return_annotation=inspect.Signature.empty)}"
