"""archive: pack files and directories of the host into an archive, or compress one file."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.content import file_values
from provisioner.remote.shell import Program, Report, Value


class Archive(FileAttributes, Module):
    """Files and directories are in an archive. A single file is only compressed: `hosts.gz`.

    The host needs tar, and gzip, bzip2 or xz; for `zip` it needs zip and unzip.
    """

    body: ClassVar[str] = load_body("archive.sh")

    path: Words
    """Files, directories and globs. Names in the archive begin below what all have in common."""
    dest: str | None = None
    """The archive; for a single file that is compressed by default its name with `.gz` and the
    like behind it."""
    format: Literal["gz", "bz2", "xz", "tar", "zip"] = "gz"
    """A tar file compressed so, a plain one, or zip."""
    exclude_path: Words = ()
    """Files, directories and globs of `path` to leave out."""
    exclusion_patterns: Words = ()
    """Globs of names in the archive to leave out."""
    force_archive: bool = False
    """Make an archive of a single file, too."""
    remove: bool = False
    """Remove what has been archived."""

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
