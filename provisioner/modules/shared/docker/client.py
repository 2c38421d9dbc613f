"""The parameters that all docker modules have, and the answers of the docker command."""

from __future__ import annotations

import json
from typing import Any

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.records import dataclass
from provisioner.remote.shell import Report, Value

SEPARATOR = "\x1e"

CLIENT = load_body("shared/docker/client.sh", "shared/docker/failures.sh")
"""The first part of every docker body: ask the daemon, and explain its failures."""


class DockerCli(Module):
    """A module that works through the host's `docker` command."""

    docker_cli: str = "docker"
    """The docker command on the host: a name that is looked for in PATH, or a path."""
    docker_host: str | None = parameter(None, aliases=("docker_url",))
    """The daemon's address: `unix:///var/run/docker.sock`, `tcp://192.0.2.1:2376`, `ssh://host`. By
    default the docker command decides: DOCKER_HOST of the environment, else the daemon on the
    host."""
    cli_context: str | None = None
    """The context of the docker command to use (Docker 19.03 and later), instead of
    `docker_host`."""
    api_version: str = parameter("auto", aliases=("docker_api_version",))
    """The version of Docker's API to use; `auto` leaves the choice to the docker command."""
    ca_path: str | None = parameter(None, aliases=("ca_cert", "tls_ca_cert", "cacert_path"))
    """The CA certificate that the daemon's certificate is checked with: a PEM file on the host."""
    client_cert: str | None = parameter(None, aliases=("tls_client_cert", "cert_path"))
    """The client certificate to present to the daemon: a PEM file on the host."""
    client_key: str | None = parameter(None, aliases=("tls_client_key", "key_path"))
    """The private key of `client_cert`: a PEM file on the host."""
    tls: bool = False
    """Connect with TLS, without checking the daemon's certificate."""
    validate_certs: bool = parameter(False, aliases=("tls_verify",))
    """Connect with TLS, and check the daemon's certificate."""
    tls_hostname: str | None = None
    """Ignored: the docker command checks the host name in `docker_host`."""
    ssl_version: str | None = None
    """Ignored: the docker command chooses the version of TLS."""
    use_ssh_client: bool = False
    """Ignored: the docker command always uses ssh for ssh:// addresses."""
    debug: bool = False
    """Ignored: every change is always reported."""

    def answer_timeout(self) -> int | None:
        """Return the seconds that the daemon may take to answer a question; None is no limit."""
        return 60

    def client_variables(self) -> dict[str, Value]:
        """Return the variables that the body CLIENT reads."""
        timeout = self.answer_timeout()
        return {
            "docker_cli": self.docker_cli,
            "client": self._client(),
            "answer_timeout": "" if timeout is None else str(timeout),
        }

    def _client(self) -> list[str]:
        """Return the docker command with the options that choose the daemon."""
        words = [self.docker_cli]
        if self.api_version not in ("auto", ""):
            words = ["env", f"DOCKER_API_VERSION={self.api_version}", *words]
        options = {
            "--host": self.docker_host,
            "--context": self.cli_context,
            "--tlscacert": self.ca_path,
            "--tlscert": self.client_cert,
            "--tlskey": self.client_key,
        }
        for option, value in options.items():
            if value:
                words += [option, value]
        switches = {"--tls": self.tls, "--tlsverify": self.validate_certs}
        return words + [option for option, on in switches.items() if on]


class DockerModule(DockerCli):
    """A docker module with `timeout`; in Ansible these modules use the API of Docker."""

    timeout: int = 60
    """Seconds that the daemon may take to answer a question. Pulls and builds have no limit."""

    def answer_timeout(self) -> int | None:
        return self.timeout


@dataclass(frozen=True)
class CommandResult:
    """What the docker command wrote for one `ask`: stdout, stderr and its exit status."""

    text: str = ""
    error: str = ""
    status: int = 0

    def objects(self) -> list[dict[str, Any]]:
        """Return the JSON objects in `text`: an array, or one object on each line.

        Text that is no JSON has none.
        """
        text = self.text.strip()
        try:
            if text.startswith("["):
                items = json.loads(text)
            else:
                items = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            return []
        return [item for item in items if isinstance(item, dict)]


def read_answer(report: Report, key: str = "answer") -> CommandResult | None:
    """Return the answer that a report has under `key`, or None if it has none."""
    if key not in report.records:
        return None
    head, _, status = report.get(key).rpartition(SEPARATOR)
    text, _, error = head.partition(SEPARATOR)
    return CommandResult(text, error, int(status or 0))


def is_container(item: dict[str, Any]) -> bool:
    """Whether an object of `docker inspect` is a container."""
    return "HostConfig" in item and "State" in item


def is_image(item: dict[str, Any]) -> bool:
    """Whether an object of `docker inspect` is an image."""
    return "RootFS" in item or "RepoTags" in item
