"""docker_container_info, _image_info, _network_info, _volume_info: what docker has, as JSON."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.docker.client import ASK, DockerModule, answer
from provisioner.modules.docker.references import full
from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.fields import parameter
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


class DockerContainerInfo(DockerInfo):
    """Look at a container."""

    kind: ClassVar[tuple[str, ...]] = ("inspect", "--type", "container")

    name: str
    """The container, by name or id."""

    def subjects(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        found = self.found(report)
        return {"exists": bool(found), "container": found[0] if found else None}


class DockerNetworkInfo(DockerInfo):
    """Look at a network."""

    kind: ClassVar[tuple[str, ...]] = ("network", "inspect")

    name: str
    """The network, by name or id."""

    def subjects(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        found = self.found(report)
        return {"exists": bool(found), "network": found[0] if found else None}


class DockerVolumeInfo(DockerInfo):
    """Look at a volume."""

    kind: ClassVar[tuple[str, ...]] = ("volume", "inspect")

    name: str = parameter(aliases=("volume_name",))
    """The volume."""

    def subjects(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        found = self.found(report)
        return {"exists": bool(found), "volume": found[0] if found else None}


class DockerImageInfo(DockerInfo):
    """Look at images."""

    kind: ClassVar[tuple[str, ...]] = ("inspect", "--type", "image")

    name: Words | None = None
    """The images, by name (latest without a tag) or id; unset is all."""

    def subjects(self) -> tuple[str, ...]:
        return tuple(full(name) for name in self.name or ())

    def returns(self, report: Report) -> dict[str, Any]:
        unique = {item.get("Id"): item for item in self.found(report)}
        return {"images": [*unique.values()]}
