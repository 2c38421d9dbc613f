"""copy: write a file, directory or text of the controller to the host, or copy on the host."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import field
from hashlib import md5
from pathlib import Path
from typing import Annotated, Any, ClassVar

from provisioner.modules.framework.base import FileMode, ModuleError, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import Before
from provisioner.modules.shared.content import (
    TEXT_LIMIT,
    WrittenFile,
    beginning,
    content_variables,
    validation,
)
from provisioner.modules.shared.digests import digests
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Report, Value

TREE = load_body("shared/directories.sh", "copy_tree.sh")
FROM_HOST = load_body("shared/directories.sh", "copy_from_host.sh", "shared/write.sh")


@dataclass
class _Tree:
    """The entries below a local directory, as paths relative to it."""

    folders: list[str] = field(default_factory=lambda: [""])
    files: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


def _tree(root: Path, follow: bool) -> _Tree:
    tree = _Tree()
    for path, entry in _walk(root, "", follow):
        if entry.is_symlink() and not (follow and _is_followed(entry)):
            tree.links.append((path, str(entry.readlink())))
        elif entry.is_dir():
            tree.folders.append(path)
        elif entry.is_file():
            tree.files.append(path)
        else:
            raise ModuleError(f"{root}/{path} is not a file, a directory or a link to one of them")
    return tree


def _walk(root: Path, below: str, follow: bool) -> Iterator[tuple[str, Path]]:
    """Yield all entries below `root`: each directory before its entries."""
    for entry in sorted((root / below).iterdir()):
        path = f"{below}/{entry.name}" if below else entry.name
        yield path, entry
        followed = not entry.is_symlink() or (follow and _is_followed(entry))
        if entry.is_dir() and followed:
            yield from _walk(root, path, follow)


def _is_followed(link: Path) -> bool:
    """Return whether `link` has a target that is not one of its own parent directories."""
    above = {os.path.realpath(folder) for folder in link.absolute().parents}
    return link.exists() and os.path.realpath(link) not in above


def _content(value: Any) -> Any:
    """Lists and mappings are written as JSON, anything else as its text; bytes as they are."""
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, default=str)
    if isinstance(value, bytes):  # !!binary
        return value.decode("utf-8", "surrogateescape")
    return value if value is None or isinstance(value, str) else str(value)


class Copy(WrittenFile):
    """Write a file, or all files of a directory, of the controller to the host."""

    missing_message: ClassVar[str] = "dest is required"

    src: str | None = None
    """A file or directory in `files/` of the role or beside the playbook. Of a directory whose path
    ends with `/` only the content is copied."""
    content: Annotated[str | None, Before(_content, accepts=Any)] = None
    """The text to write, instead of `src`. A mapping or list is written as JSON."""
    directory_mode: FileMode | None = None
    """The mode of new directories, and of all directories below a copied directory."""
    remote_src: bool = False
    """`src` is a file or directory of the host."""
    local_follow: bool = True
    """Copy the targets of links below `src`. If false, copy the links themselves."""
    checksum: str | None = None
    """The SHA-1 that `src` must have."""
    decrypt: bool = True
    """Decrypt a file that is encrypted with vault."""

    def validate(self) -> None:
        if not self.src and self.content is None:
            raise ValueError("src (or content) is required")
        if self.src is not None and self.content is not None:
            raise ValueError("src and content are mutually exclusive")
        if self.content is not None and self.dest.endswith("/"):
            raise ValueError("can not use content with a dir as dest")

    def program(self, context: TaskContext) -> Program:
        if self.src is None:
            text = (self.content or "").encode("utf-8", "surrogateescape")
            self._check(text)
            return self.written(text, None)
        if self.remote_src:
            return self._from_host(self.src)
        path = context.find("files", self.src)
        if path.is_dir():
            return self._copy_tree(path, self.src.endswith("/"), context)
        content = context.content(path) if self.decrypt else path
        self._check(content)
        with_sha1 = context.registered or self.checksum is not None
        return self.written(content, path, with_sha1, directory_mode=self.directory_mode)

    def _check(self, content: bytes | Path) -> None:
        if self.checksum is not None and self.checksum != (sha1 := digests(content).sha1):
            raise ModuleError(f"{self.src or 'content'} has the SHA-1 {sha1}, not {self.checksum}")

    def _from_host(self, source: str) -> Program:
        more: dict[str, Value] = {
            "source": source,
            "preserve": self.mode == "preserve",
            "mode": "" if self.mode == "preserve" else self.mode,
            "local_follow": self.local_follow,
            "wanted_sha1": self.checksum or "",
            "directory_mode": self.directory_mode,
        }
        program = self.written(b"", None, **more)
        return Program("copy_from_host", FROM_HOST, program.variables)

    def _copy_tree(self, root: Path, content_only: bool, context: TaskContext) -> Program:
        tree = _tree(root, self.local_follow)
        paths = [root / name for name in tree.files]
        files = [context.content(path) if self.decrypt else path for path in paths]
        items: list[str] = []
        sizes: list[int] = []
        for name, path, content in zip(tree.files, paths, files, strict=True):
            values = content_variables(content)
            mode = f"{path.stat().st_mode & 0o7777:04o}"
            items += (name, str(values["content_size"]), str(values["content_sha256"]), mode)
            sizes.append(int(str(values["content_size"])))
        variables: dict[str, Value] = {
            **self.attribute_variables(),
            "path": self.dest if content_only else f"{self.dest.rstrip('/')}/{root.name}",
            "folders": tree.folders,
            "files": items,
            "links": [word for link in tree.links for word in link],
            "preserve": self.mode == "preserve",
            "mode": "" if self.mode == "preserve" else self.mode,
            "directory_mode": self.directory_mode,
            "follow": self.follow,
            "force": self.force,
            "backup": self.backup,
            "validate": validation(self.validate_),
            "old_sha256": "",
            "content_from": "",
        }
        return Program("copy_tree", TREE, variables, files, content_sizes=tuple(sizes))

    def returns(self, report: Report) -> dict[str, Any]:
        values = super().returns(report)
        if report.changes and self._content is not None and not self.remote_src:
            head = beginning(self._content)
            if len(head) <= TEXT_LIMIT:  # larger files: too slow
                values["md5sum"] = md5(head, usedforsecurity=False).hexdigest()
        if self.src is not None:
            values["src"] = report.get("src") or self.src
        return values
