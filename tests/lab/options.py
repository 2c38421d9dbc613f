"""The options of a host."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

DEFAULT_KERNEL = "3.10.0-1160.119.1.el7.x86_64"
USER = "ops"
PASSWORD = "lab-password"


@dataclass(frozen=True)
class HostOptions:
    """How a host differs from the default host. All values can be written as JSON."""

    kernel: str = DEFAULT_KERNEL
    """The output of `uname -r` and /proc/sys/kernel/osrelease; "" for the real kernel's."""
    uname26: bool = False
    """Run sshd under `setarch --uname-2.6`: then the kernel itself reports 2.6.x."""
    sudo: Literal["nopasswd", "password", "none", "requiretty", "absent"] = "nopasswd"
    login: Literal["key", "password"] = "key"
    shell: str = "/bin/bash"
    """The login shell of `ops`: bash, dash, tcsh or nologin."""
    repos: Literal["vault", "dead-mirrorlist", "404", "none"] = "vault"
    """The kind of repositories in /etc/yum.repos.d/CentOS-Base.repo."""
    docker: Literal["none", "distro", "ce"] = "none"
    """The edition of docker that is installed and running from the start."""
    devicemapper_root: bool = False
    """Create the files of an old devicemapper storage under /var/lib/docker."""
    selinux: Literal["Disabled", "Permissive", "Enforcing"] = "Disabled"
    """The output of getenforce. Nothing is enforced."""
    guard: bool = True
    """Whether options newer than EL7's tools are refused."""
    boot_script: str = ""
    """A bash script that runs as root at every boot, before sshd."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> HostOptions:
        return cls(**data)

    @classmethod
    def from_words(cls, words: list[str]) -> HostOptions:
        """Parse `name=value` words of a command line."""
        types = {item.name: item.type for item in fields(cls)}
        data: dict[str, Any] = {}
        for word in words:
            name, _, value = word.partition("=")
            if name not in types:
                raise ValueError(f"no host option {name!r}; the options: {', '.join(types)}")
            data[name] = json.loads(value) if types[name] == "bool" else value
        return cls(**data)
