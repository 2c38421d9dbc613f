"""Bytes to YAML nodes. Every error is a `LoadError` with its place and a hint."""

from __future__ import annotations

import re
from typing import Any

import yaml

from provisioner.errors import LoadError
from provisioner.where import Where, lines_of

MAX_DEPTH = 100
MAX_LENGTH = 16 * 1024 * 1024
"""Characters of a text. More than that is no playbook, and takes minutes to read."""
MAX_NODES = 1_000_000
"""Values of a text, which take some 500 MB."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_POSSIBLY_DEEP = 3000
"""Brackets, or columns of a line, from which the depth is counted before libyaml composes a text.
libyaml recurses in C and ends in a segmentation fault at some 30,000 levels."""


def decode(data: bytes, file: str) -> str:
    """Return the text of a UTF-8 file. Raises LoadError for another encoding or a NUL byte."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LoadError("the file is UTF-16", Where(file, 1, 1), "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _place(data[: error.start].decode("utf-8", "replace"), file)
        raise LoadError("the file is not UTF-8", where, "save it as UTF-8") from None
    if "\0" in text:
        raise LoadError("the file contains a NUL byte", _place(text[: text.index("\0")], file))
    return text


def _place(before: str, file: str) -> Where:
    """Return the place after the text `before`."""
    line = before.count("\n") + 1
    return Where(file, line, len(before) - before.rfind("\n"))


def compose(text: str, file: str) -> yaml.Node | None:
    """Return the root node of the one document in `text`; None if the text is empty."""
    try:
        if len(text) > MAX_LENGTH:
            raise LoadError(f"the text is longer than {MAX_LENGTH >> 20} MiB", Where(file))
        _check_depth(text, file)
        loader = _Loader if len(text) < MAX_NODES else _CountingLoader
        node: yaml.Node | None = yaml.compose(text, Loader=loader)
    except _TooManyNodesError:
        raise LoadError(f"more than {MAX_NODES:,} values", Where(file)) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _unreadable(text, error, file) from None
    return node


class _TooManyNodesError(Exception):
    pass


class _CountingLoader(_Loader):  # type: ignore[misc]
    """Stops at `MAX_NODES` nodes."""

    _nodes = 0

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _TooManyNodesError
        tag: str = super().resolve(kind, value, implicit)
        return tag


def _check_depth(text: str, file: str) -> None:
    """Raise LoadError for a text that is nested too deeply for libyaml."""
    columns = max(map(len, text.split("\n")))
    if columns < _POSSIBLY_DEEP and text.count("[") + text.count("{") < _POSSIBLY_DEEP:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                mark = event.start_mark
                assert mark is not None
                raise LoadError(too_deep(), Where(file, mark.line + 1, mark.column + 1))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def too_deep() -> str:
    """Return the message for a text that is nested too deeply."""
    return f"nested more than {MAX_DEPTH} levels deep"


def _unreadable(text: str, error: Exception, file: str) -> LoadError:
    """Return the error for a text without a marked place.

    Usually it contains a character that YAML does not allow.
    """
    if match := _UNPRINTABLE.search(text):
        where = _place(text[: match.start()], file)
        code = f"U+{ord(match.group()):04X}"
        hint = f'in double quotes write it as "\\u{ord(match.group()):04x}"'
        return LoadError(f"the character {code} is not allowed in YAML", where, hint)
    reason = str(error).split("\n", 1)[0]
    return LoadError(f"this is not YAML: {reason}", Where(file))


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> LoadError:
    """Return the error for a text that is not YAML, with a hint for common mistakes."""
    lines = lines_of(text)
    where = _marked(error, lines, file)
    problem = re.sub(r"\s+", " ", error.problem or error.context or "not YAML")
    line = lines[where.line - 1]
    tab = "cannot start any token" in problem and line[where.column - 1 :].startswith("\t")
    if tab or "tab character" in problem:
        return LoadError("YAML does not allow tabs for indentation", where, "use spaces")
    if "nesting depth" in problem:  # the message of libyaml 0.2.6 and later
        return LoadError(too_deep(), where)
    if "another document" in problem:
        return LoadError("a second document begins here", where, "a file may have only one")
    return LoadError(f"this is not YAML: {problem}", where, _syntax_hint(problem, line))


def _marked(error: yaml.MarkedYAMLError, lines: list[str], file: str) -> Where:
    """Return the place of an error.

    If it is after the end of the text, the place is that of the construct that is not closed, or
    the end of the last line.
    """
    last = max((n for n, line in enumerate(lines) if line.strip()), default=0)
    for mark in (error.problem_mark, error.context_mark):
        if mark is not None and mark.line <= last:
            return Where(file, mark.line + 1, mark.column + 1)
    return Where(file, last + 1, len(lines[last]) + 1)


_HINTS = (
    (
        "mapping values are not allowed",
        "a value with `: ` in it must be quoted; or the indentation of this line is off",
    ),
    (
        "undefined alias",
        "an anchor (&name) must come before its alias (*name); quote a value that begins with *",
    ),
    ("could not find expected ':'", "a colon and a space are missing, or a quote further up"),
    ("cannot start any token", "quote a value that begins with this character"),
    ("did not find expected", "the indentation is off, or a quote or bracket is not closed"),
)


def _syntax_hint(problem: str, line: str) -> str:
    """Return the hint for a syntax error, "" if there is none."""
    if re.search(r":\s+\{\{|-\s+\{\{", line):
        return 'a value that begins with `{{` must be quoted: "{{ … }}"'
    return next((hint for part, hint in _HINTS if part in problem), "")
