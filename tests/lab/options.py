"""What a test can ask of one host."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

DEFAULT_KERNEL = "3.10.0-1160.119.1.el7.x86_64"
USER = "ops"
PASSWORD = "lab-password"


@dataclass(frozen=True)
class HostOptions:
    """How a host differs from the default one. All of it can be written as JSON."""

    kernel: str = DEFAULT_KERNEL
    """What `uname -r` and /proc/sys/kernel/osrelease say; "" leaves the real kernel's name."""
    uname26: bool = False
    """Run sshd under `setarch --uname-2.6`: the kernel itself then answers 2.6.x."""
    sudo: Literal["nopasswd", "password", "none", "requiretty", "absent"] = "nopasswd"
    login: Literal["key", "password"] = "key"
    shell: str = "/bin/bash"
    """The login shell of `ops` (bash, dash, tcsh, nologin are there)."""
    repos: Literal["vault", "dead-mirrorlist", "404", "none"] = "vault"
    """What /etc/yum.repos.d/CentOS-Base.repo points at."""
    docker: Literal["none", "distro", "ce"] = "none"
    """An edition of docker that is installed and running from the start."""
    devicemapper_root: bool = False
    """Leave the traces of an old devicemapper storage under /var/lib/docker."""
    selinux: Literal["Disabled", "Permissive", "Enforcing"] = "Disabled"
    """What getenforce says (nothing is enforced)."""
    guard: bool = True
    """Whether newer options than EL7's are refused."""
    boot_script: str = ""
    """A bash script run as root at every boot before sshd."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> HostOptions:
        return cls(**data)

    @classmethod
    def from_words(cls, words: list[str]) -> HostOptions:
        """Options from `name=value` words of a command line."""
        kinds = {item.name: item.type for item in fields(cls)}
        data: dict[str, Any] = {}
        for word in words:
            name, _, value = word.partition("=")
            if name not in kinds:
                raise ValueError(f"no host option {name!r}; there are: {', '.join(kinds)}")
            data[name] = json.loads(value) if kinds[name] == "bool" else value
        return cls(**data)
