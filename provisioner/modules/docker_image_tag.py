"""docker_image_tag: give an image more names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import private
from provisioner.modules.shared.docker import commands, images
from provisioner.modules.shared.docker.client import DockerModule, read_answer
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.fields import Names
from provisioner.modules.shared.docker.references import with_tag
from provisioner.remote.shell import Program, Report


class DockerImageTag(DockerModule):
    """Give an image on the host one or more additional names."""

    body: ClassVar[str] = images.BODY

    name: str
    """The image's name with its registry, or its id. A tag in the name has priority over `tag`."""
    tag: str = "latest"
    """The tag of names that have none, in `name` and in `repository`."""
    repository: Names
    """The names to give to the image."""
    existing_images: Literal["keep", "overwrite"] = "overwrite"
    """If another image has one of the names: `overwrite` takes the name from it, `keep` leaves
    it."""

    _tagged: list[str] = private(list)
    _image: Mapping[str, Any] = private(dict)

    @property
    def _names(self) -> list[str]:
        return [
            with_tag(self.name, self.tag),
            *(with_tag(name, self.tag) for name in self.repository),
        ]

    def program(self, context: TaskContext) -> Program:
        return images.look(self, "tag", self._names)

    def edit(self, report: Report) -> Program | None:
        answer = read_answer(report)
        if answer is None:
            return None
        name, *targets = self._names
        objects = answer.objects()
        image = images.first(objects, name)
        if image is None:
            return images.missing(name)
        self._image, self._tagged = image, [*self._missing_names(image, objects, targets)]
        needed = [
            DockerCommand(f"tag image {name} as {to}", ["tag", name, to]) for to in self._tagged
        ]
        if not needed:
            return None
        look = ["inspect", "--type", "image", *self._tagged]
        return commands.program(self, needed, subject=name, inspect=look, expect="present")

    def _missing_names(
        self,
        image: Mapping[str, Any],
        objects: Sequence[Mapping[str, Any]],
        targets: Sequence[str],
    ) -> Iterator[str]:
        """Yield the names that the image does not have and that it may take."""
        for target in targets:
            other = images.first(objects, target)
            same = other is not None and other.get("Id") == image.get("Id")
            if other is None or (not same and self.existing_images == "overwrite"):
                yield target

    def returns(self, report: Report) -> dict[str, Any]:
        return {"image": dict(self._image), "tagged_images": list(self._tagged)}
