"""Lookups of values in files of the controller that hold tables: CSV, INI, properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioner.language.filters.data import flatten
from provisioner.language.filters.text import pattern_of, to_bool
from provisioner.language.lookups.base import LookupFailedError, find, known_options, text_of, words
from provisioner.language.lookups.context import LookupContext

CSV = {"file": "ansible.csv", "delimiter": "TAB", "col": "1", "default": None, "encoding": "utf-8"}


def csvfile(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """The column `col` of the row that begins with a key, in a CSV file of the controller."""
    import csv
    import io

    found: list[Any] = []
    for term in terms:
        key, more = words(term)
        if not key:
            raise LookupFailedError("a key to look for is needed")
        given = known_options({**options, **more}, CSV)
        text = text_of(context, find(context, "files", given["file"]), given["encoding"])
        tab = given["delimiter"] in ("TAB", "t")
        rows = csv.reader(io.StringIO(text), delimiter="\t" if tab else str(given["delimiter"]))
        row = next((row for row in rows if row and row[0] == key), None)
        if row is not None and int(given["col"]) >= len(row):
            raise LookupFailedError(f'the row "{key}" has only {len(row)} columns')
        value = given["default"] if row is None else row[int(given["col"])]
        found += [] if value is None else flatten([value])
    return found


INI = {
    "file": "ansible.ini", "section": "global", "type": "ini", "re": False, "default": "",
    "encoding": "utf-8", "case_sensitive": False, "allow_no_value": False, "interpolation": True,
}  # fmt: skip


def ini(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """The value of a key in a section of an INI file of the controller, or of a properties file."""
    found: list[Any] = []
    for term in terms:
        key, more = words(term)
        if not key:
            raise LookupFailedError("a key to look for is needed")
        named = {"allow_no_value" if n == "allow_none" else n: v for n, v in options.items()}
        given = known_options({**named, **more}, INI)
        values = _ini_section(context, given)
        if to_bool(given["re"]):
            pattern = pattern_of(key)
            found += [value for name, value in values.items() if pattern.match(name)]
        else:
            found.append(values.get(_ini_name(given)(key), given["default"]))
    return [value for value in found if value is not None]


def _ini_name(given: Mapping[str, Any]) -> Callable[[str], str]:
    return str if to_bool(given["case_sensitive"]) else str.lower


def _ini_section(context: LookupContext, given: Mapping[str, Any]) -> dict[str, Any]:
    import configparser

    text = text_of(context, find(context, "files", given["file"]), given["encoding"])
    section = given["section"]
    if given["type"] == "properties":
        section, text = "java_properties", f"[java_properties]\n{text}"
    parser = configparser.ConfigParser(
        allow_no_value=bool(to_bool(given["allow_no_value"])),
        interpolation=configparser.BasicInterpolation()
        if to_bool(given["interpolation"])
        else None,
    )
    parser.optionxform = _ini_name(given)  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text, str(given["file"]))
        if not parser.has_section(section):
            raise LookupFailedError(f'there is no section "{section}" in {given["file"]}')
        return dict(parser.items(section))
    except configparser.Error as error:
        raise LookupFailedError(str(error)) from None
