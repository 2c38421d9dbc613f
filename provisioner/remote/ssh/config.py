"""Read ssh_config files: the settings that `ssh HOST` would use (man 5 ssh_config).

The files are read once. As in ssh, only the first value of a keyword counts, except that the values
of `IdentityFile` add up. `Match exec`, `final` and `canonical` need a command or a second pass:
they never match here, and `Settings.notices` names them.
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

from provisioner.local_files import read_regular, with_home
from provisioner.records import dataclass
from provisioner.where import Where

USER_FILE = "~/.ssh/config"
SYSTEM_FILE = "/etc/ssh/ssh_config"
MAX_BYTES = 16 << 20
DEPTH = 16  # READCONF_MAX_DEPTH of OpenSSH's readconf.c
MANY = frozenset({"identityfile", "certificatefile"})  # keywords whose values add up
UNSUPPORTED = frozenset({"exec", "final", "canonical", "localnetwork", "tagged", "version"})


@dataclass(frozen=True)
class ConfigOption:
    """A line `Keyword value`: the keyword in lower case and its arguments."""

    keyword: str
    arguments: tuple[str, ...]
    place: Where


@dataclass(frozen=True)
class ConfigBlock:
    """A `Host` or `Match` line, or a file, with the options and blocks that belong to it.

    `kind` is "host", "match" or "file"; `criteria` are the arguments of the line.
    """

    kind: str
    criteria: tuple[str, ...]
    place: Where
    body: list[ConfigOption | ConfigBlock] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """The settings for one host. `values` have their %-tokens not replaced yet."""

    values: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...] = ()

    def first(self, keyword: str) -> str | None:
        """Return the first value of `keyword` (in any case), or None.

        The text "none" is a value too.
        """
        values = self.values.get(keyword.lower())
        return values[0] if values else None

    def all(self, keyword: str) -> tuple[str, ...]:
        """Return all values of a keyword whose values add up."""
        return self.values.get(keyword.lower(), ())


class ConfigError(ValueError):
    """A file that ssh would refuse too. The text begins with file:line."""


@functools.cache
def read(files: tuple[str, ...]) -> tuple[ConfigBlock, ...]:
    """Return a block for each file that exists. The process reads each file once.

    Raises ConfigError where a file can't be read or has a syntax error.
    """
    paths = map(with_home, files)
    return tuple(_parse(str(path), 0) for path in paths if path.exists())


def forget() -> None:
    """Forget the files, so that they are read again."""
    read.cache_clear()


def lookup(blocks: Sequence[ConfigBlock], host: str, user: str | None = None) -> Settings:
    """Return the settings for `host` and `user`, as the inventory or the options give them."""
    search = _Search(host, user)
    for block in blocks:
        search.apply(block)
    return Settings({k: tuple(v) for k, v in search.values.items()}, tuple(search.notices))


@dataclass
class _Search:
    """The settings for one host while they are collected."""

    host: str
    user: str | None
    values: dict[str, list[str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def apply(self, block: ConfigBlock) -> None:
        if not self.matches(block):
            return
        for item in block.body:
            if isinstance(item, ConfigBlock):
                self.apply(item)
            else:
                self.add(item)

    def add(self, option: ConfigOption) -> None:
        arguments = list(option.arguments)
        if option.keyword in MANY:
            self.values.setdefault(option.keyword, []).extend(arguments)
        else:
            self.values.setdefault(option.keyword, arguments)

    def matches(self, block: ConfigBlock) -> bool:
        if block.kind == "file":
            return True
        if block.kind == "host":
            return matches_list(self.host, block.criteria)
        return self.matches_criteria(block)

    def matches_criteria(self, block: ConfigBlock) -> bool:
        words = iter(block.criteria)
        for word in words:
            negated, word = word.startswith("!"), word.removeprefix("!").lower()
            if word == "all":
                matches = True
            elif word in UNSUPPORTED:
                self.notices.append(
                    f"{block.place}: `Match {word}` is not supported and never matches"
                )
                return False
            else:
                matches = self.matches_criterion(word, next(words, ""), block)
            if matches == negated:
                return False
        return True

    def matches_criterion(self, word: str, patterns: str, block: ConfigBlock) -> bool:
        subject = self.subjects().get(word)
        if subject is None:
            raise ConfigError(f"{block.place}: Match does not know the criterion {word!r}")
        return matches_list(subject, patterns.split(","))

    def subjects(self) -> dict[str, str]:
        local = login()
        return {
            "host": self.hostname(),
            "originalhost": self.host,
            "user": self.user or self.values.get("user", [local])[0],
            "localuser": local,
        }

    def hostname(self) -> str:
        hostname = self.values.get("hostname")
        return fill(hostname[0], {"h": self.host}) if hostname else self.host


def matches_list(subject: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern matches `subject` and no negated pattern does (ssh_config, PATTERNS)."""
    subject = subject.lower()
    matches = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        if _glob(pattern.removeprefix("!").lower()).match(subject):
            if negated:
                return False
            matches = True
    return matches


@functools.lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    # Only * and ? are special in ssh's patterns: [ is not.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))


def fill(text: str, tokens: Mapping[str, str]) -> str:
    """Replace %x by `tokens` and %% by %; an unknown token stays."""
    if "%" not in text:
        return text
    values = {**tokens, "%": "%"}
    return re.sub(r"%(.)", lambda match: values.get(match[1], match[0]), text)


def tokens(*, name: str, host: str, port: int, user: str) -> dict[str, str]:
    """Return the values of the %-tokens (ssh_config, TOKENS). `name` is the host as given."""
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
    """Return the login name of the user who runs this command."""
    return _login(os.environ.get("LOGNAME"), os.environ.get("USER"))


@functools.cache
def _login(*_environment: str | None) -> str:
    import getpass  # imported here because it reads /etc/passwd if no variable has the name

    return getpass.getuser()


def fill_path(text: str, values: Mapping[str, str]) -> str:
    """Return a file name with ~, %x and ${NAME} replaced, as ssh does for keys and known_hosts."""
    if "${" in text:
        text = re.sub(r"\$\{(\w+)\}", lambda match: os.environ.get(match[1], match[0]), text)
    return expanded(fill(text, values))


def expanded(path: str) -> str:
    """Return a file name with ~ replaced."""
    return _expanded(path, os.environ.get("HOME"))


@functools.lru_cache(maxsize=1024)  # most hosts use the same files
def _expanded(path: str, _home: str | None) -> str:
    return str(with_home(path))


def _parse(path: str, depth: int) -> ConfigBlock:
    if depth > DEPTH:
        raise ConfigError(f"{path}: more than {DEPTH} files include each other")
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    file = ConfigBlock("file", (), Where(path, 0))
    current = file
    for option in _options(text, path):
        if option.keyword in ("host", "match"):
            current = ConfigBlock(option.keyword, option.arguments, option.place)
            file.body.append(current)
        elif option.keyword == "include":
            current.body.extend(_included(option, depth))
        else:
            current.body.append(option)
    return file


def _options(text: str, path: str) -> Iterator[ConfigOption]:
    for number, line in enumerate(text.splitlines(), 1):
        place = Where(path, number)
        option = parse_option(line, place)
        if option is not None:
            yield option


def parse_option(line: str, place: Where) -> ConfigOption | None:
    """Parse a line of a file, or the text after -o. Returns None for an empty line or a comment.

    Raises ConfigError for a quote that is not closed and for a keyword without a value.
    """
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    match = re.match(r"([^\s=\"]+)(?:\s*=\s*|\s+)(.*)", line)
    if match is None:
        raise ConfigError(f"{place}: {line.split('=')[0]!r} has no value")
    keyword, rest = match[1].lower(), match[2].strip()
    if keyword == "proxycommand":  # the shell parses the rest of the line
        return ConfigOption(keyword, (rest,), place)
    arguments = _words(rest, place)
    if not arguments:
        raise ConfigError(f"{place}: {match[1]!r} has no value")
    return ConfigOption(keyword, arguments, place)


def _words(text: str, place: Where) -> tuple[str, ...]:
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split = True
    words.commenters = "#"
    words.escape = ""
    try:
        return tuple(words)
    except ValueError as error:
        raise ConfigError(f"{place}: a quote is not closed") from error


def _included(option: ConfigOption, depth: int) -> Iterator[ConfigBlock]:
    """Yield the blocks of the files that an Include line names."""
    system = option.place.file.startswith("/etc/ssh/")
    base = Path("/etc/ssh") if system else Path.home() / ".ssh"
    for pattern in option.arguments:
        full = base / with_home(pattern)
        try:
            paths = sorted(Path("/").glob(str(full).lstrip("/")))
        except (ValueError, NotImplementedError) as error:  # such as `/` or `a**`
            raise ConfigError(f"{option.place}: Include {pattern!r}: {error}") from error
        for path in paths:
            yield _parse(str(path), depth + 1)
