"""The lookup of passwords that are made once."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from provisioner.language.filters.data import is_list
from provisioner.language.filters.hashing import ALPHABET, password_hash
from provisioner.language.lookups.base import known_options, words
from provisioner.language.lookups.context import LookupContext

PASSWORD = {
    "length": 20, "chars": ["ascii_letters", "digits", ".,:-_"], "encrypt": None, "ident": None,
    "seed": None,
}  # fmt: skip


def password(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """A random password, kept in a file of the controller (mode 0600) so that it stays the same."""
    found = []
    for term in terms:
        name, more = words(term)
        given = known_options({**options, **more}, PASSWORD)
        path = None if name == os.devnull else context.basedir / Path(name).expanduser()
        with _turn, _alone(path.parent if path is not None and given["encrypt"] else None):
            text, salt = _kept_or_made(path, given)
        if given["encrypt"]:
            text = password_hash(text, given["encrypt"], salt, ident=given["ident"])
        found.append(text)
    return found


_turn = threading.Lock()
"""Held while a file is asked for: a salt is made for the first host that wants a hash."""


@contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """What `_turn` is, between processes that make salts for files of the folder."""
    if folder is None:
        yield
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every network file system has locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _kept_or_made(path: Path | None, given: Mapping[str, Any]) -> tuple[str, str]:
    """The password and its salt, kept in the file."""
    made = _password(given) + (f" salt={_salt(given['encrypt'])}" if given["encrypt"] else "")
    kept = made if path is None else _kept(path, made)
    text, mark, salt = kept.partition(" salt=")
    salt = salt.partition(" ident=")[0] if mark else _salt(given["encrypt"])
    if given["encrypt"] and not mark and path is not None:
        _replace(path, f"{text} salt={salt}")
    return text, salt


def _password(given: Mapping[str, Any]) -> str:
    import random

    source = secrets.SystemRandom() if given["seed"] is None else random.Random(given["seed"])  # noqa: S311
    chars = _chars(given["chars"])
    return "".join(source.choice(chars) for _ in range(int(given["length"])))


def _chars(value: Any) -> str:
    """The characters that names such as digits and literal text stand for; `,,` is a comma."""
    import string

    names = list(value) if is_list(value) else [part for part in str(value).split(",") if part]
    if not is_list(value) and ",," in str(value):
        names.insert(0, ",")
    known = (
        "ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "octdigits",
        "punctuation",
    )  # fmt: skip
    chars = "".join(getattr(string, name) if name in known else str(name) for name in names)
    return chars.replace('"', "").replace("'", "")


def _salt(scheme: Any) -> str:
    name = str(scheme).removesuffix("_crypt")
    size = {"md5": 8, "bcrypt": 22, "blowfish": 22}.get(name, 16)
    return "".join(secrets.choice(ALPHABET) for _ in range(size))


def _kept(path: Path, made: str) -> str:
    """The text of the file, which is made with `made` if it is not there: whole or not at all."""
    if not path.exists():
        draft = _draft(path, made)
        with suppress(FileExistsError):  # another process was first; what it wrote counts
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text().rstrip("\n")


def _replace(path: Path, text: str) -> None:
    _draft(path, text).replace(path)


def _draft(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft
