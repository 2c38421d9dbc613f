"""What every lookup stands on: its errors, its files, its options."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from jinja2.exceptions import TemplateRuntimeError

from provisioner.language.lookups.context import LookupContext
from provisioner.where import nearest, with_hint

MAX_ITEMS = 1_000_000
"""Items that one lookup may give; more is a mistake."""


class LookupFailedError(TemplateRuntimeError):
    """A lookup could not find or do what it was asked for."""


Lookup = Callable[..., list[Any]]
T = TypeVar("T")


def find(context: LookupContext, folder: str, name: Any) -> Path:
    path = Path(str(name)).expanduser()
    if not path.is_absolute():
        return context.find(folder, str(name)).absolute()
    if not path.exists():
        raise FileNotFoundError(2, "there is no such file", str(path))
    return path


def text_of(context: LookupContext, path: Path, encoding: str = "utf-8") -> str:
    return context.read(path).decode(encoding, "surrogateescape")


def words(term: Any) -> tuple[str, dict[str, str]]:
    """A term such as `key file=x.ini section=y`: its plain words, and its options."""
    words = shlex.split(str(term))
    plain = list(itertools.takewhile(lambda word: "=" not in word, words))
    pairs = (word.partition("=") for word in words[len(plain) :])
    return " ".join(plain), {key: value for key, _, value in pairs}


def known_options(options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """`known`, the defaults, with what `options` says; a name that is not known is an error."""
    for name in options:
        if name not in known:
            hint = nearest(name, known)
            raise LookupFailedError(with_hint(f'there is no option "{name}"', hint))
    return {**known, **options}
