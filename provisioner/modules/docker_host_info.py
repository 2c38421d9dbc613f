"""docker_host_info: `docker info`, and lists of what the daemon has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker.client import ASK, answer
from provisioner.modules.shared.docker.filters import Filtered, filters
from provisioner.modules.shared.docker.values import bytes_about
from provisioner.remote.shell import Program, Report, quote

BODY = (
    ASK
    + r"""
complaint='' _what=''
installed 'ask docker' || { report check ''; return 0; }
eval "set -- $questions"
for question in "$@"; do
    eval "set -- $question"
    key=$1
    shift
    ask "$@"
    answered 'ask docker' || { report check ''; return 0; }
    [ "$status" = 0 ] || fail "docker $*: $complaint"
    report "$key" "$answer"
done
"""
)


JSON = "{{json .}}"
SHORT: Mapping[str, Mapping[str, str]] = {
    "containers": {
        "Id": "ID",
        "Image": "Image",
        "Command": "Command",
        "Created": "CreatedAt",
        "Status": "Status",
        "Ports": "Ports",
        "Names": "Names",
    },
    "images": {"Id": "ID", "RepoTags": "Repository", "Created": "CreatedAt", "Size": "Size"},
    "networks": {"Id": "ID", "Driver": "Driver", "Name": "Name", "Scope": "Scope"},
    "volumes": {"Driver": "Driver", "Name": "Name"},
}
"""Ansible's keys of each list ▶ those of docker's own command."""


class DockerHostInfo(Filtered):
    """Return facts about the Docker daemon, and lists of its objects."""

    body: ClassVar[str] = BODY

    containers: bool = False
    """List the running containers."""
    containers_all: bool = False
    """With `containers`, also list containers that are not running."""
    images: bool = False
    """List the images."""
    networks: bool = False
    """List the networks."""
    volumes: bool = False
    """List the volumes."""
    disk_usage: bool = False
    """Return the disk space that images, containers and volumes use, in bytes."""
    verbose_output: bool = False
    """Return every value that the docker command prints for an object, under docker's own keys."""

    def program(self, context: TaskContext) -> Program:
        asked = [" ".join(map(quote, words)) for words in self._questions()]
        return Program("docker_host_info", self.body, {"questions": asked, **self.asking()})

    def _questions(self) -> Iterator[list[str]]:
        yield ["info", "info", "--format", JSON]
        every = ["--all"] if self.containers_all else []
        lists = {
            "containers": ["ps", "--no-trunc", *every],
            "images": ["images", "--no-trunc"],
            "networks": ["network", "ls", "--no-trunc"],
            "volumes": ["volume", "ls"],
        }
        for key, words in lists.items():
            if getattr(self, key):
                yield [key, *words, "--format", JSON, *filters(getattr(self, f"{key}_filters"))]
        if self.disk_usage:
            # 1.13 has no --format for this.
            yield ["disk_usage", "system", "df"]

    def returns(self, report: Report) -> dict[str, Any]:
        info = answer(report, "info")
        objects = info.objects() if info else []
        values: dict[str, Any] = {"can_talk_to_docker": bool(objects)}
        if objects:
            values["host_info"] = objects[0]
        for key, names in SHORT.items():
            said = answer(report, key)
            if said is not None:
                found = said.objects()
                values[key] = found if self.verbose_output else [*map(_short(names), found)]
        usage = answer(report, "disk_usage")
        if usage is not None:
            values["disk_usage"] = _usage(usage.text)
        return values


def _short(names: Mapping[str, str]) -> Any:
    def short(item: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {key: item.get(name) for key, name in names.items()}
        if "RepoTags" in values:
            values["RepoTags"] = [f"{item.get('Repository')}:{item.get('Tag')}"]
            values["Size"] = bytes_about(str(item.get("Size") or ""))
        return values

    return short


def _usage(table: str) -> dict[str, Any]:
    """`docker system df`: the space of each kind, in bytes, about."""
    rows = (re.match(r"(\D+?)\s+\d+\s+\d+\s+(\S+)", line) for line in table.splitlines()[1:])
    found = {row[1]: bytes_about(row[2]) for row in rows if row}
    return {"LayersSize": found.get("Images", 0), "Size": found}
