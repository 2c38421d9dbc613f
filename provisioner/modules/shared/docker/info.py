"""Base of docker_container_info, _image_info, _network_info and _volume_info."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker.client import CLIENT, DockerModule, read_answer
from provisioner.remote.shell import Program, Report, Value

BODY = (
    CLIENT
    + r"""
error='' _what=''
what="ask docker"
# A look without Docker reports `check`: an earlier task may install Docker before this runs.
need_docker "$what" || { report check ''; return 0; }
ids=''
if [ "$all_images" = yes ]; then
    ask image ls --quiet --no-trunc
    need_answer "$what" || { report check ''; return 0; }
    ids=${answer%%"$separator"*}
    [ -n "$ids" ] || { report answer "$answer"; return 0; }
fi
eval "set -- $inspect_command $names"
# shellcheck disable=SC2086
ask "$@" $ids
need_answer "$what" || { report check ''; return 0; }
report answer "$answer"
"""
)


class DockerInfo(DockerModule):
    """A module that returns what docker says about objects of one kind."""

    body: ClassVar[str] = BODY
    inspect_command: ClassVar[tuple[str, ...]] = ()
    """The docker command that describes objects of this kind."""

    def object_names(self) -> tuple[str, ...]:
        """Return the names or ids of the objects; all images if it is empty."""
        raise NotImplementedError

    def program(self, context: TaskContext) -> Program:
        names = self.object_names()
        variables: dict[str, Value] = {
            "inspect_command": self.inspect_command,
            "names": names,
            "all_images": not names,
        }
        return Program("docker_info", self.body, variables | self.client_variables())

    def objects(self, report: Report) -> list[dict[str, Any]]:
        """Return the objects that docker described."""
        answer = read_answer(report)
        return answer.objects() if answer else []
