"""The settings to reach a host, from Ansible's connection variables and from ssh_config.

The first of these that sets a value counts: connection variables, the command line's options
(`Defaults`, such as --user), ansible_ssh_*_args, ~/.ssh/config, /etc/ssh/ssh_config, the built-in
defaults.
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
"""Callback(key_file, failed_attempts) -> passphrase, or None if there is none."""

CONNECT_TIMEOUT = 10.0
LOGIN_TIMEOUT = 30.0
DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
HOPS = 8  # jump hosts of one host, at most
POLICIES: Mapping[str, Policy] = {
    "yes": "yes",
    "true": "yes",
    "ask": "yes",  # questions are not asked during a run
    "accept-new": "accept-new",
    "no": "no",
    "off": "no",
    "false": "no",
}
# OpenSSH 9.6 refuses these characters in names for a ProxyCommand (CVE-2023-51385).
SHELL_CHARACTERS = frozenset("'`\"$\\;&<>|(){}*?!#~ \t\r\n")


@dataclass(frozen=True)
class Target:
    """How to reach a host and log in. Hashable; its text never contains the password.

    `key_files` are configured and tried before the agent's keys, `default_keys` after them.
    `timeout`: seconds for the TCP connection, for all addresses together. `login_timeout`: seconds
    for the banner, the key exchange, the authentication, and new attempts at a busy sshd.
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
        """Return the name, and the address where it differs."""
        return self.name if self.name == self.address else f"{self.name} ({self.address})"

    @property
    def known_as(self) -> str:
        """The host's name in known_hosts, without the port."""
        return self.host_key_name or self.address

    @property
    def known_port(self) -> int:
        """The host's port in known_hosts. As in ssh, a HostKeyAlias has no port."""
        return 22 if self.host_key_name else self.port


@dataclass(frozen=True)
class Defaults:
    """The command line's settings for all hosts. None: ssh_config decides."""

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
CONNECTION_VARS = {
    "address": ("ansible_host", "ansible_ssh_host"),
    "user": ("ansible_user", "ansible_ssh_user"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "password": ("ansible_password", "ansible_ssh_password", "ansible_ssh_pass"),
    "key_file": ("ansible_private_key_file", "ansible_ssh_private_key_file"),
    "timeout": ("ansible_ssh_timeout", "ansible_timeout"),
    "checking": ("ansible_host_key_checking", "ansible_ssh_host_key_checking"),
    **{name: (name,) for name in ARGS},
}
"""The variables of each setting. The first variable with a value counts."""

ConnectionValues = tuple[str | None, ...]


def connection_values(variables: Mapping[str, object]) -> ConnectionValues:
    """Return the value of each setting in `CONNECTION_VARS`, None where no variable sets it."""
    return tuple(_first(variables, names) for names in CONNECTION_VARS.values())


def _first(variables: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = variables.get(name)
        if value is not None and value != "":
            return str(value)
    return None


def target_for(name: str, variables: Mapping[str, object], defaults: Defaults) -> Target:
    """Return the target for the host `name` of the inventory, with rendered variables.

    It reads the ssh_config files and does not use the network. Raises ConnectionFailed, which names
    the variable or the file and line, for an invalid value.
    """
    try:
        return _Merge(name, connection_values(variables), defaults).target()
    except config.ConfigError as error:
        raise ConnectionFailed(f"{name}: {error}", "correct that line or variable") from error


class _Merge:
    """The settings of a host while they are merged.

    `chain` has the hosts that are reached through this one, to find circles of jump hosts.
    """

    def __init__(
        self,
        name: str,
        values: ConnectionValues,
        defaults: Defaults,
        chain: tuple[str, ...] = (),
    ) -> None:
        self.name, self.defaults = name, defaults
        self.values = dict(zip(CONNECTION_VARS, values, strict=True))
        self.options = self._options()
        address = self.values["address"] or name
        self.given_address = address.removeprefix("[").removesuffix("]")
        self.chain = (*chain, self.given_address)
        self.explicit_user = self.values["user"] or defaults.user or self._argument("user")
        files = self._config_files()
        self.settings = config.lookup(config.read(files), self.given_address, self.explicit_user)
        self.user = self.explicit_user or self.settings.first("user") or config.login()
        self.port = self._port()
        self.address = self.given_address  # the value of %h in HostName
        if hostname := self._setting("hostname"):
            self.address = self._filled(hostname)

    def target(self) -> Target:
        target = Target(
            name=self.name,
            address=self.address,
            port=self.port,
            user=self.user,
            password=self.values["password"] or self.defaults.password,
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
            notices=(*self.options.notices, *self.settings.notices, *self._policy_notice()),
        )
        return self._with_proxy(target)

    def _filled(self, text: str) -> str:
        return config.fill(text, self._tokens()) if "%" in text else text

    def _path(self, text: str) -> str:
        return config.fill_path(text, self._tokens() if "%" in text else {})

    def _tokens(self) -> Mapping[str, str]:
        return config.tokens(
            name=self.given_address, host=self.address, port=self.port, user=self.user
        )

    def _argument(self, keyword: str) -> str | None:
        values = self.options.values.get(keyword)
        return values[0] if values else None

    def _setting(self, keyword: str) -> str | None:
        return self._argument(keyword) or self.settings.first(keyword)

    def _list(self, keyword: str) -> tuple[str, ...]:
        return self.options.values.get(keyword) or self.settings.all(keyword)

    def _options(self) -> options.SshOptions:
        texts = {name: self.values[name] for name in ARGS}
        texts["ansible_ssh_args"] = texts["ansible_ssh_args"] or self.defaults.ssh_args
        parts = [options.parse(text, source) for source, text in texts.items() if text]
        return options.join(parts)

    def _config_files(self) -> tuple[str, ...]:
        file = self.options.config_file
        if file is None:
            return self.defaults.config_files
        return () if file.lower() == "none" else (file,)

    def _port(self) -> int:
        value = self.values["port"] or self.defaults.port or self._setting("port") or 22
        try:
            port = int(value)
        except ValueError:
            port = 0
        if not 0 < port < 65536:
            raise ConnectionFailed(
                f"{self.name}: the SSH port is {value!r}, but must be from 1 to 65535"
            )
        return port

    def _keys(self) -> tuple[str, ...]:
        key_file = self.values["key_file"]
        first = (key_file,) if key_file else self.defaults.key_files
        files = (*first, *self.options.values.get("identityfile", ()))
        files = (*files, *self.settings.all("identityfile"))
        paths = (self._path(path) for path in files if path.lower() != "none")
        return tuple(dict.fromkeys(paths))

    def _default_keys(self) -> tuple[str, ...]:
        # As in ssh, only where no IdentityFile is configured.
        if self._list("identityfile"):
            return ()
        return tuple(config.expanded(path) for path in DEFAULT_KEYS)

    def _timeout(self) -> float:
        value = self.values["timeout"] or self.defaults.timeout or self._setting("connecttimeout")
        try:
            seconds = float(value or CONNECT_TIMEOUT)
        except ValueError:
            raise ConnectionFailed(f"{self.name}: the timeout {value!r} is not a number") from None
        return min(seconds, LONGEST) if seconds > 0 else CONNECT_TIMEOUT

    def _policy(self) -> Policy:
        if self._checking_is_off():
            return "accept-new"
        policy = POLICIES.get((self._setting("stricthostkeychecking") or "").lower())
        if self.defaults.host_key_policy is not None and policy != "no":
            return self.defaults.host_key_policy
        return policy or "yes"

    def _checking_is_off(self) -> bool:
        """Whether ansible_host_key_checking is false."""
        value = self.values["checking"] or ""
        return value.lower() in ("false", "no", "0", "off", "n", "f")

    def _policy_notice(self) -> tuple[str, ...]:
        if not self._checking_is_off():
            return ()
        return ("ansible_host_key_checking: false accepts new host keys, but not changed ones",)

    def _known_hosts(self) -> tuple[str, ...]:
        user, system = self._list("userknownhostsfile"), self._list("globalknownhostsfile")
        default = self.defaults.known_hosts or default_files()
        files = (*(user or default[:2]), *(system or default[2:]))
        return tuple(self._path(path) for path in files if path.lower() != "none")

    def _agent(self) -> str | None:
        agent = self._setting("identityagent") or "SSH_AUTH_SOCK"
        if agent.lower() == "none":
            return None
        if agent == "SSH_AUTH_SOCK" or agent.startswith("$"):
            return os.environ.get(agent.strip("${}")) or None
        return self._path(agent)

    def _with_proxy(self, target: Target) -> Target:
        """Add the ProxyJump or ProxyCommand; ansible_ssh_*_args override ssh_config."""
        for source in (self._argument, self.settings.first):
            jump, command = source("proxyjump"), source("proxycommand")
            if jump and jump.lower() != "none":
                return replace(target, proxy_jump=self._hops(jump))
            if command and command.lower() != "none":
                _refuse_shell_characters(
                    self.name, (target.address, target.user, self.given_address)
                )
                return replace(target, proxy_command=self._filled(command))
            if jump or command:
                return target
        return target

    def _hops(self, text: str) -> tuple[Target, ...]:
        hops = [split_hop(word.strip()) for word in text.split(",")]
        if [address for _, address, _ in hops] == [self.given_address]:
            return ()  # as in ssh, where `Host *` with a ProxyJump matches the jump host too
        if len(hops) > HOPS:
            raise ConnectionFailed(f"{self.name}: ProxyJump names more than {HOPS} jump hosts")
        return tuple(self._hop(*hop, is_first=not index) for index, hop in enumerate(hops))

    def _hop(self, user: str | None, address: str, port: int | None, *, is_first: bool) -> Target:
        """Return a jump host with its own ssh_config. As in ssh, -o options do not apply to it."""
        if address in self.chain:
            circle = " > ".join((*self.chain, address))
            raise ConnectionFailed(f"{self.name}: ProxyJump forms a circle: {circle}")
        options = replace(self.defaults, user=user, port=port, password=None, ssh_args="")
        options = replace(options, config_files=self._config_files())
        hop = _Merge(address, connection_values({}), options, self.chain).target()
        # A later jump host is reached through the one before it; its own ProxyJump does not count.
        return hop if is_first else replace(hop, proxy_jump=(), proxy_command=None)


def split_hop(text: str) -> tuple[str | None, str, int | None]:
    """Split `[user@]host[:port]` or an ssh:// URI; an IPv6 address is in brackets."""
    text = text.removeprefix("ssh://").rstrip("/")
    user, at, rest = text.rpartition("@")
    host, port = rest, ""
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    if port and not port.isdigit():
        raise config.ConfigError(f"ProxyJump {text!r}: {port!r} is not a port")
    return (user if at else None), host, int(port) if port else None


def _refuse_shell_characters(name: str, words: tuple[str, ...]) -> None:
    for word in words:
        if word.startswith("-") or SHELL_CHARACTERS & set(word):
            raise ConnectionFailed(
                f"{name}: {word!r} can't be given to a ProxyCommand: a shell would interpret it",
                "use names with letters, digits, dots, dashes and colons only",
            )


def _is_yes(value: str | None) -> bool:
    return (value or "").lower() in ("yes", "true")
