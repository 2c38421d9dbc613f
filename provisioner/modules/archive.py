"""archive: pack files and directories of the host into an archive, or compress one file."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.content import file_values
from provisioner.remote.shell import Program, Report, Value


class Archive(FileAttributes, Module):
    """Pack files and directories into an archive, or compress a single file.

    The host needs tar, and gzip, bzip2 or xz; for `zip` it needs zip and unzip.
    """

    body: ClassVar[str] = load_body("archive.sh")

    path: Words
    """Files, directories and globs. The names in the archive are relative to their common
    directory."""
    dest: str | None = None
    """The archive. Needed for a directory or several files; for a single file the default is its
    name with the extension of the format."""
    format: Literal["gz", "bz2", "xz", "tar", "zip"] = "gz"
    """The format: a tar file compressed by gzip, bzip2 or xz, an uncompressed tar file, or zip."""
    exclude_path: Words = ()
    """Files, directories and globs of `path` to leave out."""
    exclusion_patterns: Words = ()
    """Globs for names in the archive to leave out."""
    force_archive: bool = False
    """Make an archive of a single file too, instead of only compressing it."""
    remove: bool = False
    """Remove the files and directories after they are archived."""

    def program(self, context: TaskContext) -> Program:
        variables: dict[str, Value] = {
            **self.attribute_variables(),
            "paths": list(self.path),
            "dest": self.dest or "",
            "format": self.format,
            "excluded": list(self.exclude_path),
            "patterns": list(self.exclusion_patterns),
            "force_archive": self.force_archive,
            "remove": self.remove,
        }
        return Program("archive", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {
            "dest": report.get("dest"),
            "dest_state": report.get("dest_state") or "absent",
            "arcroot": report.get("root"),
            "archived": report.get("archived").splitlines(),
            "missing": list(report.all("missing")),
            "expanded_paths": list(report.all("expanded")),
            "expanded_exclude_paths": list(report.all("excluded")),
        }
        return values | file_values(report)
