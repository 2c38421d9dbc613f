"""Run docker commands that the controller has computed, and check their result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.docker.client import CLIENT, DockerCli
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Value, quote

BODY = CLIENT + load_body("shared/docker/commands.sh")


@dataclass(frozen=True)
class DockerCommand:
    """One docker command: the change that it makes, its arguments, and its kind.

    The kind says how it is run and when it is a change: see `run_command` in commands.sh.
    """

    what: str
    arguments: Sequence[str]
    kind: str = "act"

    def quoted(self) -> str:
        """Return kind, change and arguments as words of sh."""
        return " ".join(quote(word) for word in (self.kind, self.what, *self.arguments))


def program(
    module: DockerCli,
    commands: Sequence[DockerCommand],
    *,
    subject: str,
    inspect: Sequence[str] = (),
    expect: str = "",
    changes_before: Sequence[str] = (),
    body: str = BODY,
    **more: Value,
) -> Program:
    """Return the program that runs `commands` and then checks `subject`.

    `inspect` is the docker command that describes the subject, and `expect` the state that it must
    have: present, absent, running, stopped, or "" for no check. `changes_before` are the changes
    that the program before this one has made. `body` replaces BODY, and `more` sets further
    variables of the body.
    """
    variables: Mapping[str, Value] = {
        "commands": [command.quoted() for command in commands],
        "subject": subject,
        "inspect": list(inspect),
        "expect": expect,
        "changes_before": list(changes_before),
        "environment": "",
        "exported": "",
        "old_id": "",
        "code": "",
        "cleanup": False,
        **module.client_variables(),
        **more,
    }
    return Program("docker_commands", body, variables)
