"""Filters on text: regular expressions, encodings, quoting, comments, URLs, versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner import regex
from provisioner.language.filters.data import a_list, shown
from provisioner.language.versions import LooseVersion

POSIX_BASIC_SPECIAL = regex.compile(r"([\[\].^$*\\])")


def text_of(value: Any) -> str:
    """Text of anything: bytes as UTF-8, None as "None"."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def pattern_of(pattern: Any, ignorecase: bool = False, multiline: bool = False) -> re.Pattern[str]:
    """The compiled regular expression, or an error that says what is wrong with it."""
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    try:
        return re.compile(text_of(pattern), flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise FilterArgumentError(f'the pattern "{pattern}" is wrong: {error}') from None


def to_bool(value: Any) -> bool | None:
    """True for true, yes, on and 1, false for anything else; None stays None."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.lower() in ("yes", "on", "1", "true")
    return bool(value == 1)


def regex_replace(
    value: Any,
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    count: int = 0,
    mandatory_count: int = 0,
) -> str:
    """The text with what matches a pattern replaced; `\\1` is the first group."""
    compiled = pattern_of(pattern, ignorecase, multiline)
    try:
        result, done = compiled.subn(text_of(replacement), text_of(value), count)
    except (re.error, IndexError) as error:
        raise FilterArgumentError(f'the replacement "{replacement}" is wrong: {error}') from None
    if done < mandatory_count:
        raise FilterArgumentError(f'"{pattern}" matched {done} times, not {mandatory_count}')
    return result


def regex_search(
    value: Any, pattern: str, *groups: str, ignorecase: bool = False, multiline: bool = False
) -> str | list[Any] | None:
    """The first match of a pattern, or the list of the groups asked for; None without a match."""
    wanted = [_group(name) for name in groups]
    found = pattern_of(pattern, ignorecase, multiline).search(text_of(value))
    if found is None:
        return None
    try:
        return [found.group(name) for name in wanted] if wanted else found.group()
    except IndexError:
        raise FilterArgumentError(f'"{pattern}" has no such group as {", ".join(groups)}') from None


def _group(name: str) -> str | int:
    if match := re.fullmatch(r"\\g<(\S+)>", text_of(name)):
        return int(match[1]) if match[1].isdigit() else match[1]
    if match := re.fullmatch(r"\\(\d+)", text_of(name)):
        return int(match[1])
    raise FilterArgumentError(f'a group is written "\\\\1" or "\\\\g<name>", not "{name}"')


def regex_findall(
    value: Any, pattern: str, multiline: bool = False, ignorecase: bool = False
) -> list[Any]:
    """Every match of a pattern; tuples where it has several groups."""
    return pattern_of(pattern, ignorecase, multiline).findall(text_of(value))


def regex_escape(value: Any, re_type: str = "python") -> str:
    """The text with all that is special in a pattern escaped."""
    match re_type:
        case "python":
            return re.escape(text_of(value))
        case "posix_basic":
            return POSIX_BASIC_SPECIAL.sub(r"\\\1", text_of(value))
    raise FilterArgumentError(f're_type is "python" or "posix_basic", not "{re_type}"')


def b64encode(value: Any, encoding: str = "utf-8") -> str:
    """Base64 of the text."""
    import base64

    data = value if isinstance(value, bytes) else _encoded(text_of(value), encoding)
    return base64.b64encode(data).decode("ascii")


def b64decode(value: Any, encoding: str = "utf-8") -> str:
    """The text that base64 stands for."""
    import base64
    import binascii

    try:
        data = base64.b64decode(text_of(value))
    except (binascii.Error, ValueError) as error:
        raise FilterArgumentError(f"that is not base64: {error}") from None
    try:
        return data.decode(encoding, "surrogateescape")
    except (LookupError, UnicodeError) as error:
        raise FilterArgumentError(str(error)) from None


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding, "surrogateescape")
    except (LookupError, UnicodeError) as error:
        raise FilterArgumentError(str(error)) from None


def quote(value: Any) -> str:
    """The text as one word for a POSIX shell."""
    import shlex

    return shlex.quote("" if value is None else text_of(value))


def split(value: Any, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """The parts of a text between separators, at white space without one."""
    if not isinstance(value, str):
        raise FilterArgumentError(f"text is needed, not {shown(value)}")
    return value.split(separator, maxsplit)


COMMENTS: dict[str, dict[str, str]] = {
    "plain": {"decoration": "# "},
    "erlang": {"decoration": "% "},
    "c": {"decoration": "// "},
    "cblock": {"beginning": "/*", "decoration": " * ", "end": " */"},
    "xml": {"beginning": "<!--", "decoration": " - ", "end": "-->"},
}
"""The styles of the comment filter."""


def comment(
    value: Any,
    style: str = "plain",
    *,
    beginning: str | None = None,
    prefix: str | None = None,
    prefix_count: int = 1,
    decoration: str | None = None,
    postfix: str | None = None,
    postfix_count: int = 1,
    end: str | None = None,
    newline: str = "\n",
) -> str:
    """The text as a comment: plain, erlang, c, cblock, xml, or in your own decoration."""
    if style not in COMMENTS:
        raise FilterArgumentError(f"a comment is one of {', '.join(COMMENTS)}")
    look = COMMENTS[style]
    mark = look["decoration"] if decoration is None else decoration
    first = look.get("beginning", "") if beginning is None else beginning
    last = look.get("end", "") if end is None else end
    before = mark.rstrip() if prefix is None else prefix
    after = mark.rstrip() if postfix is None else postfix
    *lines, final = text_of(value).split(newline)
    return newline.join(
        [
            *([first] if first else []),
            *(["" if before == newline else before] * prefix_count if before else []),
            *((mark + line if line else mark.rstrip()) for line in lines),
            mark + final,
            *([after] * postfix_count),
            *([last] if last else []),
        ]
    )


URL_PARTS = (
    "fragment", "hostname", "netloc", "password", "path", "port", "query", "scheme", "username",
)  # fmt: skip


def urlsplit(value: Any, query: str = "") -> Any:
    """The parts of a URL as a dict, or the one that is asked for."""
    from urllib.parse import urlsplit as split_url

    split_result = split_url(text_of(value))
    parts: Mapping[str, Any] = {name: getattr(split_result, name) for name in URL_PARTS}
    if query and query not in parts:
        raise FilterArgumentError(f"a URL has {', '.join(URL_PARTS)}, but no {query}")
    return parts[query] if query else parts


def urldecode(value: Any) -> str:
    """The text with %20, + and their like decoded."""
    from urllib.parse import unquote_plus

    return unquote_plus(text_of(value))


def version_sort(value: Any, reverse: bool = False) -> list[Any]:
    """Versions in ascending order, so that 1.10 follows 1.9."""
    return sorted(a_list(value), key=lambda item: LooseVersion(text_of(item)), reverse=reverse)


def unicode_normalize(value: Any, form: str = "NFC") -> str:
    """The text in one Unicode normal form: NFC, NFD, NFKC or NFKD."""
    import unicodedata

    if not isinstance(value, str):
        raise FilterArgumentError(f"Invalid input type: {type(value)}")
    match form:
        case "NFC" | "NFD" | "NFKC" | "NFKD":
            return unicodedata.normalize(form, value)
    raise FilterArgumentError("the form is NFC, NFD, NFKC or NFKD")
