"""ssh's command-line options, as in ansible_ssh_args and ansible_ssh_common_args (man 1 ssh)."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import field
from functools import lru_cache

from provisioner.records import dataclass
from provisioner.remote.ssh.config import MANY, ConfigError, parse_option
from provisioner.where import Where

# Options with a value that stand for a keyword.
KEYWORDS = {"i": "identityfile", "p": "port", "l": "user", "J": "proxyjump"}
# Options without effect here: verbosity, terminals, forwarding.
HARMLESS = frozenset("vqTtnNfxXYaAkK46C")
# Options with a value.
VALUED = frozenset("BbcDEeFIiJLlmOoPpQRSWw")
# Keywords without effect here.
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
class SshOptions:
    """The values of each keyword (in lower case), the file of -F, and notices about the rest."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    config_file: str | None = None
    notices: tuple[str, ...] = ()


@lru_cache(maxsize=512)  # most hosts have the same options
def parse(text: str, source: str) -> SshOptions:
    """Parse `text`, split as by a shell. `source` is the variable's name, for messages.

    Raises ConfigError for a quote that is not closed and for an option without its value. Options
    that are unknown or without effect here become notices.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"{source}: a quote is not closed in {text!r}") from error
    collected = _Collected(source)
    for letter, value in _letters(words, source, collected.notice):
        collected.add(letter, value)
    values = {keyword: tuple(list_) for keyword, list_ in collected.values.items()}
    return SshOptions(values, collected.config_file, tuple(collected.notices))


@dataclass
class _Collected:
    """The options of one text while they are parsed."""

    source: str
    values: dict[str, list[str]] = field(default_factory=dict)
    config_file: str | None = None
    notices: list[str] = field(default_factory=list)

    def notice(self, text: str) -> None:
        self.notices.append(f"{self.source}: {text}")

    def add(self, letter: str, value: str) -> None:
        if letter == "o":
            self.add_keyword(value)
        elif letter == "F":
            self.config_file = self.config_file or value
        elif letter in KEYWORDS:
            self.put(KEYWORDS[letter], (value,))
        elif letter not in HARMLESS:
            self.notice(f"-{letter} is not supported and is ignored")

    def add_keyword(self, text: str) -> None:
        option = parse_option(text, Where(self.source, 1))
        if option is None:
            return
        if option.keyword in USED:
            self.put(option.keyword, option.arguments)
        elif option.keyword in IGNORED:
            self.notice(f"{text.split('=')[0].split()[0]} has no effect here")
        else:
            self.notice(f"-o {text} is not supported and is ignored")

    def put(self, keyword: str, values: tuple[str, ...]) -> None:
        if keyword in MANY:
            self.values.setdefault(keyword, []).extend(values)
        else:
            self.values.setdefault(keyword, list(values))


def _letters(
    words: list[str], source: str, notice: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """Split `-vvp 22 -oUser=x` into pairs (letter, value), as getopt does."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word in ("-", "--"):
            notice(f"{word!r} is not an option and is ignored")
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


def join(parts: list[SshOptions]) -> SshOptions:
    """Merge options in the order of the command line: the first value of a keyword counts."""
    values: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for keyword, added in part.values.items():
            earlier = values.get(keyword, ())
            values[keyword] = (*earlier, *added) if keyword in MANY else earlier or added
    files = [part.config_file for part in parts if part.config_file]
    notices = tuple(notice for part in parts for notice in part.notices)
    return SshOptions(values, files[0] if files else None, notices)
