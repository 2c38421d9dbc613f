"""Names of images: REGISTRY/REPOSITORY:TAG, REPOSITORY@DIGEST, or an id."""

from __future__ import annotations

from provisioner import regex

_ID = regex.compile(r"(sha256:)?[0-9a-fA-F]{64}|sha256:[0-9a-fA-F]{12,64}")


def is_id(name: str) -> bool:
    """Whether `name` is the id of an image. Registries know no ids."""
    return _ID.fullmatch(name) is not None


def digest_of(image_id: str) -> str:
    """Return an id without the prefix `sha256:`."""
    return image_id.removeprefix("sha256:")


def split(name: str) -> tuple[str, str]:
    """Return the repository and the tag (or digest) of a name; the tag may be empty.

    `registry:5000/a/b:1` has the repository `registry:5000/a/b` and the tag `1`.
    """
    if "@" in name:
        repository, _, digest = name.partition("@")
        return repository, digest
    head, colon, tag = name.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (name, "")


def join(repository: str, tag: str) -> str:
    """Return the name of a repository and a tag or digest: the reverse of `split`."""
    if not tag:
        return repository
    separator = "@" if tag.startswith("sha256:") else ":"
    return f"{repository}{separator}{tag}"


def with_tag(name: str, tag: str = "latest") -> str:
    """Return `name` with `tag`, unless it has a tag of its own or is an id."""
    if is_id(name):
        return name
    repository, own_tag = split(name)
    return join(repository, own_tag or tag)


def same_name(one: str, other: str) -> bool:
    """Whether two names mean the same image, one of them perhaps in its short form.

    It is also true if `other` is an id or empty, because an id is no different name.
    """
    if is_id(other) or not other:
        return True
    return short(with_tag(one)) == short(with_tag(other))


def short(name: str) -> str:
    """Return a name without the parts that docker adds to names of Docker Hub.

    The Docker 1.13 of CentOS 7 writes `docker.io/` before every name.
    """
    return name.removeprefix("docker.io/").removeprefix("library/")
