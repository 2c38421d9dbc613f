"""docker_login: keep the credentials for a registry in docker's configuration file."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.docker.client import CLIENT, DockerModule
from provisioner.remote.shell import Program, Report

READ = r"""
expand config_path
report dest "$config_path"
if at "$config_path"; then before "$config_path"; fi
"""

BODY = CLIENT + load_body("docker_login.sh")

HUB = "https://index.docker.io/v1/"


def registry_key(url: str) -> str:
    """Return the key of a registry in docker's configuration file."""
    if (
        url.rstrip("/") in ("docker.io", "https://docker.io", HUB.rstrip("/"))
        or "index.docker.io" in url
    ):
        return HUB
    return url.partition("://")[2].partition("/")[0] if "://" in url else url.partition("/")[0]


class DockerLogin(DockerModule):
    """Log in to a registry, or log out.

    The credentials are kept in docker's configuration file and checked by the registry.
    """

    body: ClassVar[str] = BODY

    state: Literal["absent", "present"] = "present"
    """`present` logs in, `absent` logs out."""
    registry_url: str = parameter(HUB, aliases=("registry", "url"))
    """The registry's URL; by default Docker Hub."""
    username: str | None = None
    """The user name. Needed to log in."""
    password: str | None = None
    """The password. Needed to log in. It reaches the docker command on its standard input."""
    email: str | None = None
    """Ignored: registries do not use it."""
    reauthorize: bool = parameter(False, aliases=("reauth",))
    """Log in even if the same credentials are stored already. Needed after a change of the password
    if a credential helper stores it, because stored secrets of a helper are not compared."""
    config_path: str = parameter("~/.docker/config.json", aliases=("dockercfg_path",))
    """Docker's configuration file on the host. If its name is not config.json, the password is
    stored without a check by the registry."""

    def validate(self) -> None:
        if self.state == "present" and (self.username is None or self.password is None):
            raise ValueError("username and password are needed to log in")

    @property
    def acts(self) -> bool:
        return self.reauthorize and self.state == "present"

    @property
    def server(self) -> str:
        """The key of the registry in docker's configuration file."""
        return registry_key(self.registry_url)

    def program(self, context: TaskContext) -> Program:
        return Program("docker_login_read", READ, {"config_path": self.config_path})

    def edit(self, report: Report) -> Program | None:
        config = _config(report.get("before"))
        desired = self._desired(config)
        if desired is None:
            return None
        server = "" if self.server == HUB else self.server
        variables = {
            "config_path": report.get("dest"),
            "state": self.state,
            "server": server,
            "registry": self.server,
            "username": self.username or "",
            "password": self.password or "",
            "content": json.dumps(desired, indent="\t") + "\n",
            **self.client_variables(),
        }
        return Program("docker_login", self.body, variables)

    def _desired(self, config: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the configuration as it should be; None if it is already."""
        stored = config.get("auths") or {}
        mine = {key: value for key, value in stored.items() if registry_key(key) == self.server}
        others = {key: value for key, value in stored.items() if key not in mine}
        helpers = config.get("credHelpers") or {}
        has_helper = self.server in helpers or "credsStore" in config
        if self.state == "absent":
            return {**config, "auths": others} if mine else None
        secret = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        same = bool(mine) and (has_helper or any(v.get("auth") == secret for v in mine.values()))
        if same and not self.reauthorize:
            return None
        return {**config, "auths": {**others, self.server: {"auth": secret}}}

    def returns(self, report: Report) -> dict[str, Any]:
        if self.state == "absent":
            return {"login_result": {}}
        return {"login_result": {"serveraddress": self.registry_url, "username": self.username}}


def _config(text: str) -> dict[str, Any]:
    """Return docker's configuration; it is empty if the file can't be read."""
    try:
        config = json.loads(text or "{}")
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}
