"""docker_image_tag, _remove, _export and _load: an image's names, and its archives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from provisioner.modules.docker import image, steps
from provisioner.modules.docker.client import ASK, DockerModule, answer
from provisioner.modules.docker.image import MISSING, archives, first, manifest
from provisioner.modules.docker.references import full, is_id, short
from provisioner.modules.docker.steps import Step
from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.fields import After, parameter, private
from provisioner.remote.shell import Program, Report


def missing(name: str) -> Program:
    """What there is to do about an image that is not on the host: say so."""
    where = "pull, build or load it in an earlier task"
    return Program("docker_missing", MISSING, {"image": name, "where": where})


def _not_empty(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("at least one name is required")
    return names


Names = Annotated[Words, After(_not_empty)]


class DockerImageTag(DockerModule):
    """Give an image on the host more names."""

    body: ClassVar[str] = image.BODY

    name: str
    """The image, with its registry; its own tag wins over `tag`."""
    tag: str = "latest"
    """The tag, and that of names in `repository` that have none."""
    repository: Names
    """The names to give it."""
    existing_images: Literal["keep", "overwrite"] = "overwrite"
    """Whether another image keeps a name that it has, or loses it."""

    _tagged: list[str] = private(list)
    _image: Mapping[str, Any] = private(dict)

    @property
    def _names(self) -> list[str]:
        return [full(self.name, self.tag), *(full(name, self.tag) for name in self.repository)]

    def program(self, context: TaskContext) -> Program:
        return image.look(self, "tag", self._names)

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        if found is None:
            return None
        name, *targets = self._names
        objects = found.objects()
        here = first(objects, name)
        if here is None:
            return missing(name)
        self._image, self._tagged = here, [*self._wanted(here, objects, targets)]
        plan = [Step(f"tag image {name} as {to}", ["tag", name, to]) for to in self._tagged]
        if not plan:
            return None
        look = ["inspect", "--type", "image", *self._tagged]
        return steps.program(self, plan, subject=name, inspect=look, proof="there")

    def _wanted(
        self,
        here: Mapping[str, Any],
        objects: Sequence[Mapping[str, Any]],
        targets: Sequence[str],
    ) -> Iterator[str]:
        for target in targets:
            other = first(objects, target)
            same = other is not None and other.get("Id") == here.get("Id")
            if other is None or (not same and self.existing_images == "overwrite"):
                yield target

    def returns(self, report: Report) -> dict[str, Any]:
        return {"image": dict(self._image), "tagged_images": list(self._tagged)}


class DockerImageRemove(DockerModule):
    """Take a name from an image on the host, and remove the image with its last one."""

    body: ClassVar[str] = image.BODY

    name: str
    """The image; its own tag wins over `tag`."""
    tag: str = "latest"
    """The tag."""
    force: bool = False
    """Remove it even if stopped containers use it, and by its id with all its names."""
    prune: bool = True
    """Remove the images below it that have no name."""

    _before: Mapping[str, Any] = private(dict)

    @property
    def image(self) -> str:
        return full(self.name, self.tag)

    def program(self, context: TaskContext) -> Program:
        return image.look(self, "remove", [self.image])

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        self._before = (first(found.objects(), self.image) if found else None) or {}
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


class DockerImageExport(DockerModule):
    """Write images to an archive on the host, unless it holds them already."""

    body: ClassVar[str] = image.BODY

    names: Names = parameter(aliases=("name",))
    """The images, with their registries."""
    tag: str = "latest"
    """The tag of those that have none."""
    path: str
    """The archive on the host."""
    force: bool = False
    """Write it in any case."""

    _images: list[dict[str, Any]] = private(list)

    @property
    def acts(self) -> bool:
        return self.force

    @property
    def _full(self) -> list[str]:
        return [full(name, self.tag) for name in self.names]

    def program(self, context: TaskContext) -> Program:
        return image.look(self, "export", self._full, archive_path=self.path)

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        if found is None:
            return None
        objects = found.objects()
        here = {name: first(objects, name) for name in self._full}
        for name, item in here.items():
            if item is None:
                return missing(name)
        self._images = [dict(item) for item in here.values() if item is not None]
        archived = report.get("archived")
        holds = (archives(archived, str(item and item["Id"]), name) for name, item in here.items())
        if all(holds) and not self.force:
            return None
        what = f"archive {', '.join(self._full)} to {self.path}"
        step = Step(what, ["save", "--output", self.path, *self._full])
        return steps.program(self, [step], subject=self.path)

    def returns(self, report: Report) -> dict[str, Any]:
        return {"images": list(self._images)}


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
    """Load images from an archive on the host, unless all in it are there already."""

    body: ClassVar[str] = LOAD

    path: str
    """The archive that docker save or docker_image_export wrote."""

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
    for digest, names in manifest(text):
        yield from ((f"sha256:{digest}", name) for name in names or ("",))
