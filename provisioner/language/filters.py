"""FILTERS: what a template can put after `|`, besides the filters of Jinja itself.

The functions are plain; here they get their names, and one guard that is the same for all: an
undefined argument is an error that names the variable, and a value of the wrong kind is an error
that names the filter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.exceptions import FilterArgumentError, TemplateRuntimeError

from provisioner.language import (
    filters_data,
    filters_formats,
    filters_hash,
    filters_keys,
    filters_numbers,
    filters_paths,
    filters_subnets,
    filters_text,
)

Filter = Callable[..., Any]

TAKES_UNDEFINED = {"mandatory", "type_debug"}
"""Filters that are asked about an undefined value itself."""

PLAIN = (bool, int, float, str, bytes, list, dict)
"""The types that type_debug looks for first."""

PASSES_UNDEFINED = {"extract": 2, "ternary": 1}
"""Filters that may be given something undefined to choose from: how many arguments may not be."""


def mandatory(value: Any, msg: str | None = None) -> Any:
    """The value, which must be defined; `msg` is the error if it is not."""
    if isinstance(value, Undefined):
        name = getattr(value, "_undefined_name", None)
        raise TemplateRuntimeError(msg or f'the mandatory variable "{name or ""}" is not defined')
    return value


def ternary(value: Any, true_val: Any, false_val: Any, none_val: Any = None) -> Any:
    """The first argument if the value is true, the second if not; the third, if given, for null."""
    if value is None and none_val is not None:
        return none_val
    return true_val if value else false_val


def type_debug(value: Any) -> str:
    """The name of the value's Python type; of a subclass of a plain type, that of the plain one."""
    if isinstance(value, Undefined):
        return "AnsibleUndefined"
    plain = (kind for kind in PLAIN if isinstance(value, kind))
    return next(plain, type(value)).__name__


def vault(value: Any, *args: Any, **options: Any) -> str:
    """Not supported: encrypt with `provision vault`."""
    raise FilterArgumentError("templates can't encrypt; use the `provision vault` command")


def unvault(value: Any, *args: Any, **options: Any) -> str:
    """Not supported: values under `!vault` are decrypted by themselves."""
    raise FilterArgumentError("values under !vault are decrypted by themselves")


def _guarded(name: str, function: Filter) -> Filter:
    """`function` that is strict about undefined values and names the filter in its errors."""
    last = PASSES_UNDEFINED.get(name)
    strict = name not in TAKES_UNDEFINED

    @wraps(function)
    def guarded(*args: Any, **options: Any) -> Any:
        if strict:
            for value in (*args[:last], *options.values()):
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
    """`function` that Jinja calls whenever the template is rendered, never when it is compiled."""

    @pass_context
    @wraps(function)
    def fresh(_context: Any, *args: Any, **options: Any) -> Any:
        return function(*args, **options)

    return fresh


BUILTIN: dict[str, Filter] = {
    "b64decode": filters_text.b64decode,
    "b64encode": filters_text.b64encode,
    "basename": filters_paths.basename,
    "bool": filters_text.to_bool,
    "checksum": filters_hash.sha1,
    "combinations": filters_data.combinations,
    "combine": filters_data.combine,
    "comment": filters_text.comment,
    "commonpath": filters_paths.commonpath,
    "dict2items": filters_data.dict2items,
    "difference": filters_data.difference,
    "dirname": filters_paths.dirname,
    "expanduser": filters_paths.expanduser,
    "expandvars": filters_paths.expandvars,
    "extract": filters_data.extract,
    "fileglob": filters_paths.fileglob,
    "flatten": filters_data.flatten,
    "from_json": filters_formats.from_json,
    "from_yaml": filters_formats.from_yaml,
    "from_yaml_all": filters_formats.from_yaml_all,
    "hash": filters_hash.hashed,
    "human_readable": filters_numbers.human_readable,
    "human_to_bytes": filters_numbers.human_to_bytes,
    "intersect": filters_data.intersect,
    "items2dict": filters_data.items2dict,
    "log": filters_numbers.log,
    "mandatory": mandatory,
    "md5": filters_hash.md5,
    "normpath": filters_paths.normpath,
    "password_hash": filters_hash.password_hash,
    "path_join": filters_paths.path_join,
    "permutations": filters_data.permutations,
    "pow": filters_numbers.power,
    "product": filters_data.product,
    "quote": filters_text.quote,
    "random": filters_numbers.random,
    "realpath": filters_paths.realpath,
    "regex_escape": filters_text.regex_escape,
    "regex_findall": filters_text.regex_findall,
    "regex_replace": filters_text.regex_replace,
    "regex_search": filters_text.regex_search,
    "rekey_on_member": filters_data.rekey_on_member,
    "relpath": filters_paths.relpath,
    "root": filters_numbers.root,
    "sha1": filters_hash.sha1,
    "shuffle": filters_numbers.shuffle,
    "split": filters_text.split,
    "splitext": filters_paths.splitext,
    "strftime": filters_numbers.strftime,
    "subelements": filters_data.subelements,
    "symmetric_difference": filters_data.symmetric_difference,
    "ternary": ternary,
    "to_datetime": filters_numbers.to_datetime,
    "to_json": filters_formats.to_json,
    "to_nice_json": filters_formats.to_nice_json,
    "to_nice_yaml": filters_formats.to_nice_yaml,
    "to_uuid": filters_hash.to_uuid,
    "to_yaml": filters_formats.to_yaml,
    "type_debug": type_debug,
    "union": filters_data.union,
    "unique": filters_data.unique,
    "unvault": unvault,
    "urldecode": filters_text.urldecode,
    "urlsplit": filters_text.urlsplit,
    "vault": vault,
    "win_basename": filters_paths.win_basename,
    "win_dirname": filters_paths.win_dirname,
    "win_splitdrive": filters_paths.win_splitdrive,
    "zip": filters_data.zipped,
    "zip_longest": filters_data.zip_longest,
}

GENERAL: dict[str, Filter] = {
    "counter": filters_data.counter,
    "crc32": filters_hash.crc32,
    "dict": filters_data.dict_of_pairs,
    "dict_kv": filters_data.dict_kv,
    "from_csv": filters_formats.from_csv,
    "from_ini": filters_formats.from_ini,
    "groupby_as_dict": filters_data.groupby_as_dict,
    "json_query": filters_formats.json_query,
    "lists_difference": filters_data.of_many(filters_data.difference),
    "lists_intersect": filters_data.of_many(filters_data.intersect),
    "lists_mergeby": filters_data.lists_mergeby,
    "lists_symmetric_difference": filters_data.of_many(filters_data.symmetric_difference),
    "lists_union": filters_data.of_many(filters_data.union),
    "path_join": filters_paths.path_join,
    "random_mac": filters_numbers.random_mac,
    "to_ini": filters_formats.to_ini,
    "unicode_normalize": filters_text.unicode_normalize,
    "version_sort": filters_text.version_sort,
    **filters_numbers.TIME_UNITS,
}

UTILS: dict[str, Filter] = {
    "get_path": filters_formats.get_path,
    "index_of": filters_formats.index_of,
    "keep_keys": filters_keys.keep_keys,
    "remove_keys": filters_keys.remove_keys,
    "replace_keys": filters_keys.replace_keys,
    "to_paths": filters_formats.to_paths,
    **filters_subnets.FILTERS,
}

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
"""Filters whose value depends on more than their arguments: never computed ahead."""

COLLECTIONS = {
    "ansible.utils": UTILS,
    "community.general": GENERAL,
    "ansible.builtin": BUILTIN,
}


def _named(name: str, function: Filter) -> Filter:
    guarded = _guarded(name, function)
    return _fresh(guarded) if name in FRESH else guarded


FILTERS: dict[str, Filter] = {
    prefix + name: filter_
    for collection, functions in COLLECTIONS.items()
    for name, filter_ in ((name, _named(name, each)) for name, each in functions.items())
    for prefix in ("", f"{collection}.", "ansible.netcommon." if functions is UTILS else "")
}
"""Every filter by its short and its full name; what ansible.builtin has wins the short one."""
