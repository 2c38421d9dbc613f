"""FILTERS: the filters of templates, in addition to the filters of Jinja.

The functions in the other files are plain. Here they get their names and checks: an undefined
argument is an error that names the variable, and other errors name the filter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.exceptions import FilterArgumentError, TemplateRuntimeError

from provisioner.language.filters import (
    data,
    dict_keys,
    formats,
    hashing,
    numbers,
    paths,
    subnets,
    text,
)

Filter = Callable[..., Any]

TAKES_UNDEFINED = {"mandatory", "type_debug"}
"""Filters that accept an undefined value."""

_NAMED_TYPES = (bool, int, float, str, bytes, list, dict)
"""The types that `type_debug` names, in this order."""

DEFINED_ARGUMENTS = {"extract": 2, "ternary": 1}
"""The number of first arguments that must be defined, for filters whose other arguments may be
undefined.
"""


def mandatory(value: Any, msg: str | None = None) -> Any:
    """Return the value, which must be defined. `msg` is the error message if it is not."""
    if isinstance(value, Undefined):
        name = getattr(value, "_undefined_name", None)
        raise TemplateRuntimeError(msg or f'the mandatory variable "{name or ""}" is not defined')
    return value


def ternary(value: Any, true_val: Any, false_val: Any, none_val: Any = None) -> Any:
    """Return the first argument if the value is true, and the second if it is false.

    For null return the third one, if it is given.
    """
    if value is None and none_val is not None:
        return none_val
    return true_val if value else false_val


def type_debug(value: Any) -> str:
    """Return the name of the value's Python type.

    For a subclass of a plain type it is the name of the plain type.
    """
    if isinstance(value, Undefined):
        return "AnsibleUndefined"
    named_types = (kind for kind in _NAMED_TYPES if isinstance(value, kind))
    return next(named_types, type(value)).__name__


def vault(value: Any, *args: Any, **options: Any) -> str:
    """Not supported: encrypt with the command `provision vault`."""
    raise FilterArgumentError("templates can't encrypt: use the command `provision vault`")


def unvault(value: Any, *args: Any, **options: Any) -> str:
    """Not supported: values under `!vault` are decrypted when they are loaded."""
    raise FilterArgumentError("not needed: values under !vault are decrypted when they are loaded")


def _guarded(name: str, function: Filter) -> Filter:
    """Return the function with checks for undefined arguments.

    Its error messages contain the filter's name.
    """
    strict_count = DEFINED_ARGUMENTS.get(name)
    strict = name not in TAKES_UNDEFINED

    @wraps(function)
    def guarded(*args: Any, **options: Any) -> Any:
        if strict:
            for value in (*args[:strict_count], *options.values()):
                if isinstance(value, Undefined):
                    value._fail_with_undefined_error()
        try:
            return function(*args, **options)
        except FilterArgumentError as error:
            raise FilterArgumentError(f"{name}: {error}") from None
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            OSError,
            TypeError,
            ValueError,
        ) as error:
            raise FilterArgumentError(f"{name}: {error}") from None
        except RecursionError:
            raise FilterArgumentError(f"{name}: the value contains itself") from None

    return guarded


def _fresh(function: Filter) -> Filter:
    """Return the function as a filter that Jinja calls in every rendering.

    Jinja calls other filters with constant arguments when it compiles a template.
    """

    @pass_context
    @wraps(function)
    def fresh(_context: Any, *args: Any, **options: Any) -> Any:
        return function(*args, **options)

    return fresh


BUILTIN: dict[str, Filter] = {
    "b64decode": text.b64decode,
    "b64encode": text.b64encode,
    "basename": paths.basename,
    "bool": text.to_bool,
    "checksum": hashing.sha1,
    "combinations": data.combinations,
    "combine": data.combine,
    "comment": text.comment,
    "commonpath": paths.commonpath,
    "dict2items": data.dict2items,
    "difference": data.difference,
    "dirname": paths.dirname,
    "expanduser": paths.expanduser,
    "expandvars": paths.expandvars,
    "extract": data.extract,
    "fileglob": paths.fileglob,
    "flatten": data.flatten,
    "from_json": formats.from_json,
    "from_yaml": formats.from_yaml,
    "from_yaml_all": formats.from_yaml_all,
    "hash": hashing.hashed,
    "human_readable": numbers.human_readable,
    "human_to_bytes": numbers.human_to_bytes,
    "intersect": data.intersect,
    "items2dict": data.items2dict,
    "log": numbers.log,
    "mandatory": mandatory,
    "md5": hashing.md5,
    "normpath": paths.normpath,
    "password_hash": hashing.password_hash,
    "path_join": paths.path_join,
    "permutations": data.permutations,
    "pow": numbers.power,
    "product": data.product,
    "quote": text.quote,
    "random": numbers.random,
    "realpath": paths.realpath,
    "regex_escape": text.regex_escape,
    "regex_findall": text.regex_findall,
    "regex_replace": text.regex_replace,
    "regex_search": text.regex_search,
    "rekey_on_member": data.rekey_on_member,
    "relpath": paths.relpath,
    "root": numbers.root,
    "sha1": hashing.sha1,
    "shuffle": numbers.shuffle,
    "split": text.split,
    "splitext": paths.splitext,
    "strftime": numbers.strftime,
    "subelements": data.subelements,
    "symmetric_difference": data.symmetric_difference,
    "ternary": ternary,
    "to_datetime": numbers.to_datetime,
    "to_json": formats.to_json,
    "to_nice_json": formats.to_nice_json,
    "to_nice_yaml": formats.to_nice_yaml,
    "to_uuid": hashing.to_uuid,
    "to_yaml": formats.to_yaml,
    "type_debug": type_debug,
    "union": data.union,
    "unique": data.unique,
    "unvault": unvault,
    "urldecode": text.urldecode,
    "urlsplit": text.urlsplit,
    "vault": vault,
    "win_basename": paths.win_basename,
    "win_dirname": paths.win_dirname,
    "win_splitdrive": paths.win_splitdrive,
    "zip": data.zipped,
    "zip_longest": data.zip_longest,
}
"""Filters of ansible.builtin."""

GENERAL: dict[str, Filter] = {
    "counter": data.counter,
    "crc32": hashing.crc32,
    "dict": data.dict_of_pairs,
    "dict_kv": data.dict_kv,
    "from_csv": formats.from_csv,
    "from_ini": formats.from_ini,
    "groupby_as_dict": data.groupby_as_dict,
    "json_query": formats.json_query,
    "lists_difference": data.for_many_lists(data.difference),
    "lists_intersect": data.for_many_lists(data.intersect),
    "lists_mergeby": data.lists_mergeby,
    "lists_symmetric_difference": data.for_many_lists(data.symmetric_difference),
    "lists_union": data.for_many_lists(data.union),
    "path_join": paths.path_join,
    "random_mac": numbers.random_mac,
    "to_ini": formats.to_ini,
    "unicode_normalize": text.unicode_normalize,
    "version_sort": text.version_sort,
    **numbers.TIME_UNITS,
}
"""Filters of community.general."""

UTILS: dict[str, Filter] = {
    "get_path": formats.get_path,
    "index_of": formats.index_of,
    "keep_keys": dict_keys.keep_keys,
    "remove_keys": dict_keys.remove_keys,
    "replace_keys": dict_keys.replace_keys,
    "to_paths": formats.to_paths,
    **subnets.FILTERS,
}
"""Filters of ansible.utils; most are also in ansible.netcommon."""

FRESH = {
    "expanduser",
    "expandvars",
    "fileglob",
    "password_hash",
    "random",
    "random_mac",
    "realpath",
    "relpath",
    "shuffle",
    "strftime",
}
"""Filters whose result depends on more than their arguments.

Jinja must not compute them when it compiles a template.
"""

COLLECTIONS = {
    "ansible.utils": UTILS,
    "community.general": GENERAL,
    "ansible.builtin": BUILTIN,
}
"""The collections of filters. Of filters with the same short name, the last one's wins."""


def _named(name: str, function: Filter) -> Filter:
    """Return the filter's function with its checks."""
    guarded = _guarded(name, function)
    return _fresh(guarded) if name in FRESH else guarded


FILTERS: dict[str, Filter] = {
    prefix + name: filter_
    for collection, functions in COLLECTIONS.items()
    for name, filter_ in ((name, _named(name, each)) for name, each in functions.items())
    for prefix in ("", f"{collection}.", "ansible.netcommon." if functions is UTILS else "")
}
"""Every filter by its short and its full name.

A short name means the filter of ansible.builtin if there is one.
"""
