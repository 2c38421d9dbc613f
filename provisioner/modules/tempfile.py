"""tempfile: create a file or directory with a new name."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.shared.content import file_values
from provisioner.remote.shell import Report

BODY = r"""
expand path
# mktemp sets mode 0700 for a directory and 0600 for a file, independent of the umask.
make() {
    mktemp ${folder:+-d} -p "${path:-${TMPDIR:-/tmp}}" --suffix="$suffix" -- "${prefix}XXXXXXXXXX"
}
folder=''
[ "$state" = file ] || folder=yes
act "create a temporary $state" make
if [ "$look" = no ]; then
    new_path=$(stdout)
    report path "$new_path"
    at "$new_path" || fail "$new_path was removed by something else right after its creation"
    report_at
fi
"""


class TempFile(Module):
    """Create a file or directory with a new name and return its `path`.

    Remove it in a later task.
    """

    body: ClassVar[str] = BODY

    state: Literal["file", "directory"] = "file"
    """What to create."""
    path: str | None = None
    """The directory to create it in. The default is $TMPDIR or /tmp."""
    prefix: str = "ansible."
    """The beginning of the name."""
    suffix: str = ""
    """The end of the name."""

    @property
    def acts(self) -> bool:
        return True

    def returns(self, report: Report) -> dict[str, Any]:
        if "path" not in report.records:
            return {}
        return {"path": report.get("path"), **file_values(report)}
