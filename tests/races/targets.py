"""What is run in a race: modules with arguments, for a path that the user swaps."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from tests.races.arena import USER, Arena

Arguments = Mapping[str, Any]


def _nothing(_arena: Arena) -> None:
    pass


@dataclass(frozen=True)
class Target:
    """A module and its arguments.

    `folders`: whether a directory of the path is swapped, or the file, or both in two races.
    """

    module: str
    arguments: Callable[[Arena], Arguments]
    folders: tuple[bool, ...] = (False, True)
    prepare: Callable[[Arena], None] = _nothing


def _target(module: str, **more: Any) -> Target:
    return Target(module, lambda arena: {"path": str(arena.path), **more})


def _below(module: str, name: str, **more: Any) -> Target:
    """Return a target that works on another name in the directory that is swapped."""
    return Target(module, lambda arena: {"path": str(arena.path.with_name(name)), **more}, (True,))


def _written(module: str, **more: Any) -> Target:
    return Target(module, lambda arena: {"dest": str(arena.path), **more})


def _make_archive(arena: Arena) -> None:
    """Write archives of a file `f` and of a file `d/f`."""
    for name in ("f", "d/f"):
        with tarfile.open(_archive(arena, name), "w") as archive:
            member = tarfile.TarInfo(name)
            member.size, member.mode = 4, 0o666
            archive.addfile(member, BytesIO(b"new\n"))


def _archive(arena: Arena, name: str) -> str:
    return f"{arena.home.parent}/sources/{name.replace('/', '-')}.tar"


def _make_source(arena: Arena) -> None:
    (arena.home.parent / "sources" / "source").write_text("new\n")
    folder = arena.home.parent / "sources" / "tree" / arena.path.parent.name
    folder.mkdir(parents=True)
    (folder / "f").write_text("new\n")


def _source(arena: Arena) -> str:
    return f"{arena.home.parent}/sources/source"


ATTRIBUTES = {"mode": "0666", "owner": USER.pw_name}

TARGETS: Mapping[str, Target] = {
    "file-mode": _target("file", mode="0666", follow=False),
    "file-mode-follow": _target("file", mode="0666"),
    "file-owner": _target("file", owner=USER.pw_name, follow=False),
    "file-touch": _target("file", state="touch", **ATTRIBUTES),
    "file-absent": _target("file", state="absent"),
    "file-link": _target("file", state="link", src="elsewhere", force=True),
    "file-directory": _below("file", "new", state="directory", **ATTRIBUTES),
    "file-recurse": Target(
        "file",
        lambda arena: {
            "path": str(arena.home), "state": "directory", "recurse": True, "mode": "a+rX"
        },
    ),
    "copy": _written("copy", content="new\n", **ATTRIBUTES),
    "copy-backup": _written("copy", content="new\n", backup=True),
    "copy-follow": _written("copy", content="new\n", follow=True, **ATTRIBUTES),
    "copy-tree": Target(
        "copy",
        lambda arena: {"src": "tree/", "dest": str(arena.path.parent.parent), **ATTRIBUTES},
        (True,),
        _make_source,
    ),
    "copy-remote": Target(
        "copy",
        lambda arena: {
            "src": _source(arena), "dest": str(arena.path), "remote_src": True, **ATTRIBUTES
        },
        prepare=_make_source,
    ),
    "template": Target(
        "template",
        lambda arena: {"src": "source", "dest": str(arena.path), **ATTRIBUTES},
        prepare=_make_source,
    ),
    "lineinfile": _target("lineinfile", line="new", **ATTRIBUTES),
    "blockinfile": _target("blockinfile", block="new"),
    "replace": _target("replace", regexp="user", replace="tenant"),
    "ini_file": _target("ini_file", section="s", option="o", value="v", mode="0666"),
    "get_url": Target(
        "get_url",
        lambda arena: {"url": f"file://{_source(arena)}", "dest": str(arena.path), **ATTRIBUTES},
        prepare=_make_source,
    ),
    "unarchive": Target(
        "unarchive",
        lambda arena: {
            "src": _archive(arena, "d/f" if arena.is_folder else "f"),
            "dest": str(arena.home),
            "remote_src": True,
            **ATTRIBUTES,
        },
        prepare=_make_archive,
    ),
    "unarchive-dest": Target(
        "unarchive",
        lambda arena: {
            "src": _archive(arena, "f"), "dest": str(arena.path.parent), "remote_src": True
        },
        (True,),
        _make_archive,
    ),
    "archive": Target(
        "archive",
        lambda arena: {"path": _source(arena), "dest": str(arena.path), "mode": "0666"},
        prepare=_make_source,
    ),
    "authorized_key": Target(
        "authorized_key",
        lambda arena: {
            "user": USER.pw_name,
            "path": str(arena.path),
            "manage_dir": arena.is_folder,
            "key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{os.urandom(24).hex()[:43]} k",
        },
    ),
}  # fmt: skip
