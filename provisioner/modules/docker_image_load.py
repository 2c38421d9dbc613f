"""docker_image_load: load images from an archive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import private
from provisioner.modules.shared.docker import images, steps
from provisioner.modules.shared.docker.client import ASK, DockerModule, answer
from provisioner.modules.shared.docker.references import short
from provisioner.modules.shared.docker.steps import Step
from provisioner.remote.shell import Program, Report

LOAD = (
    ASK
    + r"""
complaint='' _what='' what="load images from $path"
installed "$what" || return 0
if [ -f "$path" ]; then
    report archived "$(tar -xOf "$path" manifest.json 2>/dev/null)"
elif [ "$look" = no ]; then
    fail "$path is not on this host: put it there in an earlier task"
fi
ask images --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}'
answered "$what" || return 0
report answer "$answer"
"""
)


class DockerImageLoad(DockerModule):
    """Load images from an archive on the host, unless they are all there already."""

    body: ClassVar[str] = LOAD

    path: str
    """The archive on the host, written by `docker save` or docker_image_export."""

    _names: list[str] = private(list)

    def program(self, context: TaskContext) -> Program:
        return Program("docker_image_load", self.body, {"path": self.path, **self.asking()})

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        if found is None:
            return None
        here = {tuple(line.split(" ", 1)) for line in map(short_line, found.text.splitlines())}
        content = [*archived(report.get("archived"))]
        self._names = [name or digest for digest, name in content]
        known = {digest for digest, _ in here}
        there = ((digest, short(n)) in here if n else digest in known for digest, n in content)
        if content and all(there):
            return None
        step = Step(f"load images from {self.path}", ["load", "--input", self.path])
        look = ["inspect", "--type", "image", *self._names] if self._names else []
        return steps.program(self, [step], subject=self.path, inspect=look, proof="there")

    def returns(self, report: Report) -> dict[str, Any]:
        found = answer(report)
        images = found.objects() if found else []
        return {"image_names": list(self._names), "images": images}


def short_line(line: str) -> str:
    """A line of `docker images`: the id and the name, without what is understood."""
    digest, _, name = line.partition(" ")
    return f"{digest} {short(name)}"


def archived(text: str) -> Iterator[tuple[str, str]]:
    """The ids and names in an archive's manifest.json; the name of one without is ""."""
    for digest, names in images.manifest(text):
        yield from ((f"sha256:{digest}", name) for name in names or ("",))
