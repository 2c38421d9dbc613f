"""docker_image: pull, build or load an image, tag, push, archive or remove it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.docker_image.build import Build, Pull
from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker import commands, images
from provisioner.modules.shared.docker.client import DockerModule, read_answer
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.references import is_id, with_tag
from provisioner.remote.shell import Program, Report


class DockerImage(DockerModule):
    """Keep an image on the host, tag it, push it, archive it, or remove it.

    The image is pulled, built or loaded.
    """

    body: ClassVar[str] = images.BODY

    name: str
    """The image's name with its registry, or its id. A tag in the name has priority over `tag`."""
    tag: str = "latest"
    """The tag of `name` and `repository`, if they have none."""
    state: Literal["absent", "present"] = "present"
    """Whether the image is on the host."""
    source: Literal["build", "load", "pull", "local"] | None = None
    """How to get the image if it is missing: pull it, build it, or load it from an archive. `local`
    fails instead."""
    force_source: bool = False
    """Pull, build or load the image even if it is there. It is a change if the result is another
    image."""
    force_absent: bool = False
    """With `state: absent`, remove the image with all its names, even if stopped containers use
    it."""
    force_tag: bool = False
    """Give the name `repository` to this image even if another image has it."""
    build: Build | None = None
    """How to build the image, with `source: build`."""
    pull: Pull | None = None
    """How to pull the image, with `source: pull`."""
    load_path: str | None = None
    """The archive on the host to load the image from, with `source: load`."""
    archive_path: str | None = None
    """Write the image to this archive on the host, unless the archive holds it already."""
    push: bool = False
    """Push the image to its registry, or to the registry of `repository`. Always a change if
    something was sent."""
    repository: str | None = None
    """A second name to give to the image."""
    force: bool | None = None
    """Ansible's old parameter: sets `force_source`, `force_absent` and `force_tag` together."""

    _before: Mapping[str, Any] | None = None

    def validate(self) -> None:
        other = {"build": "build", "load": "load_path"}.get(self.source or "")
        if other and getattr(self, other) is None:
            raise ValueError(f"source: {self.source} needs {other}")
        if is_id(self.name) and self.source in ("build", "pull"):
            raise ValueError(f"an image's id can't be used with source: {self.source}")
        if self.push and is_id(self.name) and not self.repository:
            raise ValueError("an image can't be pushed by its id: set repository too")

    @property
    def image(self) -> str:
        """`name` with its tag."""
        return with_tag(self.name, self.tag)

    @property
    def target(self) -> str:
        """`repository` with its tag."""
        return with_tag(self.repository, self.tag) if self.repository else ""

    @property
    def acts(self) -> bool:
        return self.state == "present" and (self.push or self._forces_source)

    @property
    def _forces_source(self) -> bool:
        return bool(self.force_source or self.force)

    def program(self, context: TaskContext) -> Program:
        verb = "remove" if self.state == "absent" else self.source or "look for"
        present = self.state == "present"
        names = [self.image, self.target] if present and self.target else [self.image]
        more = (
            {"source_path": self._source_path(), "archive_path": self.archive_path}
            if present
            else {}
        )
        return images.look(self, verb, names, **more)

    def _source_path(self) -> str | None:
        """Return the path on the host that the source reads."""
        if self.source == "build" and self.build is not None:
            return self.build.path
        return self.load_path if self.source == "load" else None

    def edit(self, report: Report) -> Program | None:
        answer = read_answer(report)
        if answer is None:
            return None
        objects = answer.objects()
        self._before = images.first(objects, self.image)
        other = images.first(objects, self.target)
        absent = self.state == "absent"
        needed = [*(self._remove() if absent else self._ensure_present(other, report))]
        if not needed and (absent or self._before is not None):
            return None
        if not needed and self.source is None:
            return images.missing(self.image, "set source: pull, build or load")
        if not needed:
            return images.missing(self.image)
        return commands.program(
            self,
            needed,
            subject=self.image,
            inspect=["inspect", "--type", "image", self.image],
            expect="absent" if absent else "present",
            old_id=str((self._before or {}).get("Id", "")),
        )

    def _remove(self) -> Iterator[DockerCommand]:
        if self._before is None:
            return
        if self.force_absent or self.force:
            arguments = ["rmi", "--force", str(self._before["Id"])]
        else:
            arguments = ["rmi", self.image]
        yield DockerCommand(f"remove image {self.image}", arguments)

    def _ensure_present(
        self, other: Mapping[str, Any] | None, report: Report
    ) -> Iterator[DockerCommand]:
        """Fetch, tag, archive and push the image; `other` is the one with the name `repository`."""
        if self._before is None or self._forces_source:
            yield from self._fetch()
        if self._before is None and self.source in (None, "local"):
            return
        image_id = str((self._before or {}).get("Id", ""))
        if self.repository:
            same = other is not None and str(other.get("Id")) == image_id
            if other is None or (not same and (self.force_tag or self.force)):
                yield DockerCommand(
                    f"tag image {self.image} as {self.target}", ["tag", self.image, self.target]
                )
        if self.archive_path and not images.archives(report.get("manifest"), image_id, self.image):
            arguments = ["save", "--output", self.archive_path, self.image]
            yield DockerCommand(f"archive image {self.image} to {self.archive_path}", arguments)
        if self.push:
            name = self.target or self.image
            yield DockerCommand(f"push image {name}", ["push", name], "push")

    def _fetch(self) -> Iterator[DockerCommand]:
        what, image = f"{self.source} image {self.image}", self.image
        if self.source == "pull":
            platform = self.pull and self.pull.platform
            arguments = ["pull", *([f"--platform={platform}"] if platform else []), image]
            yield DockerCommand(what, arguments, "pull")
        elif self.source == "build" and self.build is not None:
            yield DockerCommand(what, [*self.build.arguments(image)], "rebuild")
        elif self.source == "load" and self.load_path:
            yield DockerCommand(what, ["load", "--input", self.load_path], "rebuild")

    def returns(self, report: Report) -> dict[str, Any]:
        answer = read_answer(report)
        objects = answer.objects() if answer else []
        image = images.first(objects, self.image) or self._before
        values: dict[str, Any] = {"image": {} if self.state == "absent" else dict(image or {})}
        if "built" in report.records:
            values["stdout"] = report.get("built")
            values["stdout_lines"] = report.get("built").splitlines()
        return values
