"""docker_image: an image is there (pulled, built, loaded), tagged, pushed, archived; or not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from provisioner.modules.docker import steps
from provisioner.modules.docker.client import ASK, DockerModule, answer
from provisioner.modules.docker.image_build import Build, Pull
from provisioner.modules.docker.references import digest_of, full, is_id, short
from provisioner.modules.docker.steps import Step
from provisioner.modules.framework.base import TaskContext
from provisioner.remote.shell import Program, Report, Value

BODY = (
    ASK
    + r"""
complaint='' _what=''
what="$verb image $image"
installed "$what" || return 0
if [ -n "$needs" ] && [ "$look" = no ] && ! [ -e "$needs" ]; then
    fail "$needs is not on this host: put it there in an earlier task"
fi
if [ -n "$archive_path" ] && [ -f "$archive_path" ]; then
    report archived "$(tar -xOf "$archive_path" manifest.json 2>/dev/null)"
fi
eval "ask inspect --type image $names"
answered "$what" || return 0
report answer "$answer"
"""
)


def look(module: DockerModule, verb: str, names: Sequence[str], **more: Value) -> Program:
    """Ask docker for the images `names`; `verb` says what is to be done with the first."""
    values: dict[str, Value] = {"needs": "", "archive_path": "", **more, **module.asking()}
    values |= {"image": names[0], "names": list(names), "verb": verb}
    return Program("docker_image", BODY, values)


def first(items: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The image that has this name, or id."""
    return next((item for item in items if name and _named(item, name)), None)


def _named(item: Mapping[str, Any], name: str) -> bool:
    if is_id(name):
        return digest_of(str(item.get("Id"))).startswith(digest_of(name))
    names = [*(item.get("RepoTags") or ()), *(item.get("RepoDigests") or ())]
    return short(name) in map(short, names)


class DockerImage(DockerModule):
    """Keep an image on the host: there, tagged, pushed, archived, or gone."""

    body: ClassVar[str] = BODY

    name: str
    """The image, with its registry; its own tag wins over `tag`."""
    tag: str = "latest"
    """The tag."""
    state: Literal["absent", "present"] = "present"
    """Whether it is there."""
    source: Literal["build", "load", "pull", "local"] | None = None
    """Where it comes from when it is missing; local makes that a failure."""
    force_source: bool = False
    """Pull, build or load it again, though it is there: a change if another one comes of it."""
    force_absent: bool = False
    """Remove it with all its names, even if stopped containers use it."""
    force_tag: bool = False
    """Take `repository` away from another image that has this name."""
    build: Build | None = None
    """How it is built."""
    pull: Pull | None = None
    """How it is pulled."""
    load_path: str | None = None
    """The archive to load, on the host."""
    archive_path: str | None = None
    """Write it to this archive on the host, unless that holds it already."""
    push: bool = False
    """Push it to its registry, or to that of `repository`."""
    repository: str | None = None
    """Another name for it."""
    force: bool | None = None
    """Ansible's old name for force_source, force_absent and force_tag together."""

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
        return look(self, verb, names, **more)

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
        self._before = first(objects, self.image)
        other = first(objects, self.target)
        absent = self.state == "absent"
        plan = [*(self._removal() if absent else self._steps(other, report))]
        if not plan and (absent or self._before is not None):
            return None
        if not plan:
            where = "set source: pull, build or load" if self.source is None else "make it first"
            return Program("docker_missing", MISSING, {"image": self.image, "where": where})
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
        if self.archive_path and not archives(report.get("archived"), there, self.image):
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
        image = first(objects, self.image) or self._before
        values: dict[str, Any] = {"image": {} if self.state == "absent" else dict(image or {})}
        if "built" in report.records:
            values["stdout"] = report.get("built")
            values["stdout_lines"] = report.get("built").splitlines()
        return values


MISSING = r"""
[ "$look" = yes ] || fail "there is no image $image on this host: $where"
changed "use image $image, once it is there"
"""


def manifest(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The ids and names in an archive's manifest.json; what is none (a host says it) holds nothing.

    Docker 25 and later have blobs/sha256/DIGEST; before: DIGEST.json.
    """
    try:
        entries = json.loads(text or "[]")
    except ValueError:
        return
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        digest = str(entry.get("Config")).rpartition("/")[2].removesuffix(".json")
        names = entry.get("RepoTags")
        yield digest, tuple(map(str, names)) if isinstance(names, list) else ()


def archives(text: str, image_id: str, name: str) -> bool:
    """Whether a `docker save` archive with this manifest.json holds the image under its name."""
    mine = [names for digest, names in manifest(text) if digest and digest == digest_of(image_id)]
    return any(is_id(name) or short(name) in map(short, names) for names in mine)
