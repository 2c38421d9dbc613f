"""Filters on text: regular expressions, encodings, quoting, comments, URLs, versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner import regex
from provisioner.language.filters.data import describe, require_list
from provisioner.language.versions import LooseVersion
from provisioner.user_regex import UserRegex

POSIX_BASIC_SPECIAL = regex.compile(r"([\[\].^$*\\])")


def to_text(value: Any) -> str:
    """Return a value as text: bytes are decoded as UTF-8, None is "None"."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def compile_pattern(
    pattern: Any, ignorecase: bool = False, multiline: bool = False
) -> UserRegex[str]:
    """Compile a regular expression. Raises FilterArgumentError with the reason if it is invalid."""
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    try:
        return UserRegex(to_text(pattern), flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise FilterArgumentError(f'the pattern "{pattern}" is not valid: {error}') from None


def to_bool(value: Any) -> bool | None:
    """Return true for true, yes, on and 1, null for null, and false for anything else.

    Text is compared without case. The rules are those of ansible.builtin.bool.
    """
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
    """Return the text with every match of a pattern replaced.

    In the replacement `\\1` is the first group and `\\g<name>` a named one. `count` limits the
    replacements; fewer than `mandatory_count` are an error.
    """
    compiled = compile_pattern(pattern, ignorecase, multiline)
    try:
        result, matches = compiled.subn(to_text(replacement), to_text(value), count)
    except (re.error, IndexError) as error:
        raise FilterArgumentError(
            f'the replacement "{replacement}" is not valid: {error}'
        ) from None
    if matches < mandatory_count:
        raise FilterArgumentError(f'"{pattern}" matched {matches} times, not {mandatory_count}')
    return result


def regex_search(
    value: Any, pattern: str, *groups: str, ignorecase: bool = False, multiline: bool = False
) -> str | list[Any] | None:
    """Return the first match of a pattern, or null if there is none.

    With arguments such as `'\\1'` or `'\\g<name>'`, return the list of these groups.
    """
    group_names = [_group(name) for name in groups]
    match = compile_pattern(pattern, ignorecase, multiline).search(to_text(value))
    if match is None:
        return None
    try:
        return [match.group(name) for name in group_names] if group_names else match.group()
    except IndexError:
        raise FilterArgumentError(f'"{pattern}" has no group {", ".join(groups)}') from None


def _group(name: str) -> str | int:
    r"""Return the number or the name of a group that a template writes as \1 or \g<name>."""
    if match := re.fullmatch(r"\\g<(\S+)>", to_text(name)):
        return int(match[1]) if match[1].isdigit() else match[1]
    if match := re.fullmatch(r"\\(\d+)", to_text(name)):
        return int(match[1])
    raise FilterArgumentError(f'a group is written "\\\\1" or "\\\\g<name>", not "{name}"')


def regex_findall(
    value: Any, pattern: str, multiline: bool = False, ignorecase: bool = False
) -> list[Any]:
    """Return the list of all matches of a pattern.

    With one group in the pattern they are the group's texts, with several groups tuples of these.
    """
    return compile_pattern(pattern, ignorecase, multiline).findall(to_text(value))


def regex_escape(value: Any, re_type: str = "python") -> str:
    """Return the text with the special characters of a regular expression escaped.

    `re_type` is python or posix_basic.
    """
    match re_type:
        case "python":
            return re.escape(to_text(value))
        case "posix_basic":
            return POSIX_BASIC_SPECIAL.sub(r"\\\1", to_text(value))
    raise FilterArgumentError(f're_type must be "python" or "posix_basic", not "{re_type}"')


def b64encode(value: Any, encoding: str = "utf-8") -> str:
    """Return the text in Base64."""
    import base64

    data = value if isinstance(value, bytes) else _encoded(to_text(value), encoding)
    return base64.b64encode(data).decode("ascii")


def b64decode(value: Any, encoding: str = "utf-8") -> str:
    """Return the text that was encoded in Base64."""
    import base64
    import binascii

    try:
        data = base64.b64decode(to_text(value))
    except (binascii.Error, ValueError) as error:
        raise FilterArgumentError(f"the text is not Base64: {error}") from None
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
    """Return the text quoted as one word for a POSIX shell; '' for null."""
    import shlex

    return shlex.quote("" if value is None else to_text(value))


def split(value: Any, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """Return the parts of a text between separators; without `separator` between white space."""
    if not isinstance(value, str):
        raise FilterArgumentError(f"text is needed, not {describe(value)}")
    return value.split(separator, maxsplit)


COMMENTS: dict[str, dict[str, str]] = {
    "plain": {"decoration": "# "},
    "erlang": {"decoration": "% "},
    "c": {"decoration": "// "},
    "cblock": {"beginning": "/*", "decoration": " * ", "end": " */"},
    "xml": {"beginning": "<!--", "decoration": " - ", "end": "-->"},
}
"""The styles of the filter `comment`."""


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
    """Return the text as a comment, one decorated line for each of its lines.

    `style` is plain (#), erlang (%), c (//), cblock (/* */) or xml (<!-- -->). The other options
    replace parts of the style, as in ansible.builtin.comment.
    """
    if style not in COMMENTS:
        raise FilterArgumentError(f"style must be one of {', '.join(COMMENTS)}")
    defaults = COMMENTS[style]
    mark = defaults["decoration"] if decoration is None else decoration
    first = defaults.get("beginning", "") if beginning is None else beginning
    last = defaults.get("end", "") if end is None else end
    before = mark.rstrip() if prefix is None else prefix
    after = mark.rstrip() if postfix is None else postfix
    *lines, final = to_text(value).split(newline)
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
    """Return the parts of a URL as a dict, or the part that `query` names.

    The parts are fragment, hostname, netloc, password, path, port, query, scheme and username.
    """
    from urllib.parse import urlsplit as split_url

    split_result = split_url(to_text(value))
    parts: Mapping[str, Any] = {name: getattr(split_result, name) for name in URL_PARTS}
    if query and query not in parts:
        raise FilterArgumentError(f"query must be one of {', '.join(URL_PARTS)}, not {query}")
    return parts[query] if query else parts


def urldecode(value: Any) -> str:
    """Return the text with %20, + and the like decoded."""
    from urllib.parse import unquote_plus

    return unquote_plus(to_text(value))


def version_sort(value: Any, reverse: bool = False) -> list[Any]:
    """Return the versions of a list in ascending order: 1.10 comes after 1.9.

    `reverse` returns them in descending order.
    """
    return sorted(
        require_list(value), key=lambda item: LooseVersion(to_text(item)), reverse=reverse
    )


def unicode_normalize(value: Any, form: str = "NFC") -> str:
    """Return the text in the Unicode normal form NFC, NFD, NFKC or NFKD."""
    import unicodedata

    if not isinstance(value, str):
        raise FilterArgumentError(f"Invalid input type: {type(value)}")
    match form:
        case "NFC" | "NFD" | "NFKC" | "NFKD":
            return unicodedata.normalize(form, value)
    raise FilterArgumentError("form must be NFC, NFD, NFKC or NFKD")
