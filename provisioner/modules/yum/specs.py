"""Sort the names of packages in a playbook by how they are looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated

from provisioner import regex
from provisioner.modules.framework.base import Words
from provisioner.modules.framework.fields import After

_VERSIONED = regex.compile(r"([^\s<>=]+)\s*(>=|<=|==|=|<|>)\s*([A-Za-z0-9._+~^:-]+)")

_ARCH = r"(\.(?:noarch|x86_64|i[3-6]86|aarch64|ppc64le|ppc64|s390x|armv7hl))?"

# name-[epoch:]version[-release][.arch], or epoch:name-version. The version is the first part from
# which on every part starts with a digit: java-1.8.0-openjdk is only a name.
_NEVRA = regex.compile(rf"(?:(\d+):)?(.+?)-(?:(\d+):)?(\d[^-:]*?)(?:-(\d[^-:]*?))?{_ARCH}")


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    """Split the items of a list at commas, as Ansible does."""
    words = tuple(word.strip() for value in values for word in value.split(","))
    for word in words:
        if word.startswith("-") or "\n" in word:
            raise ValueError(f"{word!r} is not the name of a package")
    return tuple(word for word in words if word)


Specs = Annotated[Words, After(_split)]


def sort(specs: Iterable[str]) -> dict[str, list[str]]:
    """Return the items for the body by kind, see `classify`.

    names: QUERY=NAME=EVR=SPEC, files: QUERY=SPEC, versions: NAME OPERATOR EVR, provided: SPEC (a
    file or capability), asked: SPEC (a glob or group, which only yum knows).
    """
    kinds: dict[str, list[str]] = {
        key: [] for key in ("names", "files", "versions", "provided", "asked")
    }
    for spec in specs:
        kind, item = classify(spec)
        kinds[kind].append(item)
    return kinds


@lru_cache(4096)
def classify(spec: str) -> tuple[str, str]:
    """Return the kind of a name, and its item for the body."""
    if spec.startswith("@"):
        return "asked", spec
    if "://" in spec or spec.endswith(".rpm"):
        base = re.sub(r"[?#].*", "", spec).rpartition("/")[2].removesuffix(".rpm")
        return "files", f"{base}={spec}"
    if match := _VERSIONED.fullmatch(spec):
        return "versions", " ".join(match.groups())
    if set(spec) & set("*?["):
        return "asked", spec
    if spec.startswith("/") or "(" in spec:
        return "provided", spec
    if match := _NEVRA.fullmatch(spec):
        before, name, epoch, version, release, arch = match.groups()
        epoch = epoch or before
        number = f"{version}-{release}" if release else version
        evr = f"{epoch}:{number}" if epoch else number
        return "names", f"{name}-{number}{arch or ''}={name}={evr}={spec}"
    return "names", f"{spec}={spec}=={spec}"
