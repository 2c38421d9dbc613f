"""Read arguments that are written in one line: `name=value name=value …`."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner import regex
from provisioner.errors import LoadError
from provisioner.language.play import ALL_ARGUMENTS
from provisioner.language.templating.template import Template, is_template
from provisioner.language.yaml_values import YamlMap
from provisioner.loading import keywords as kw
from provisioner.modules.framework import arguments
from provisioner.modules.framework.base import Module
from provisioner.where import Where, nearest


def of_module(module: type[Module], key: str, value: Any, where: Where) -> YamlMap:
    """Return the arguments of a module from a line.

    Examples: `yum: name=docker state=present`, `shell: echo hi creates=/x`. Raises LoadError for
    a word that is no argument, unless the module takes free text.
    """
    task_arguments = YamlMap(where)
    text = value.source if isinstance(value, Template) else str(value)
    fields = arguments.names(module)
    rest = []
    free_text = ""  # the unchanged free text, with its newlines
    for word, piece in _words(text):
        name, equals, item = pair(word)
        is_argument = name in fields or (module.open and _may_be_name(name, module))
        # An unknown name is reported later, together with other wrong arguments.
        is_argument = is_argument or (module.free_form is None and name.isidentifier())
        names_file = name == module.free_form == "file"  # include_tasks: file=more.yml
        takes_all = module.free_form is None or names_file
        if equals and is_argument and (takes_all or name in _FREE_OPTIONS):
            task_arguments[name] = kw.text_template(unquote(_unescaped(item)), where)
            task_arguments.keys_at[name] = task_arguments.values_at[name] = where
        else:
            rest.append(word)
            free_text += piece
    if len(rest) == 1 and module.free_form is None and is_template(rest[0]):
        task_arguments[ALL_ARGUMENTS] = kw.text_template(rest.pop(), where)
    if rest and module.free_form is None:
        raise _refusal(rest[0], text, fields, key, where)
    if module.free_form is not None and (rest or module.free_form not in task_arguments):
        line = free_text.strip()
        if module.ends_lines:
            line += "\n" * free_text[len(free_text.rstrip()) :].count("\n")
        task_arguments[module.free_form] = kw.text_template(line, where)
    return task_arguments


def _refusal(word: str, text: str, fields: Mapping[str, str], key: str, where: Where) -> LoadError:
    """Return the error for a word of `text` that is not an argument."""
    if any(quote in ('"', "'") for quote in _QUOTES.findall(text)):
        return LoadError("a quote is not closed", where)
    name = word.partition("=")[0]
    if name in fields:
        return LoadError(f'"{name}" has no value', where, f"write {name}=…")
    hint = nearest(name, fields) or "the short form is name=value name=value …"
    return LoadError(f'"{name}" is not a parameter of {key}', where, hint)


def pairs(value: Any, where: Where, hint: str = "") -> YamlMap:
    """Return the arguments of a line for an unknown module.

    Raises LoadError with `hint` for a word that is not name=value.
    """
    task_arguments = YamlMap(where)
    for word in split_words(value.source if isinstance(value, Template) else str(value)):
        name, equals, item = word.partition("=")
        if not equals or not name.isidentifier():
            raise LoadError(f'"{word}" is not name=value', where, hint)
        task_arguments[name] = kw.text_template(unquote(item), where)
        task_arguments.keys_at[name] = task_arguments.values_at[name] = where
    return task_arguments


_FREE_OPTIONS = frozenset(
    {
        "chdir", "creates", "removes", "executable", "stdin", "stdin_add_newline",
        "strip_empty_ends", "warn",
    }
)  # fmt: skip

_WORD = regex.compile(
    r"""(?:\{\{.*?\}\}|\{%.*?%\}|"(?:\\.|[^"\\])*"|'[^']*'|\\\S|[^\s"'])+""", re.DOTALL
)


_QUOTES = regex.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|\\.|["']""", re.DOTALL)
"""Quoted texts, and quotes that are not closed."""


def split_words(text: str) -> list[str]:
    """Split at white space outside of quotes and `{{ … }}`; quotes are kept."""
    return [word for word, _ in _words(text)]


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Yield each word as a pair: without and with the white space after it.

    A backslash alone continues the line, so it is left out.
    """
    matches = list(_WORD.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)]
    for match, end in zip(matches, ends, strict=False):
        if match.group() != "\\":
            yield match.group(), text[match.start() : end]


_ESCAPE = regex.compile(
    r"\\(?:U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|N\{[^}]+\}|[\\'\"abfnrtv])"
)


def _unescaped(word: str) -> str:
    """Return the word with backslash escapes decoded as in a Python string."""
    return _ESCAPE.sub(lambda match: codecs.decode(match[0], "unicode-escape"), word)


_NAME = regex.compile(r"(?:\{\{.*?\}\}|[^\s={}])*", re.DOTALL)


def pair(word: str) -> tuple[str, str, str]:
    """Split a word at its first `=` outside of `{{ … }}`, as str.partition does."""
    match = _NAME.match(word)
    assert match is not None
    rest = word[match.end() :]
    return (match.group(), "=", rest[1:]) if rest.startswith("=") else (word, "", "")


def has_pairs(text: str) -> bool:
    """Whether any word is `name=value`."""
    return any(pair(word)[1] for word in split_words(text))


def _may_be_name(name: str, module: type[Module]) -> bool:
    return name.isidentifier() or (module.templated_names and is_template(name))


def unquote(word: str) -> str:
    """Return the word without the quotes around it."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'":
        return word[1:-1]
    return word
