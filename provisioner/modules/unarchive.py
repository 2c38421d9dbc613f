"""unarchive: unpack a tar or zip archive into a directory of the host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from provisioner import regex
from provisioner.modules.framework.base import (
    FileAttributes,
    Module,
    ModuleError,
    TaskContext,
    Words,
)
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared import archives
from provisioner.modules.shared.content import content_variables, file_values
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Program, Report, Value, quote

STRIP = regex.compile(r"--strip(?:-components)?=(\d+)")
EXCLUDE = regex.compile(r"--exclude=(.+)", re.DOTALL)
KEEPS_NAMES = regex.compile(
    r"-[vpozjJ]|--(?:verbose|gzip|bzip2|xz|overwrite|no-overwrite-dir|touch|numeric-owner|xattrs"
    r"|acls|selinux|(?:no-)?same-(?:owner|permissions)|preserve-permissions|warning=.*)"
)
"""Options of tar that change neither the names nor the content of the files."""

DIFFERENT = (
    "Contents differ|Size differs|Symlink differs|File type differs|Not linked to"
    "|Device number differs|Cannot stat|Cannot open|rror|not look like"
)
"""Words of `tar -d` about files that must be unpacked. Times and owners are ignored."""


class Unarchive(FileAttributes, Module):
    """Unpack an archive of the controller, the host or a server into a directory of the host."""

    body: ClassVar[str] = load_body("shared/exists.sh", "unarchive.sh")
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT
    skips: ClassVar[bool] = True

    src: str
    """The archive: tar (also gzip, bzip2, xz) or zip. It is in `files/` of the role or beside the
    playbook; with `remote_src` it is a file of the host or a URL."""
    dest: str
    """The directory to unpack into. It must exist."""
    remote_src: bool = False
    """`src` is a file of the host or a URL. A URL is downloaded in every run, unless `creates`
    exists."""
    copy_: bool | None = parameter(None, name="copy")
    """The older name for the opposite of `remote_src`."""
    creates: str | None = None
    """A path or glob. If it exists, nothing is unpacked."""
    list_files: bool = False
    """Return the names in the archive as `files`."""
    exclude: Words = ()
    """Names or globs to skip."""
    include: Words = ()
    """Names or globs to unpack. The default is all."""
    keep_newer: bool = False
    """Do not replace files that are newer than those in the archive."""
    extra_opts: Words = ()
    """Further options for tar or unzip, such as `--strip-components=1`."""
    validate_certs: bool = True
    """Verify the certificate of the server."""
    io_buffer_size: int = 65536
    """Accepted and ignored: nothing is buffered on the controller."""
    decrypt: bool = True
    """Accepted and ignored: an archive that is encrypted with vault is refused."""

    def validate(self) -> None:
        if self.include and self.exclude:
            raise ValueError("include and exclude can't both be set")
        if self.remote_src and self.copy_:
            raise ValueError("copy: true can't be used with remote_src: true")

    def program(self, context: TaskContext) -> Program:
        compares_modes = self.mode is None and not {"--no-same-permissions"} & set(self.extra_opts)
        variables: dict[str, Value] = {
            **self.attribute_variables(),
            "dest": self.dest,
            "creates": self.creates or "",
            "what": f"unpack {self.src.rpartition('/')[2]}",
            "options": " ".join(map(quote, self.extra_opts)),
            "include": [*self.include],
            "exclude": [*self.exclude],
            "excludes": [f"--exclude={pattern}" for pattern in self.exclude],
            "keep_newer": self.keep_newer,
            "list_files": self.list_files,
            "difference_words": f"{DIFFERENT}|Mode differs" if compares_modes else DIFFERENT,
            "compare_modes": False,
            "members": (),
            "config": "",
            "shown": "",
            "unpacker": "",
            "archive": "",
            "kind_of_archive": "",
        }
        if not self.remote_src and self.copy_ is not False:
            path = context.find("files", self.src)
            if path.is_file() and isinstance(context.content(path), bytes):
                hint = (
                    "copy it to the host with the module copy, and unpack it with remote_src: true"
                )
                raise ModuleError(f"{path} is encrypted with vault: {hint}")
            return Program(
                "unarchive", self.body, variables | self._local(path, compares_modes), path
            )
        return Program(
            "unarchive", self.body, variables | self._remote(), report_limit=self.report_limit
        )

    def _remote(self) -> dict[str, Value]:
        if "://" not in self.src:
            return {"how": "here", "archive": self.src}
        from provisioner.modules.get_url import GetUrl
        from provisioner.modules.shared.request import shown

        download = GetUrl(url=self.src, dest=self.dest, validate_certs=self.validate_certs)
        return {"how": "url", "config": download.configuration(self.src), "shown": shown(self.src)}

    def _local(self, path: Path, compares_modes: bool) -> dict[str, Value]:
        if path.is_dir():
            raise ModuleError(f"{path} is a directory, not an archive: use the module copy")
        variables: dict[str, Value] = {**content_variables(path)}
        variables["kind_of_archive"] = "zip" if archives.is_zip(path) else "tar"
        first = archives.first_bytes(path)
        variables["unpacker"] = archives.COMPRESSION.get(first, "--no-auto-compress")
        members = archives.members(path)
        if archives.is_zip(path):
            selected: Iterable[archives.Member] | None = self._selected_from_zip(members)
        else:
            selected = self._selected_from_tar(members)
        if selected is None:
            return {**variables, "how": "streamed"}
        listed = archives.last_only(selected)
        words = [word for member in listed for word in member.words()]
        compares_modes = compares_modes and not archives.is_zip(path)
        return {**variables, "how": "listed", "members": words, "compare_modes": compares_modes}

    def _selected_from_zip(self, members: Iterable[archives.Member]) -> Iterable[archives.Member]:
        names = archives.junk(members) if "-j" in self.extra_opts else members
        return archives.selected(names, self.include, self.exclude, parts=False)

    def _selected_from_tar(
        self, members: Iterable[archives.Member]
    ) -> Iterable[archives.Member] | None:
        """Return what tar will unpack; None if the effect of one of its options is unknown."""
        count, exclude = 0, [*self.exclude]
        for option in self.extra_opts:
            if match := STRIP.fullmatch(option):
                count = int(match[1])
            elif match := EXCLUDE.fullmatch(option):
                exclude.append(match[1])
            elif not KEEPS_NAMES.fullmatch(option):
                return None
        return archives.strip(archives.selected(members, self.include, exclude, parts=True), count)

    def returns(self, report: Report) -> dict[str, Any]:
        if "skip" in report.records:
            return {"dest": report.get("dest"), "msg": f"skipped, since {report.get('skip')}"}
        values: dict[str, Any] = {
            "dest": report.get("dest"),
            "src": report.get("src") or self.src,
            **file_values(report),
        }
        if "handler" in report.records:
            values["handler"] = "ZipArchive" if report.get("handler") == "zip" else "TgzArchive"
        if "files" in report.records:
            values["files"] = report.get("files").splitlines()
        return values
