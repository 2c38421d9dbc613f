"""Shared code of all lookups: their error, finding files, and reading options."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from jinja2.exceptions import TemplateRuntimeError

from provisioner.language.lookups.context import LookupContext
from provisioner.local_files import with_home
from provisioner.where import nearest, with_hint

MAX_ITEMS = 1_000_000
"""The largest number of items that one lookup returns."""


class LookupFailedError(TemplateRuntimeError):
    """A lookup failed: a file is missing, an option is wrong, and so on."""


Lookup = Callable[..., list[Any]]
T = TypeVar("T")


def find_file(context: LookupContext, folder: str, name: Any) -> Path:
    """Return the path of a file of the controller. Raises FileNotFoundError if it does not exist.

    A relative name is searched in `folder` of the role and the play.
    """
    path = with_home(str(name))
    if not path.is_absolute():
        return context.find(folder, str(name)).absolute()
    if not path.exists():
        raise FileNotFoundError(2, "there is no such file", str(path))
    return path


def read_text(context: LookupContext, path: Path, encoding: str = "utf-8") -> str:
    """Return the text of a file, decrypted if a vault encrypted it."""
    return context.read(path).decode(encoding, "surrogateescape")


def split_term(term: Any) -> tuple[str, dict[str, str]]:
    """Return the words of a term such as `key file=x.ini section=y`, and its options as a dict."""
    parts = shlex.split(str(term))
    plain = list(itertools.takewhile(lambda part: "=" not in part, parts))
    pairs = (part.partition("=") for part in parts[len(plain) :])
    return " ".join(plain), {key: value for key, _, value in pairs}


def with_defaults(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options, with defaults for those that are not given.

    Raises an error for unknown ones.
    """
    for name in options:
        if name not in defaults:
            hint = nearest(name, defaults)
            raise LookupFailedError(with_hint(f'there is no option "{name}"', hint))
    return {**defaults, **options}
