"""The operator's ssh_config: what `ssh HOST` would use, without running ssh (man 5 ssh_config).

Read once a process. As in ssh, the first value found for a keyword wins, except `IdentityFile`,
which adds up. `Match exec` and `Match final`/`canonical`, which would need a command run or a
second pass, never match here and are named in `Settings.notices`.
"""

from __future__ import annotations

import fnmatch
import functools
import os
import re
import shlex
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from provisioner.records import dataclass

USER_FILE = "~/.ssh/config"
SYSTEM_FILE = "/etc/ssh/ssh_config"
DEPTH = 16  # READCONF_MAX_DEPTH of OpenSSH's readconf.c
MANY = frozenset({"identityfile", "certificatefile"})
UNSUPPORTED = frozenset({"exec", "final", "canonical", "localnetwork", "tagged", "version"})


@dataclass(frozen=True)
class Place:
    """Where a line stands; prints as file:line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Option:
    """One `Keyword value` line: the keyword in lower case, and its arguments."""

    keyword: str
    arguments: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class Block:
    """A `Host` or `Match` line, or a whole file, with the options and blocks beneath it."""

    kind: str
    criteria: tuple[str, ...]
    place: Place
    body: list[Option | Block] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """What the files say of one host; `values` holds raw text, before tokens are put in."""

    values: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...] = ()

    def first(self, keyword: str) -> str | None:
        """The value of `keyword` (any case), or None; "none" is a value like any other."""
        found = self.values.get(keyword.lower())
        return found[0] if found else None

    def all(self, keyword: str) -> tuple[str, ...]:
        """Every value of a keyword that adds up."""
        return self.values.get(keyword.lower(), ())


class ConfigError(ValueError):
    """A file that ssh would refuse too; the text starts with file:line."""


@functools.cache
def read(files: tuple[str, ...]) -> tuple[Block, ...]:
    """The blocks of each file that exists, in order. Cached for the life of the process.

    Raises ConfigError when a file can't be read or understood.
    """
    paths = (Path(name).expanduser() for name in files)
    return tuple(_parse(str(path), 0) for path in paths if path.exists())


def forget() -> None:
    """Drop what was read, so that the next look reads the files again."""
    read.cache_clear()


def lookup(blocks: Sequence[Block], host: str, user: str | None = None) -> Settings:
    """The settings for `host`, as named by the operator; `user` where they named one too."""
    search = _Search(host, user)
    for block in blocks:
        search.walk(block)
    return Settings({k: tuple(v) for k, v in search.values.items()}, tuple(search.notices))


@dataclass
class _Search:
    """One look-up under way."""

    original: str
    given_user: str | None
    values: dict[str, list[str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def walk(self, block: Block) -> None:
        if not self.matches(block):
            return
        for entry in block.body:
            if isinstance(entry, Block):
                self.walk(entry)
            else:
                self.take(entry)

    def take(self, option: Option) -> None:
        keyword = option.keyword
        value = list(option.arguments)
        if keyword in MANY:
            self.values.setdefault(keyword, []).extend(value)
        else:
            self.values.setdefault(keyword, value)

    def matches(self, block: Block) -> bool:
        if block.kind == "file":
            return True
        if block.kind == "host":
            return matches_list(self.original, block.criteria)
        return self.matches_criteria(block)

    def matches_criteria(self, block: Block) -> bool:
        words = iter(block.criteria)
        for word in words:
            negated, word = word.startswith("!"), word.removeprefix("!").lower()
            if word == "all":
                found = True
            elif word in UNSUPPORTED:
                self.refuse(word, block)
                return False
            else:
                found = self.criterion(word, next(words, ""), block)
            if found == negated:
                return False
        return True

    def criterion(self, word: str, patterns: str, block: Block) -> bool:
        subject = self.subjects().get(word)
        if subject is None:
            raise ConfigError(f"{block.place}: unknown Match criterion {word!r}")
        return matches_list(subject, patterns.split(","))

    def subjects(self) -> dict[str, str]:
        local = login()
        return {
            "host": self.hostname(),
            "originalhost": self.original,
            "user": self.given_user or self.values.get("user", [local])[0],
            "localuser": local,
        }

    def hostname(self) -> str:
        named = self.values.get("hostname")
        return fill(named[0], {"h": self.original}) if named else self.original

    def refuse(self, word: str, block: Block) -> None:
        self.notices.append(f"{block.place}: `Match {word}` is not supported and never matches")


def matches_list(subject: str, patterns: Sequence[str]) -> bool:
    """ssh's pattern list: any pattern matches, and no negated one does."""
    subject = subject.lower()
    found = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        if _glob(pattern.removeprefix("!").lower()).match(subject):
            if negated:
                return False
            found = True
    return found


@functools.lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    # ssh's patterns know * and ? only: [ is an ordinary letter.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))


def fill(text: str, tokens: Mapping[str, str]) -> str:
    """Put `tokens` in place of %x, and % for %%; an unknown token stays as it is."""
    if "%" not in text:
        return text
    values = {**tokens, "%": "%"}
    return re.sub(r"%(.)", lambda found: values.get(found[1], found[0]), text)


def tokens(*, name: str, host: str, port: int, user: str) -> dict[str, str]:
    """The percent tokens of ssh_config(5); `name` is what the operator typed."""
    local = _hostname()
    return {
        "d": expanded("~"),
        "h": host,
        "i": str(os.getuid()),
        "k": name,
        "L": local.split(".")[0],
        "l": local,
        "n": name,
        "p": str(port),
        "r": user,
        "u": login(),
    }


@functools.cache
def _hostname() -> str:
    return socket.gethostname()


def login() -> str:
    """The operator's name."""
    return _login(os.environ.get("LOGNAME"), os.environ.get("USER"))


@functools.cache
def _login(*_environment: str | None) -> str:
    """The operator's name: where the environment does not say it, a file has to be read."""
    import getpass

    return getpass.getuser()


def fill_path(text: str, values: Mapping[str, str]) -> str:
    """A file name with ~, %x and ${NAME} put in, as ssh does for keys and known hosts."""
    if "${" in text:
        text = re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], found[0]), text)
    return expanded(fill(text, values))


def expanded(path: str) -> str:
    """A file name with ~ put in."""
    return _expanded(path, os.environ.get("HOME"))


@functools.lru_cache(maxsize=1024)  # the hosts of a fleet have most of their files in common
def _expanded(path: str, _home: str | None) -> str:
    return str(Path(path).expanduser())


def _parse(path: str, depth: int) -> Block:
    if depth > DEPTH:
        raise ConfigError(f"{path}: Include goes deeper than {DEPTH} files")
    try:
        text = Path(path).read_text(errors="surrogateescape")
    except OSError as problem:
        raise ConfigError(f"{path}: {problem.strerror}") from problem
    whole = Block("file", (), Place(path, 0))
    current = whole
    for option in _options(text, path):
        if option.keyword in ("host", "match"):
            current = Block(option.keyword, option.arguments, option.place)
            whole.body.append(current)
        elif option.keyword == "include":
            current.body.extend(_included(option, depth))
        else:
            current.body.append(option)
    return whole


def _options(text: str, path: str) -> Iterator[Option]:
    for number, line in enumerate(text.splitlines(), 1):
        place = Place(path, number)
        option = parse_option(line, place)
        if option is not None:
            yield option


def parse_option(line: str, place: Place) -> Option | None:
    """One line of a file, or the text after -o; None for an empty line or a comment.

    Raises ConfigError for unbalanced quotes or a keyword without a value.
    """
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    found = re.match(r"([^\s=\"]+)(?:\s*=\s*|\s+)(.*)", line)
    if found is None:
        raise ConfigError(f"{place}: {line.split('=')[0]!r} has no value")
    keyword, rest = found[1].lower(), found[2].strip()
    if keyword == "proxycommand":  # the rest of the line belongs to the shell, quotes and all
        return Option(keyword, (rest,), place)
    arguments = _words(rest, place)
    if not arguments:
        raise ConfigError(f"{place}: {found[1]!r} has no value")
    return Option(keyword, arguments, place)


def _words(text: str, place: Place) -> tuple[str, ...]:
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split = True
    words.commenters = "#"
    words.escape = ""
    try:
        return tuple(words)
    except ValueError as problem:
        raise ConfigError(f"{place}: unbalanced quotes") from problem


def _included(option: Option, depth: int) -> Iterator[Block]:
    system = option.place.file.startswith("/etc/ssh/")
    base = Path("/etc/ssh") if system else Path.home() / ".ssh"
    for pattern in option.arguments:
        full = base / Path(pattern).expanduser()
        for path in sorted(Path("/").glob(str(full).lstrip("/"))):
            yield _parse(str(path), depth + 1)
