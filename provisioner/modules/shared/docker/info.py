"""docker_container_info, _image_info, _network_info, _volume_info: what docker has, as JSON."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker.client import ASK, DockerModule, answer
from provisioner.remote.shell import Program, Report, Value

BODY = (
    ASK
    + r"""
complaint='' _what=''
what="ask docker"
# Where Docker is only yet to be installed, a check says that it would have asked.
installed "$what" || { report check ''; return 0; }
ids=''
if [ "$listed" = yes ]; then
    ask image ls --quiet --no-trunc
    answered "$what" || { report check ''; return 0; }
    ids=${answer%%"$separator"*}
    [ -n "$ids" ] || { report answer "$answer"; return 0; }
fi
eval "set -- $kind $subjects"
# shellcheck disable=SC2086
ask "$@" $ids
answered "$what" || { report check ''; return 0; }
report answer "$answer"
"""
)


class DockerInfo(DockerModule):
    """What docker knows of some things."""

    body: ClassVar[str] = BODY
    kind: ClassVar[tuple[str, ...]] = ()

    def subjects(self) -> tuple[str, ...]:
        raise NotImplementedError

    def program(self, context: TaskContext) -> Program:
        subjects = self.subjects()
        variables: dict[str, Value] = {
            "kind": self.kind,
            "subjects": subjects,
            "listed": not subjects,
        }
        return Program("docker_info", self.body, variables | self.asking())

    def found(self, report: Report) -> list[dict[str, Any]]:
        said = answer(report)
        return said.objects() if said else []
