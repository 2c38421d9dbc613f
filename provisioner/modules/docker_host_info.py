"""docker_host_info: return `docker info`, and lists of the daemon's objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker.client import CLIENT, read_answer
from provisioner.modules.shared.docker.filters import Filtered, filter_options
from provisioner.modules.shared.docker.values import rounded_bytes
from provisioner.remote.shell import Program, Report, quote

BODY = (
    CLIENT
    + r"""
error='' _what=''
need_docker 'ask docker' || { report check ''; return 0; }
eval "set -- $questions"
for question in "$@"; do
    eval "set -- $question"
    key=$1
    shift
    ask "$@"
    need_answer 'ask docker' || { report check ''; return 0; }
    [ "$status" = 0 ] || fail "docker $*: $error"
    report "$key" "$answer"
done
"""
)


JSON = "{{json .}}"
LIST_KEYS: Mapping[str, Mapping[str, str]] = {
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
"""The keys that Ansible's module returns in each list, with those of the docker command."""


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
        questions = [" ".join(map(quote, words)) for words in self._questions()]
        return Program(
            "docker_host_info", self.body, {"questions": questions, **self.client_variables()}
        )

    def _questions(self) -> Iterator[list[str]]:
        """Yield the docker commands to run, each after the key to report its answer under."""
        yield ["info", "info", "--format", JSON]
        all_option = ["--all"] if self.containers_all else []
        lists = {
            "containers": ["ps", "--no-trunc", *all_option],
            "images": ["images", "--no-trunc"],
            "networks": ["network", "ls", "--no-trunc"],
            "volumes": ["volume", "ls"],
        }
        for key, words in lists.items():
            if getattr(self, key):
                yield [
                    key,
                    *words,
                    "--format",
                    JSON,
                    *filter_options(getattr(self, f"{key}_filters")),
                ]
        if self.disk_usage:
            # Docker 1.13 has no --format here.
            yield ["disk_usage", "system", "df"]

    def returns(self, report: Report) -> dict[str, Any]:
        info = read_answer(report, "info")
        objects = info.objects() if info else []
        values: dict[str, Any] = {"can_talk_to_docker": bool(objects)}
        if objects:
            values["host_info"] = objects[0]
        for key, names in LIST_KEYS.items():
            answer = read_answer(report, key)
            if answer is not None:
                items = answer.objects()
                values[key] = (
                    items if self.verbose_output else [_short(item, names) for item in items]
                )
        usage = read_answer(report, "disk_usage")
        if usage is not None:
            values["disk_usage"] = _usage(usage.text)
        return values


def _short(item: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return one object of a list with the keys of Ansible."""
    values: dict[str, Any] = {key: item.get(name) for key, name in names.items()}
    if "RepoTags" in values:
        values["RepoTags"] = [f"{item.get('Repository')}:{item.get('Tag')}"]
        values["Size"] = rounded_bytes(str(item.get("Size") or ""))
    return values


def _usage(table: str) -> dict[str, Any]:
    """Return the disk space of each kind of object in bytes, from `docker system df`."""
    rows = (re.match(r"(\D+?)\s+\d+\s+\d+\s+(\S+)", line) for line in table.splitlines()[1:])
    sizes = {row[1]: rounded_bytes(row[2]) for row in rows if row}
    return {"LayersSize": sizes.get("Images", 0), "Size": sizes}
