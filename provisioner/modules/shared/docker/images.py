"""Ask docker for images, and compare them with names and archives of `docker save`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.modules.shared.docker.client import CLIENT, DockerModule
from provisioner.modules.shared.docker.references import digest_of, is_id, short
from provisioner.remote.shell import Program, Value

BODY = (
    CLIENT
    + r"""
error='' _what=''
what="$verb image $image"
need_docker "$what" || return 0
if [ -n "$source_path" ] && [ "$look" = no ] && ! [ -e "$source_path" ]; then
    fail "$source_path is not on this host: put it there in an earlier task"
fi
if [ -n "$archive_path" ] && [ -f "$archive_path" ]; then
    report manifest "$(tar -xOf "$archive_path" manifest.json 2>/dev/null)"
fi
eval "ask inspect --type image $names"
need_answer "$what" || return 0
report answer "$answer"
"""
)


def look(module: DockerModule, verb: str, names: Sequence[str], **more: Value) -> Program:
    """Return the program that asks docker for the images `names`.

    `verb` says what the module does with the first of them, for its messages. `source_path` is a
    path that must exist on the host; of the archive `archive_path` the manifest is reported.
    """
    variables: dict[str, Value] = {"source_path": "", "archive_path": "", **more}
    variables |= {"image": names[0], "names": list(names), "verb": verb}
    return Program("docker_image", BODY, variables | module.client_variables())


def first(items: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """Return the first of `items` that has the name or id `name`, or None."""
    return next((item for item in items if name and _named(item, name)), None)


def _named(item: Mapping[str, Any], name: str) -> bool:
    """Whether an image of `docker inspect` has the name or id `name`."""
    if is_id(name):
        return digest_of(str(item.get("Id"))).startswith(digest_of(name))
    names = [*(item.get("RepoTags") or ()), *(item.get("RepoDigests") or ())]
    return short(name) in map(short, names)


MISSING = r"""
[ "$look" = yes ] || fail "there is no image $image on this host: $hint"
changed "use image $image, once it is there"
"""


def missing(name: str, hint: str = "pull, build or load it in an earlier task") -> Program:
    """Return the program that fails because an image is not on the host.

    A look reports a change instead, because an earlier task may bring the image.
    """
    return Program("docker_missing", MISSING, {"image": name, "hint": hint})


def manifest(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the digest and the names of each image in an archive's manifest.json.

    The text comes from the host: text that is no manifest yields nothing. The manifest names the
    file of an image: blobs/sha256/DIGEST from Docker 25 on, DIGEST.json before.
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
    """Whether an archive with the manifest.json `text` holds the image under the name `name`."""
    names_of_image = [
        names for digest, names in manifest(text) if digest and digest == digest_of(image_id)
    ]
    return any(is_id(name) or short(name) in map(short, names) for names in names_of_image)
