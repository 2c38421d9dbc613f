"""The difference of a text file that a body has edited with textfile.sh."""

from __future__ import annotations

from provisioner.remote.shell import Report
from provisioner.result import Diff


def text_diff(report: Report, path: str) -> tuple[Diff, ...]:
    """Return the file before and after, if the body changed it or would change it."""
    if "after" not in report.records:
        return ()
    return (Diff(report.get("before"), report.get("after"), path, path),)
