"""docker_image_load: load images from an archive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import private
from provisioner.modules.shared.docker import commands, images
from provisioner.modules.shared.docker.client import CLIENT, DockerModule, read_answer
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.references import short
from provisioner.remote.shell import Program, Report

BODY = (
    CLIENT
    + r"""
error='' _what='' what="load images from $path"
need_docker "$what" || return 0
if [ -f "$path" ]; then
    report manifest "$(tar -xOf "$path" manifest.json 2>/dev/null)"
elif [ "$look" = no ]; then
    fail "$path is not on this host: put it there in an earlier task"
fi
ask images --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}'
need_answer "$what" || return 0
report answer "$answer"
"""
)


class DockerImageLoad(DockerModule):
    """Load images from an archive on the host, unless they are all there already."""

    body: ClassVar[str] = BODY

    path: str
    """The archive on the host, written by `docker save` or docker_image_export."""

    _names: list[str] = private(list)

    def program(self, context: TaskContext) -> Program:
        return Program(
            "docker_image_load", self.body, {"path": self.path, **self.client_variables()}
        )

    def edit(self, report: Report) -> Program | None:
        answer = read_answer(report)
        if answer is None:
            return None
        on_host = {short_line(line) for line in answer.text.splitlines()}
        ids = {image_id for image_id, _ in on_host}
        content = [*images_in(report.get("manifest"))]
        self._names = [name or image_id for image_id, name in content]
        present = (
            (image_id, short(name)) in on_host if name else image_id in ids
            for image_id, name in content
        )
        if content and all(present):
            return None
        command = DockerCommand(f"load images from {self.path}", ["load", "--input", self.path])
        look = ["inspect", "--type", "image", *self._names] if self._names else []
        return commands.program(self, [command], subject=self.path, inspect=look, expect="present")

    def returns(self, report: Report) -> dict[str, Any]:
        answer = read_answer(report)
        loaded = answer.objects() if answer else []
        return {"image_names": list(self._names), "images": loaded}


def short_line(line: str) -> tuple[str, str]:
    """Return the id and the short name in a line of `docker images`."""
    image_id, _, name = line.partition(" ")
    return image_id, short(name)


def images_in(manifest: str) -> Iterator[tuple[str, str]]:
    """Yield id and name of each image in an archive's manifest.json; the name may be empty."""
    for digest, names in images.manifest(manifest):
        yield from ((f"sha256:{digest}", name) for name in names or ("",))
