"""The lookup `password`: random passwords that are generated once and kept in files."""

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
from provisioner.language.lookups.context import LookupContext
from provisioner.language.lookups.terms import split_term, with_defaults
from provisioner.local_files import read_regular, with_home

PASSWORD = {
    "length": 20, "chars": ["ascii_letters", "digits", ".,:-_"], "encrypt": None, "ident": None,
    "seed": None,
}  # fmt: skip
"""The options of the lookup `password`, with their defaults."""


def password(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """Return a random password, which a file of the controller keeps.

    A term is `FILE length=20 chars=ascii_letters,digits encrypt=sha512_crypt`. The first call
    generates the password and writes it to the file (mode 0600); later calls read it. /dev/null
    keeps nothing. With `encrypt`, return the hash; the file keeps its salt as well.
    """
    passwords = []
    for term in terms:
        name, term_options = split_term(term)
        settings = with_defaults({**options, **term_options}, PASSWORD)
        path = None if name == os.devnull else context.basedir / with_home(name)
        locked_folder = path.parent if path is not None and settings["encrypt"] else None
        with _thread_lock, _process_lock(locked_folder):
            text, salt = _read_or_create(path, settings)
        if settings["encrypt"]:
            text = password_hash(text, settings["encrypt"], salt, ident=settings["ident"])
        passwords.append(text)
    return passwords


_thread_lock = threading.Lock()
"""Held while a file is read or created: hosts that need the same password run in several
threads."""


@contextmanager
def _process_lock(folder: Path | None) -> Iterator[None]:
    """Hold a lock on the folder against other processes, if there is one."""
    if folder is None:
        yield
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read_or_create(path: Path | None, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return the password and its salt in the file, which are generated if they are missing."""
    new_salt = f" salt={_salt(settings['encrypt'])}" if settings["encrypt"] else ""
    new_line = _password(settings) + new_salt
    line = new_line if path is None else _read(path, new_line)
    text, has_salt, salt = line.partition(" salt=")
    salt = salt.partition(" ident=")[0] if has_salt else _salt(settings["encrypt"])
    if settings["encrypt"] and not has_salt and path is not None:
        _replace(path, f"{text} salt={salt}")
    return text, salt


def _password(settings: Mapping[str, Any]) -> str:
    """Return a random password."""
    import random

    source = secrets.SystemRandom() if settings["seed"] is None else random.Random(settings["seed"])  # noqa: S311
    chars = _chars(settings["chars"])
    return "".join(source.choice(chars) for _ in range(int(settings["length"])))


def _chars(value: Any) -> str:
    """Return the characters of an option `chars`.

    It consists of names such as `digits` and of literal text, separated by commas; `,,` stands for
    a comma.
    """
    import string

    names = list(value) if is_list(value) else [part for part in str(value).split(",") if part]
    if not is_list(value) and ",," in str(value):
        names.insert(0, ",")
    character_sets = (
        "ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "octdigits",
        "punctuation",
    )  # fmt: skip
    chars = "".join(
        getattr(string, name) if name in character_sets else str(name) for name in names
    )
    return chars.replace('"', "").replace("'", "")


def _salt(scheme: Any) -> str:
    """Return a random salt for a hash function."""
    name = str(scheme).removesuffix("_crypt")
    size = {"md5": 8, "bcrypt": 22, "blowfish": 22}.get(name, 16)
    return "".join(secrets.choice(ALPHABET) for _ in range(size))


def _read(path: Path, new_line: str) -> str:
    """Return the line in the file.

    If the file does not exist it is created with `new_line`, atomically.
    """
    if not path.exists():
        draft = _draft(path, new_line)
        # Another process has created it first: its password is used.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return read_regular(path).decode().rstrip("\n")


def _replace(path: Path, text: str) -> None:
    """Replace the file's content atomically."""
    _draft(path, text).replace(path)


def _draft(path: Path, text: str) -> Path:
    """Return a new temporary file beside `path`, with the text on disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft
