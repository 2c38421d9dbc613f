"""How to reach one host: Ansible's connection variables and the operator's ssh_config, merged.

Precedence, as ssh itself has it for a command line: connection variables, then the operator's own
options (`Defaults`, such as --user), then ansible_ssh_*_args, then ~/.ssh/config and
/etc/ssh/ssh_config, then what is built in.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Literal

from provisioner.errors import ConnectionFailed
from provisioner.records import dataclass
from provisioner.remote.channel import LONGEST
from provisioner.remote.ssh import config, options
from provisioner.remote.ssh.known_hosts import default_files

Policy = Literal["yes", "accept-new", "no"]
Passphrase = Callable[[str, int], str | None]
"""What asks for the passphrase of that file, of which so many were wrong; None: there is none."""

CONNECT_TIMEOUT = 10.0
LOGIN_TIMEOUT = 30.0
DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
HOPS = 8
POLICIES: Mapping[str, Policy] = {
    "yes": "yes",
    "true": "yes",
    "ask": "yes",  # nobody is there to be asked
    "accept-new": "accept-new",
    "no": "no",
    "off": "no",
    "false": "no",
}
# OpenSSH 9.6 refuses these in names that reach a ProxyCommand's shell (CVE-2023-51385).
SHELL_LETTERS = frozenset("'`\"$\\;&<>|(){}*?!#~ \t\r\n")


@dataclass(frozen=True)
class Target:
    """How to reach and log in to one host. Hashable; never shows the password.

    `key_files` were named by someone and are tried before the agent's, `default_keys` after.
    `timeout` (seconds) is for the TCP connection, over all addresses together; `login_timeout`
    for all of banner, key exchange and authentication, with a retry when sshd is too busy.
    """

    name: str
    address: str
    port: int = 22
    user: str = ""
    password: str | None = field(default=None, repr=False)
    key_files: tuple[str, ...] = ()
    default_keys: tuple[str, ...] = ()
    passphrase: Passphrase | None = field(default=None, repr=False)
    timeout: float = CONNECT_TIMEOUT
    login_timeout: float = LOGIN_TIMEOUT
    host_key_policy: Policy = "yes"
    known_hosts: tuple[str, ...] = ()
    hash_known_hosts: bool = False
    host_key_name: str = ""
    proxy_jump: tuple[Target, ...] = ()
    proxy_command: str | None = None
    identities_only: bool = False
    agent: str | None = None
    notices: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        """The name, with the address where that differs; never a secret."""
        return self.name if self.name == self.address else f"{self.name} ({self.address})"

    @property
    def known_as(self) -> str:
        """The name under which known_hosts lists it, without a port."""
        return self.host_key_name or self.address

    @property
    def known_port(self) -> int:
        """The port under which known_hosts lists it: an alias stands for itself, as in ssh."""
        return 22 if self.host_key_name else self.port


@dataclass(frozen=True)
class Defaults:
    """What the operator set for every host; None leaves the choice to ssh_config."""

    user: str | None = None
    port: int | None = None
    password: str | None = field(default=None, repr=False)
    key_files: tuple[str, ...] = ()
    passphrase: Passphrase | None = field(default=None, repr=False)
    timeout: float | None = None
    login_timeout: float | None = None
    host_key_policy: Policy | None = None
    ssh_args: str = ""
    config_files: tuple[str, ...] = (config.USER_FILE, config.SYSTEM_FILE)
    known_hosts: tuple[str, ...] = ()


ARGS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
SAID = {
    "address": ("ansible_host", "ansible_ssh_host"),
    "user": ("ansible_user", "ansible_ssh_user"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "password": ("ansible_password", "ansible_ssh_password", "ansible_ssh_pass"),
    "key_file": ("ansible_private_key_file", "ansible_ssh_private_key_file"),
    "timeout": ("ansible_ssh_timeout", "ansible_timeout"),
    "checking": ("ansible_host_key_checking", "ansible_ssh_host_key_checking"),
    **{name: (name,) for name in ARGS},
}
"""What variables say of the way to a host: the first of each that has a value counts."""

Said = tuple[str | None, ...]


def said(variables: Mapping[str, object]) -> Said:
    """What a host's variables say of the way to it, for each of `SAID`."""
    return tuple(_first(variables, names) for names in SAID.values())


def _first(variables: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = variables.get(name)
        if value is not None and value != "":
            return str(value)
    return None


def target_for(name: str, variables: Mapping[str, object], defaults: Defaults) -> Target:
    """The target for the host called `name` in the inventory, whose variables are given rendered.

    Reads ssh_config files (once a process), touches no network. Raises ConnectionFailed with the
    variable or the file:line when something makes no sense.
    """
    try:
        return _Merge(name, said(variables), defaults).target()
    except config.ConfigError as problem:
        raise ConnectionFailed(f"{name}: {problem}", "correct that line") from problem


class _Merge:
    """One host's settings while they are put together."""

    def __init__(
        self,
        name: str,
        said: Said,
        defaults: Defaults,
        chain: tuple[str, ...] = (),
    ) -> None:
        self.name, self.defaults = name, defaults
        self.said = dict(zip(SAID, said, strict=True))
        self.arguments = self._arguments()
        self.typed = self.said["address"] or name
        self.typed = self.typed.removeprefix("[").removesuffix("]")
        self.chain = (*chain, self.typed)
        self.explicit_user = self.said["user"] or defaults.user or self._argument("user")
        files = self._config_files()
        self.settings = config.lookup(config.read(files), self.typed, self.explicit_user)
        self.user = self.explicit_user or self.settings.first("user") or config.login()
        self.port = self._port()
        self.address = self.typed  # which %h stands for in a HostName
        if named := self._setting("hostname"):
            self.address = self._filled(named)

    def target(self) -> Target:
        target = Target(
            name=self.name,
            address=self.address,
            port=self.port,
            user=self.user,
            password=self.said["password"] or self.defaults.password,
            key_files=self._keys(),
            default_keys=self._default_keys(),
            passphrase=self.defaults.passphrase,
            timeout=self._timeout(),
            login_timeout=self.defaults.login_timeout or LOGIN_TIMEOUT,
            host_key_policy=self._policy(),
            known_hosts=self._known_hosts(),
            hash_known_hosts=_is_yes(self._setting("hashknownhosts")),
            host_key_name=self._setting("hostkeyalias") or "",
            identities_only=_is_yes(self._setting("identitiesonly")),
            agent=self._agent(),
            notices=(*self.arguments.notices, *self.settings.notices, *self._policy_notice()),
        )
        return self._with_proxy(target)

    def _filled(self, text: str) -> str:
        return config.fill(text, self._tokens()) if "%" in text else text

    def _path(self, text: str) -> str:
        return config.fill_path(text, self._tokens() if "%" in text else {})

    def _tokens(self) -> Mapping[str, str]:
        return config.tokens(name=self.typed, host=self.address, port=self.port, user=self.user)

    def _argument(self, keyword: str) -> str | None:
        found = self.arguments.values.get(keyword)
        return found[0] if found else None

    def _setting(self, keyword: str) -> str | None:
        return self._argument(keyword) or self.settings.first(keyword)

    def _list(self, keyword: str) -> tuple[str, ...]:
        return self.arguments.values.get(keyword) or self.settings.all(keyword)

    def _arguments(self) -> options.Arguments:
        texts = {name: self.said[name] for name in ARGS}
        texts["ansible_ssh_args"] = texts["ansible_ssh_args"] or self.defaults.ssh_args
        parts = [options.parse(text, source) for source, text in texts.items() if text]
        return options.join(parts)

    def _config_files(self) -> tuple[str, ...]:
        named = self.arguments.config_file
        if named is None:
            return self.defaults.config_files
        return () if named.lower() == "none" else (named,)

    def _port(self) -> int:
        value = self.said["port"] or self.defaults.port or self._setting("port") or 22
        try:
            port = int(value)
        except ValueError:
            port = 0
        if not 0 < port < 65536:
            raise ConnectionFailed(f"{self.name}: the SSH port is {value!r}, not 1 to 65535")
        return port

    def _keys(self) -> tuple[str, ...]:
        named = self.said["key_file"]
        first = (named,) if named else self.defaults.key_files
        files = (*first, *self.arguments.values.get("identityfile", ()))
        files = (*files, *self.settings.all("identityfile"))
        paths = (self._path(path) for path in files if path.lower() != "none")
        return tuple(dict.fromkeys(paths))

    def _default_keys(self) -> tuple[str, ...]:
        # ssh tries its defaults only when no IdentityFile is configured.
        if self._list("identityfile"):
            return ()
        return tuple(config.expanded(path) for path in DEFAULT_KEYS)

    def _timeout(self) -> float:
        value = self.said["timeout"] or self.defaults.timeout or self._setting("connecttimeout")
        try:
            seconds = float(value or CONNECT_TIMEOUT)
        except ValueError:
            raise ConnectionFailed(f"{self.name}: the timeout {value!r} is no number") from None
        return min(seconds, LONGEST) if seconds > 0 else CONNECT_TIMEOUT

    def _policy(self) -> Policy:
        word = (self._setting("stricthostkeychecking") or "").lower()
        if self._unchecked():
            return "accept-new"
        named = POLICIES.get(word)
        if self.defaults.host_key_policy is not None and named != "no":
            return self.defaults.host_key_policy
        return named or "yes"

    def _unchecked(self) -> bool:
        value = self.said["checking"] or ""
        return value.lower() in ("false", "no", "0", "off", "n", "f")

    def _policy_notice(self) -> tuple[str, ...]:
        if not self._unchecked():
            return ()
        return ("ansible_host_key_checking: false accepts new host keys, never changed ones",)

    def _known_hosts(self) -> tuple[str, ...]:
        user, system = self._list("userknownhostsfile"), self._list("globalknownhostsfile")
        default = self.defaults.known_hosts or default_files()
        files = (*(user or default[:2]), *(system or default[2:]))
        return tuple(self._path(path) for path in files if path.lower() != "none")

    def _agent(self) -> str | None:
        named = self._setting("identityagent") or "SSH_AUTH_SOCK"
        if named.lower() == "none":
            return None
        if named == "SSH_AUTH_SOCK" or named.startswith("$"):
            return os.environ.get(named.strip("${}")) or None
        return self._path(named)

    def _with_proxy(self, target: Target) -> Target:
        for source in (self._argument, self.settings.first):
            jump, command = source("proxyjump"), source("proxycommand")
            if jump and jump.lower() != "none":
                return replace(target, proxy_jump=self._hops(jump))
            if command and command.lower() != "none":
                _refuse_shell_letters(self.name, (target.address, target.user, self.typed))
                return replace(target, proxy_command=self._filled(command))
            if jump or command:
                return target
        return target

    def _hops(self, text: str) -> tuple[Target, ...]:
        hops = [split_hop(word.strip()) for word in text.split(",")]
        if [address for _, address, _ in hops] == [self.typed]:
            return ()  # `Host *` with a ProxyJump matches the jump host too; ssh skips it there
        if len(hops) > HOPS:
            raise ConnectionFailed(f"{self.name}: ProxyJump has more than {HOPS} hops")
        return tuple(self._hop(*hop, first=not place) for place, hop in enumerate(hops))

    def _hop(self, user: str | None, address: str, port: int | None, *, first: bool) -> Target:
        """One hop, under the ssh_config of its own name; -o options don't apply, as in ssh."""
        if address in self.chain:
            circle = " > ".join((*self.chain, address))
            raise ConnectionFailed(f"{self.name}: ProxyJump goes round in a circle: {circle}")
        options = replace(self.defaults, user=user, port=port, password=None, ssh_args="")
        options = replace(options, config_files=self._config_files())
        hop = _Merge(address, said({}), options, self.chain).target()
        # A later hop is reached through the one before it, whatever its own ProxyJump says.
        return hop if first else replace(hop, proxy_jump=(), proxy_command=None)


def split_hop(text: str) -> tuple[str | None, str, int | None]:
    """`[user@]host[:port]` or an ssh:// URI, with IPv6 literals in brackets."""
    text = text.removeprefix("ssh://").rstrip("/")
    user, at, rest = text.rpartition("@")
    host, port = rest, ""
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    if port and not port.isdigit():
        raise config.ConfigError(f"ProxyJump {text!r}: {port!r} is no port")
    return (user if at else None), host, int(port) if port else None


def _refuse_shell_letters(name: str, words: tuple[str, ...]) -> None:
    for word in words:
        if word.startswith("-") or SHELL_LETTERS & set(word):
            raise ConnectionFailed(
                f"{name}: {word!r} can't be given to a ProxyCommand, which a shell reads",
                "use names of letters, digits, dots, dashes and colons",
            )


def _is_yes(value: str | None) -> bool:
    return (value or "").lower() in ("yes", "true")
