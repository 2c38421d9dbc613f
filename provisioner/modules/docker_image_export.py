"""docker_image_export: write images to an archive."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import parameter, private
from provisioner.modules.shared.docker import commands, images
from provisioner.modules.shared.docker.client import DockerModule, read_answer
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.fields import Names
from provisioner.modules.shared.docker.references import with_tag
from provisioner.remote.shell import Program, Report


class DockerImageExport(DockerModule):
    """Write images to an archive on the host, unless it holds them already."""

    body: ClassVar[str] = images.BODY

    names: Names = parameter(aliases=("name",))
    """The images, with their registries."""
    tag: str = "latest"
    """The tag of images that have none."""
    path: str
    """The archive to write, a file on the host."""
    force: bool = False
    """Write the archive even if it holds the images already."""

    _images: list[dict[str, Any]] = private(list)

    @property
    def acts(self) -> bool:
        return self.force

    @property
    def _full_names(self) -> list[str]:
        return [with_tag(name, self.tag) for name in self.names]

    def program(self, context: TaskContext) -> Program:
        return images.look(self, "export", self._full_names, archive_path=self.path)

    def edit(self, report: Report) -> Program | None:
        answer = read_answer(report)
        if answer is None:
            return None
        objects = answer.objects()
        by_name = {name: images.first(objects, name) for name in self._full_names}
        for name, item in by_name.items():
            if item is None:
                return images.missing(name)
        self._images = [dict(item) for item in by_name.values() if item is not None]
        manifest = report.get("manifest")
        holds = (
            images.archives(manifest, str(item and item["Id"]), name)
            for name, item in by_name.items()
        )
        if all(holds) and not self.force:
            return None
        what = f"archive {', '.join(self._full_names)} to {self.path}"
        command = DockerCommand(what, ["save", "--output", self.path, *self._full_names])
        return commands.program(self, [command], subject=self.path)

    def returns(self, report: Report) -> dict[str, Any]:
        return {"images": list(self._images)}
