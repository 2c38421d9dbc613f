"""The one program that changes something: steps computed here, carried out and proved there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.docker.client import ASK, DockerCli
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Value, quote

BODY = ASK + load_body("shared/docker/steps.sh")


@dataclass(frozen=True)
class Step:
    """One docker command and what it is for; see BODY for the kinds."""

    what: str
    words: Sequence[str]
    kind: str = "act"

    def quoted(self) -> str:
        return " ".join(quote(word) for word in (self.kind, self.what, *self.words))


def program(
    module: DockerCli,
    steps: Sequence[Step],
    *,
    subject: str,
    inspect: Sequence[str] = (),
    proof: str = "",
    before: Sequence[str] = (),
    **more: Value,
) -> Program:
    """Carry out `steps`, then `docker INSPECT…` and see that `subject` is as `proof` says.

    `before` are changes made already by the program that looked.
    """
    variables: Mapping[str, Value] = {
        "steps": [step.quoted() for step in steps],
        "subject": subject,
        "inspect": list(inspect),
        "proof": proof,
        "before_steps": list(before),
        "environment": "",
        "exported": "",
        "old_id": "",
        "code": "",
        "cleanup": False,
        **module.asking(),
        **more,
    }
    return Program("docker_steps", BODY, variables)
