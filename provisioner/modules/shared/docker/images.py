"""Ask docker for images, and compare them with names and archives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.modules.shared.docker.client import ASK, DockerModule
from provisioner.modules.shared.docker.references import digest_of, is_id, short
from provisioner.remote.shell import Program, Value

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


MISSING = r"""
[ "$look" = yes ] || fail "there is no image $image on this host: $where"
changed "use image $image, once it is there"
"""


def missing(name: str) -> Program:
    """What there is to do about an image that is not on the host: say so."""
    where = "pull, build or load it in an earlier task"
    return Program("docker_missing", MISSING, {"image": name, "where": where})


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
