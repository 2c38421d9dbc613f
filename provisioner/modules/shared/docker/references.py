"""Names of images."""

from __future__ import annotations

from provisioner import regex

_ID = regex.compile(r"(sha256:)?[0-9a-fA-F]{64}|sha256:[0-9a-fA-F]{12,64}")


def is_id(name: str) -> bool:
    """Whether it is an image's id, which no registry knows."""
    return _ID.fullmatch(name) is not None


def digest_of(image_id: str) -> str:
    return image_id.removeprefix("sha256:")


def split(name: str) -> tuple[str, str]:
    """`registry:5000/a/b:1` ▶ ("registry:5000/a/b", "1"); a digest counts as a tag."""
    if "@" in name:
        repository, _, digest = name.partition("@")
        return repository, digest
    head, colon, tag = name.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (name, "")


def join(repository: str, tag: str) -> str:
    return f"{repository}{'@' if tag.startswith('sha256:') else ':'}{tag}" if tag else repository


def full(name: str, tag: str = "latest") -> str:
    """The name with `tag`, where it has none of its own."""
    if is_id(name):
        return name
    repository, own = split(name)
    return join(repository, own or tag)


def same_name(one: str, other: str) -> bool:
    """Docker's own names may be written short or long; an id is no other name."""
    if is_id(other) or not other:
        return True
    return short(full(one)) == short(full(other))


def short(name: str) -> str:
    """Without what is understood; the 1.13 of EL7 has docker.io/ before every name."""
    return name.removeprefix("docker.io/").removeprefix("library/")
