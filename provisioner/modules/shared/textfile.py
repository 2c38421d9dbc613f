"""What modules share that keep a few lines of a text file: sysctl.conf, fstab, authorized_keys."""

from __future__ import annotations

from provisioner.remote.shell import Report
from provisioner.result import Diff


def text_diff(report: Report, path: str) -> tuple[Diff, ...]:
    """The file before and after, where the body changed it or would."""
    if "after" not in report.records:
        return ()
    return (Diff(report.get("before"), report.get("after"), path, path),)
