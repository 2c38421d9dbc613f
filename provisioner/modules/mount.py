"""mount: keep a file system in fstab, and mount or unmount it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.textfile import text_diff
from provisioner.remote.shell import Report
from provisioner.result import Diff


def escape(text: str) -> str:
    """Return `text` as it is written in fstab and /proc/mounts (see fstab(5))."""
    octal = {"\\": "\\134", " ": "\\040", "\t": "\\011", "\n": "\\012", "#": "\\043"}
    return "".join(octal.get(letter, letter) for letter in text)


class Mount(Module):
    """Keep a file system in fstab, and mount or unmount it."""

    body: ClassVar[str] = load_body("shared/textfile.sh", "mount.sh")

    path: str = parameter(aliases=("name",))
    """The mount point; `none` or `swap` for swap."""
    state: Literal[
        "absent",
        "absent_from_fstab",
        "ephemeral",
        "mounted",
        "present",
        "remounted",
        "unmounted",
    ]
    """mounted: in fstab and mounted. present: in fstab. ephemeral: mounted, not in fstab.
    unmounted: not mounted. absent: neither, and the directory is removed. absent_from_fstab: not in
    fstab. remounted: mount it again."""
    src: str | None = None
    """The device, `UUID=...` or `host:/path`."""
    fstype: str | None = None
    """The type of file system."""
    opts: str | None = None
    """The mount options. The default is `defaults`."""
    dump: str = "0"
    """Whether dump(8) backs it up: 0 or 1."""
    passno: str = "0"
    """The order in which fsck checks it at boot; 0 means never."""
    fstab: str = "/etc/fstab"
    """The fstab file."""
    boot: bool = True
    """Mount it at boot. If false, the option noauto is added."""
    backup: bool = False
    """Keep a copy of the old fstab."""
    opts_no_log: bool = False
    """Accepted and ignored: secrets are masked by their value."""

    def validate(self) -> None:
        if self.state in ("present", "mounted", "ephemeral") and not (self.src and self.fstype):
            raise ValueError(f"state: {self.state} needs src and fstype")
        if not self.path.startswith("/") and self.path not in ("none", "swap"):
            raise ValueError("path must be absolute")

    def _options(self) -> str:
        options = self.opts or "defaults"
        if self.boot or "noauto" in options.split(","):
            return options
        return f"{options},noauto"

    def variables(self) -> dict[str, Any]:
        path = self.path if self.path == "/" else self.path.rstrip("/")
        options = escape(self._options())
        fields = (escape(self.src or ""), escape(path), self.fstype or "", options)
        return {
            "path": path,
            "state": self.state,
            "src": self.src,
            "fstype": self.fstype,
            "opts": self.opts,
            "fstab": self.fstab,
            "backup": self.backup,
            "escaped": escape(path),
            "escaped_src": fields[0],
            "entry": " ".join((*fields, self.dump, self.passno)),
        }

    def returns(self, report: Report) -> dict[str, Any]:
        values = self.as_dict(include={"src", "fstype", "dump", "passno", "fstab"})
        values |= {"name": self.path, "opts": self._options()}
        return values | {"backup_file": report.get("backup_file")}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return text_diff(report, self.fstab)
