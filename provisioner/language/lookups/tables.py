"""Lookups of values in CSV, INI and properties files of the controller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioner.language.filters.data import flatten
from provisioner.language.filters.text import compile_pattern, to_bool
from provisioner.language.lookups.context import LookupContext
from provisioner.language.lookups.terms import (
    LookupFailedError,
    find_file,
    read_text,
    split_term,
    with_defaults,
)

CSV = {"file": "ansible.csv", "delimiter": "TAB", "col": "1", "default": None, "encoding": "utf-8"}
"""The options of the lookup `csvfile`, with their defaults."""


def csvfile(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """Return a column of the row that begins with a key, in a CSV file of the controller.

    A term is `KEY file=FILE col=NUMBER delimiter=CHARACTER`; columns count from 0. `default` is the
    value if no row has the key.
    """
    import csv
    import io

    values: list[Any] = []
    for term in terms:
        key, term_options = split_term(term)
        if not key:
            raise LookupFailedError("the term must contain a key to search for")
        all_options = with_defaults({**options, **term_options}, CSV)
        text = read_text(
            context, find_file(context, "files", all_options["file"]), all_options["encoding"]
        )
        is_tab = all_options["delimiter"] in ("TAB", "t")
        rows = csv.reader(
            io.StringIO(text), delimiter="\t" if is_tab else str(all_options["delimiter"])
        )
        row = next((row for row in rows if row and row[0] == key), None)
        if row is not None and int(all_options["col"]) >= len(row):
            raise LookupFailedError(f'the row "{key}" has only {len(row)} columns')
        value = all_options["default"] if row is None else row[int(all_options["col"])]
        values += [] if value is None else flatten([value])
    return values


INI = {
    "file": "ansible.ini", "section": "global", "type": "ini", "re": False, "default": "",
    "encoding": "utf-8", "case_sensitive": False, "allow_no_value": False, "interpolation": True,
}  # fmt: skip
"""The options of the lookup `ini`, with their defaults."""


def ini(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """Return the value of a key in an INI file of the controller, or in a properties file.

    A term is `KEY section=NAME file=FILE`; for a properties file add `type=properties`. With `re:
    true` the key is a pattern, and the values of all matching keys are returned.
    """
    matches: list[Any] = []
    for term in terms:
        key, term_options = split_term(term)
        if not key:
            raise LookupFailedError("the term must contain a key to search for")
        named = {"allow_no_value" if n == "allow_none" else n: v for n, v in options.items()}
        all_options = with_defaults({**named, **term_options}, INI)
        values = _ini_section(context, all_options)
        if to_bool(all_options["re"]):
            pattern = compile_pattern(key)
            matches += [value for name, value in values.items() if pattern.match(name)]
        else:
            matches.append(values.get(_ini_name(all_options)(key), all_options["default"]))
    return [value for value in matches if value is not None]


def _ini_name(all_options: Mapping[str, Any]) -> Callable[[str], str]:
    """Return the function that normalizes the names of keys."""
    return str if to_bool(all_options["case_sensitive"]) else str.lower


def _ini_section(context: LookupContext, all_options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys and values of the section, or of the properties file."""
    import configparser

    text = read_text(
        context, find_file(context, "files", all_options["file"]), all_options["encoding"]
    )
    section = all_options["section"]
    if all_options["type"] == "properties":
        section, text = "java_properties", f"[java_properties]\n{text}"
    parser = configparser.ConfigParser(
        allow_no_value=bool(to_bool(all_options["allow_no_value"])),
        interpolation=configparser.BasicInterpolation()
        if to_bool(all_options["interpolation"])
        else None,
    )
    parser.optionxform = _ini_name(all_options)  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text, str(all_options["file"]))
        if not parser.has_section(section):
            raise LookupFailedError(f'there is no section "{section}" in {all_options["file"]}')
        return dict(parser.items(section))
    except configparser.Error as error:
        raise LookupFailedError(str(error)) from None
