"""ssh's command-line options, as found in ansible_ssh_common_args and its kin (man 1 ssh)."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import field
from functools import lru_cache

from provisioner.records import dataclass
from provisioner.remote.ssh.config import MANY, ConfigError, Place, parse_option

# Letters that take a value, and the keyword that each is short for.
KEYWORDS = {"i": "identityfile", "p": "port", "l": "user", "J": "proxyjump"}
# Letters that change nothing here: verbosity, ttys, forwarding of things that nobody uses.
HARMLESS = frozenset("vqTtnNfxXYaAkK46C")
VALUED = frozenset("BbcDEeFIiJLlmOoPpQRSWw")
# Keywords that mean nothing to one plain connection per host and run.
IGNORED = frozenset(
    (
        *("addkeystoagent", "batchmode", "canonicaldomains", "checkhostip", "compression"),
        *("connectionattempts", "controlmaster", "controlpath", "controlpersist", "escapechar"),
        *("exitonforwardfailure", "forwardagent", "forwardx11", "forwardx11trusted", "ipqos"),
        *("gssapiauthentication", "gssapidelegatecredentials", "kbdinteractiveauthentication"),
        *("loglevel", "numberofpasswordprompts", "passwordauthentication", "permitlocalcommand"),
        *("preferredauthentications", "pubkeyauthentication", "requesttty", "sendenv", "setenv"),
        *("serveralivecountmax", "serveraliveinterval", "tcpkeepalive", "updatehostkeys"),
        *("verifyhostkeydns", "visualhostkey"),
    )
)
USED = frozenset(
    (
        *("connecttimeout", "globalknownhostsfile", "hashknownhosts", "hostkeyalias", "hostname"),
        *("identitiesonly", "identityagent", "identityfile", "port", "proxycommand", "proxyjump"),
        *("stricthostkeychecking", "user", "userknownhostsfile"),
    )
)


@dataclass(frozen=True)
class Arguments:
    """What the options say: keyword (lower case) to values, the -F file, and what was ignored."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    config_file: str | None = None
    notices: tuple[str, ...] = ()


@lru_cache(maxsize=512)  # most hosts of a fleet share their options
def parse(text: str, source: str) -> Arguments:
    """Read `text` as a shell would split it; `source` names the variable in messages.

    Raises ConfigError for quotes that don't close or an option without its value. What is
    unknown or means nothing here becomes a notice.
    """
    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise ConfigError(f"{source}: unbalanced quotes in {text!r}") from problem
    collected = _Collected(source)
    for letter, value in _letters(words, source, collected.notice):
        collected.take(letter, value)
    values = {key: tuple(found) for key, found in collected.values.items()}
    return Arguments(values, collected.config_file, tuple(collected.notices))


@dataclass
class _Collected:
    source: str
    values: dict[str, list[str]] = field(default_factory=dict)
    config_file: str | None = None
    notices: list[str] = field(default_factory=list)

    def notice(self, text: str) -> None:
        self.notices.append(f"{self.source}: {text}")

    def take(self, letter: str, value: str) -> None:
        if letter == "o":
            self.take_option(value)
        elif letter == "F":
            self.config_file = self.config_file or value
        elif letter in KEYWORDS:
            self.put(KEYWORDS[letter], (value,))
        elif letter not in HARMLESS:
            self.notice(f"-{letter} is not understood and ignored")

    def take_option(self, text: str) -> None:
        option = parse_option(text, Place(self.source, 1))
        if option is None:
            return
        if option.keyword in USED:
            self.put(option.keyword, option.arguments)
        elif option.keyword in IGNORED:
            self.notice(f"{text.split('=')[0].split()[0]} has no effect here")
        else:
            self.notice(f"-o {text} is not understood and ignored")

    def put(self, keyword: str, values: tuple[str, ...]) -> None:
        if keyword in MANY:
            self.values.setdefault(keyword, []).extend(values)
        else:
            self.values.setdefault(keyword, list(values))


def _letters(
    words: list[str], source: str, notice: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """Split `-vvp 22 -oUser=x` into (letter, value) pairs, as getopt does."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word in ("-", "--"):
            notice(f"{word!r} is no option and ignored")
            continue
        for position, letter in enumerate(word[1:], 2):
            if letter not in VALUED:
                yield letter, ""
                continue
            value = word[position:] or next(rest, None)
            if value is None:
                raise ConfigError(f"{source}: -{letter} has no value")
            yield letter, value
            break


def join(parts: list[Arguments]) -> Arguments:
    """Several options in the order of the command line: the first value of a keyword wins."""
    values: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for keyword, found in part.values.items():
            old = values.get(keyword, ())
            values[keyword] = (*old, *found) if keyword in MANY else old or found
    files = [part.config_file for part in parts if part.config_file]
    notices = tuple(notice for part in parts for notice in part.notices)
    return Arguments(values, files[0] if files else None, notices)
