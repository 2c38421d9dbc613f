"""LOOKUPS: the lookups by name, and how `lookup`, `query` and `with_` loops call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from inspect import signature
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import TemplateError, TemplateRuntimeError, UndefinedError

from provisioner.language.filters.data import is_list
from provisioner.language.lookups import files, general, lists, password, tables, variables
from provisioner.language.lookups.context import LookupContext
from provisioner.language.lookups.terms import Lookup, LookupFailedError
from provisioner.language.plugins import known_plugins, local_plugins
from provisioner.language.templating.template import TemplateError as RenderError
from provisioner.where import nearest, with_hint


def short_name(name: str) -> str:
    """Return a lookup's name without that of its collection."""
    for prefix in ("ansible.builtin.", "ansible.legacy.", "community.general.", "ansible.utils."):
        name = name.removeprefix(prefix)
    return name


def exists(name: str) -> bool:
    """Whether provision, or Ansible with its collections, has a lookup of this name."""
    return short_name(name) in LOOKUPS or known_plugins.is_known("lookup", name)


def query(context: LookupContext, name: str, /, *terms: Any, **options: Any) -> list[Any]:
    """Return the items that a lookup returns, as a list."""
    options.pop("wantlist", None)
    return _run(context, name, list(terms), options) or []


def lookup(context: LookupContext, name: str, /, *terms: Any, **options: Any) -> Any:
    """Return the result of the function `lookup`.

    Strings are joined by commas, a single item is returned alone, others as a list.
    """
    wantlist = options.pop("wantlist", False)
    items = _run(context, name, list(terms), options)
    if wantlist:
        return items or []
    if items is None or not items:
        return items
    if all(isinstance(item, str) for item in items):
        return ",".join(items)
    return items[0] if len(items) == 1 else items


def loop_items(context: LookupContext, name: str, value: Any) -> list[Any]:
    """Return the items of the loop keyword `with_NAME: value`. Raises TemplateError if it fails."""
    if isinstance(value, Mapping) and name == "items":
        value = list(value)
    if isinstance(value, Mapping) and short_name(name) in ("list", "indexed_items"):
        raise RenderError(f"with_{name} needs a list, not a dict")
    terms = value if is_list(value) else [value]
    try:
        return _run(context, name, terms, {}) or []
    except TemplateError as error:
        raise RenderError(f"with_{name}: {error}") from None


def _run(
    context: LookupContext, name: str, terms: list[Any], options: dict[str, Any]
) -> list[Any] | None:
    """Return the items of one lookup.

    Return None if it fails and its option `errors` is warn or ignore.
    """
    short = short_name(name)
    if short not in LOOKUPS and known_plugins.is_known("lookup", name):
        raise LookupFailedError(known_plugins.unsupported_reason("lookup", name))
    if short not in LOOKUPS:
        if reason := local_plugins.unsupported_reason("lookup", name, context.variables):
            raise LookupFailedError(reason)
        hint = nearest(short, LOOKUPS)
        raise LookupFailedError(with_hint(f'there is no lookup "{name}"', hint))
    errors = options.pop("errors", "strict")
    for value in (*terms, *options.values()):
        if isinstance(value, Undefined):
            value._fail_with_undefined_error()
    try:
        return _call(short, context, terms, options)
    except TemplateError as error:
        if errors == "warn":
            context.warn(str(error))
        if errors in ("warn", "ignore"):
            return None
        raise


def _call(
    name: str, context: LookupContext, terms: list[Any], options: dict[str, Any]
) -> list[Any]:
    """Call a lookup with the options that it knows. Its errors get its name.

    As in Ansible, an unknown option is only a warning.
    """
    supported = frozenset(OPTIONS.get(name) or _parameters(LOOKUPS[name]))
    for option in options.keys() - supported:
        reason = f'{name}: there is no option "{option}"'
        context.warn(with_hint(reason, nearest(option, supported)))
    known_options = {option: value for option, value in options.items() if option in supported}
    try:
        return LOOKUPS[name](context, terms, **known_options)
    except UndefinedError:
        raise
    except FileNotFoundError as error:
        raise LookupFailedError(f"{name}: there is no file {error.filename or error}") from None
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise LookupFailedError(f"{name}: {error.strerror or error}{where}") from None
    except TemplateRuntimeError as error:
        raise LookupFailedError(f"{name}: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise LookupFailedError(f"{name}: {error}") from None


@cache
def _parameters(function: Lookup) -> frozenset[str]:
    """Return the options of a lookup that are parameters of its function."""
    return frozenset(signature(function).parameters)


OPTIONS: dict[str, Iterable[str]] = {
    "csvfile": tables.CSV,
    "get_path": ("value", "path"),
    "index_of": ("value", "test", "wanted", "key"),
    "ini": (*tables.INI, "allow_none"),
    "password": password.PASSWORD,
    "random_string": general.RANDOM,
    "sequence": lists.SEQUENCE,
    "template": files.TEMPLATE,
    "to_paths": ("value", "prepend"),
    "url": files.URL,
}
"""The options of lookups whose functions take them as `**options`."""

LOOKUPS: dict[str, Lookup] = {
    "cartesian": lists.nested,
    "collection_version": general.collection_version,
    "config": variables.config,
    "csvfile": tables.csvfile,
    "dict": lists.as_dict,
    "env": files.env,
    "file": files.file,
    "fileglob": files.fileglob,
    "filetree": files.filetree,
    "first_found": files.first_found,
    "flattened": lists.flattened,
    "get_path": general.get_path,
    "index_of": general.index_of,
    "indexed_items": lists.indexed_items,
    "ini": tables.ini,
    "inventory_hostnames": variables.inventory_hostnames,
    "items": lists.items,
    "lines": files.lines,
    "list": lists.as_list,
    "merge_variables": general.merge_variables,
    "nested": lists.nested,
    "password": password.password,
    "pipe": files.pipe,
    "random_choice": lists.random_choice,
    "random_string": general.random_string,
    "sequence": lists.sequence,
    "subelements": lists.subelements,
    "template": files.template,
    "to_paths": general.to_paths,
    "together": lists.together,
    "unvault": files.unvault,
    "url": files.url,
    "varnames": variables.varnames,
    "vars": variables.vars,
}
"""Every lookup by its short name. Each is also a loop: `with_` and its name."""
