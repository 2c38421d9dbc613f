"""docker_image_remove: remove a name of an image, and the image with its last name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import private
from provisioner.modules.shared.docker import commands, images
from provisioner.modules.shared.docker.client import DockerModule, read_answer
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.references import is_id, with_tag
from provisioner.remote.shell import Program, Report


class DockerImageRemove(DockerModule):
    """Remove a name of an image on the host. The image itself is removed with its last name."""

    body: ClassVar[str] = images.BODY

    name: str
    """The image's name or id. A tag in the name has priority over `tag`."""
    tag: str = "latest"
    """The tag, if `name` has none."""
    force: bool = False
    """Remove the image even if stopped containers use it; by id, remove it with all its names."""
    prune: bool = True
    """Also remove parent images that have no name."""

    _before: Mapping[str, Any] = private(dict)

    @property
    def image(self) -> str:
        """`name` with its tag."""
        return with_tag(self.name, self.tag)

    def program(self, context: TaskContext) -> Program:
        return images.look(self, "remove", [self.image])

    def edit(self, report: Report) -> Program | None:
        answer = read_answer(report)
        objects = answer.objects() if answer else []
        self._before = images.first(objects, self.image) or {}
        if not self._before:
            return None
        options = ["--force"] * self.force + ["--no-prune"] * (not self.prune)
        command = DockerCommand(f"remove image {self.image}", ["rmi", *options, self.image])
        look = ["inspect", "--type", "image", self.image]
        return commands.program(self, [command], subject=self.image, inspect=look, expect="absent")

    def returns(self, report: Report) -> dict[str, Any]:
        names = list(self._before.get("RepoTags") or ())
        by_id = is_id(self.image)
        untagged = (names if by_id else [self.image]) if self._before else []
        last_name = bool(self._before) and (by_id or len(names) < 2)
        deleted = [str(self._before["Id"])] if last_name else []
        return {"image": dict(self._before), "untagged": untagged, "deleted": deleted}
