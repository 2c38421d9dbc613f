"""docker_image: an image is there (pulled, built, loaded), tagged, pushed, archived; or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.docker_image.build import Build, Pull
from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker import images, steps
from provisioner.modules.shared.docker.client import DockerModule, answer
from provisioner.modules.shared.docker.references import full, is_id
from provisioner.modules.shared.docker.steps import Step
from provisioner.remote.shell import Program, Report


class DockerImage(DockerModule):
    """Keep an image on the host (pulled, built or loaded), tag it, push it, archive it, or remove
    it."""

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
        needed = {"build": "build", "load": "load_path"}.get(self.source or "")
        if needed and getattr(self, needed) is None:
            raise ValueError(f"source: {self.source} needs {needed}")
        if is_id(self.name) and self.source in ("build", "pull"):
            raise ValueError(f"an image's id can't be used with source: {self.source}")
        if self.push and is_id(self.name) and not self.repository:
            raise ValueError("an image can't be pushed by its id: give a repository too")

    @property
    def image(self) -> str:
        return full(self.name, self.tag)

    @property
    def target(self) -> str:
        """`repository` with its tag."""
        return full(self.repository, self.tag) if self.repository else ""

    @property
    def acts(self) -> bool:
        return self.state == "present" and (self.push or self._again)

    @property
    def _again(self) -> bool:
        return bool(self.force_source or self.force)

    def program(self, context: TaskContext) -> Program:
        verb = "remove" if self.state == "absent" else self.source or "look for"
        present = self.state == "present"
        names = [self.image, self.target] if present and self.target else [self.image]
        more = {"needs": self._needs(), "archive_path": self.archive_path} if present else {}
        return images.look(self, verb, names, **more)

    def _needs(self) -> str | None:
        """The path on the host that the source reads."""
        if self.source == "build" and self.build is not None:
            return self.build.path
        return self.load_path if self.source == "load" else None

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        if found is None:
            return None
        objects = found.objects()
        self._before = images.first(objects, self.image)
        other = images.first(objects, self.target)
        absent = self.state == "absent"
        plan = [*(self._removal() if absent else self._steps(other, report))]
        if not plan and (absent or self._before is not None):
            return None
        if not plan:
            where = "set source: pull, build or load" if self.source is None else "make it first"
            return Program("docker_missing", images.MISSING, {"image": self.image, "where": where})
        return steps.program(
            self,
            plan,
            subject=self.image,
            inspect=["inspect", "--type", "image", self.image],
            proof="gone" if absent else "there",
            old_id=str((self._before or {}).get("Id", "")),
        )

    def _removal(self) -> Iterator[Step]:
        if self._before is None:
            return
        if self.force_absent or self.force:
            words = ["rmi", "--force", str(self._before["Id"])]
        else:
            words = ["rmi", self.image]
        yield Step(f"remove image {self.image}", words)

    def _steps(self, other: Mapping[str, Any] | None, report: Report) -> Iterator[Step]:
        if self._before is None or self._again:
            yield from self._fetched()
        if self._before is None and self.source in (None, "local"):
            return
        there = str((self._before or {}).get("Id", ""))
        if self.repository:
            same = other is not None and str(other.get("Id")) == there
            if other is None or (not same and (self.force_tag or self.force)):
                yield Step(
                    f"tag image {self.image} as {self.target}", ["tag", self.image, self.target]
                )
        if self.archive_path and not images.archives(report.get("archived"), there, self.image):
            words = ["save", "--output", self.archive_path, self.image]
            yield Step(f"archive image {self.image} to {self.archive_path}", words)
        if self.push:
            name = self.target or self.image
            yield Step(f"push image {name}", ["push", name], "push")

    def _fetched(self) -> Iterator[Step]:
        what, image = f"{self.source} image {self.image}", self.image
        if self.source == "pull":
            platform = self.pull and self.pull.platform
            words = ["pull", *([f"--platform={platform}"] if platform else []), image]
            yield Step(what, words, "newer")
        elif self.source == "build" and self.build is not None:
            yield Step(what, [*self.build.words(image)], "made")
        elif self.source == "load" and self.load_path:
            yield Step(what, ["load", "--input", self.load_path], "made")

    def returns(self, report: Report) -> dict[str, Any]:
        found = answer(report)
        objects = found.objects() if found else []
        image = images.first(objects, self.image) or self._before
        values: dict[str, Any] = {"image": {} if self.state == "absent" else dict(image or {})}
        if "built" in report.records:
            values["stdout"] = report.get("built")
            values["stdout_lines"] = report.get("built").splitlines()
        return values
