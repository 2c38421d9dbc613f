"""docker_image_remove: remove a name of an image, and the image with its last name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import private
from provisioner.modules.shared.docker import images, steps
from provisioner.modules.shared.docker.client import DockerModule, answer
from provisioner.modules.shared.docker.references import full, is_id
from provisioner.modules.shared.docker.steps import Step
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
        return full(self.name, self.tag)

    def program(self, context: TaskContext) -> Program:
        return images.look(self, "remove", [self.image])

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        self._before = (images.first(found.objects(), self.image) if found else None) or {}
        if not self._before:
            return None
        options = ["--force"] * self.force + ["--no-prune"] * (not self.prune)
        step = Step(f"remove image {self.image}", ["rmi", *options, self.image])
        look = ["inspect", "--type", "image", self.image]
        return steps.program(self, [step], subject=self.image, inspect=look, proof="gone")

    def returns(self, report: Report) -> dict[str, Any]:
        names = list(self._before.get("RepoTags") or ())
        by_id = is_id(self.image)
        untagged = (names if by_id else [self.image]) if self._before else []
        gone = [str(self._before["Id"])] if self._before and (by_id or len(names) < 2) else []
        return {"image": dict(self._before), "untagged": untagged, "deleted": gone}
