"""git: check out a git repository at a version."""

from __future__ import annotations

import re
import shlex
from typing import Any, ClassVar

from provisioner.modules.framework.base import Module, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Report


class Git(Module):
    """Check out a git repository at a version."""

    body: ClassVar[str] = load_body("git.sh")

    repo: str = parameter(aliases=("name",))
    """The repository: an https, ssh or git URL, or a path of the host."""
    dest: str | None = None
    """The directory to check out in. It may only be omitted with `clone: false`."""
    version: str = "HEAD"
    """A branch, a tag or the full SHA-1 of a commit. HEAD is the default branch of the remote
    repository."""
    remote: str = "origin"
    """The name of the remote."""
    refspec: str | None = None
    """What to fetch in addition to branches and tags, such as `refs/pull/*:refs/heads/*`."""
    clone: bool = True
    """Clone the repository if it is missing. If false, only report the version of the remote."""
    update: bool = True
    """Update an existing checkout. If false, it is not changed."""
    force: bool = False
    """Discard local changes. If false, the task fails if there are any."""
    depth: int | None = None
    """Fetch only so many commits of the branch or tag."""
    bare: bool = False
    """Make a bare repository, without checked out files."""
    single_branch: bool = False
    """Fetch only the branch of the version."""
    recursive: bool = True
    """Check out submodules too."""
    track_submodules: bool = False
    """Update submodules to the newest commit of their branch instead of the recorded commit."""
    reference: str | None = None
    """A repository of the host from which a clone may take objects."""
    separate_git_dir: str | None = None
    """A directory for the repository itself, apart from the files. Only used by a clone."""
    key_file: str | None = None
    """The file of the SSH private key on the host."""
    accept_hostkey: bool = False
    """Let ssh accept any host key. With `accept_newhostkey` only the key of an unknown host."""
    accept_newhostkey: bool = False
    """Let ssh accept the key of an unknown host. It needs OpenSSH 7.5; CentOS 7 has 7.4."""
    ssh_opts: str | None = None
    """Further options for ssh."""
    umask: str | None = None
    """The umask for the checked out files, octal and in quotes."""
    executable: str | None = None
    """The git command to use."""
    verify_commit: bool = False
    """Verify the signature of the tag or commit."""
    gpg_allowlist: Words = parameter((), aliases=("gpg_whitelist",))
    """Fingerprints of keys. One of them must have made the signature."""
    archive: str | None = None
    """Not supported: run `git archive` with the module command."""
    archive_prefix: str | None = None
    """Not supported, like `archive`."""

    @classmethod
    def validate_depth(cls, depth: int | None) -> int | None:
        if depth is not None and depth < 1:
            raise ValueError("must be at least 1")
        return depth

    def validate(self) -> None:
        if self.dest is None and self.clone:
            raise ValueError("dest is missing: it is needed unless clone is false")
        if self.archive is not None or self.archive_prefix is not None:
            raise ValueError("archive is not supported: run `git archive` with the module command")
        if self.separate_git_dir is not None and self.bare:
            raise ValueError("bare and separate_git_dir can't both be set")
        if self.umask is not None and not re.fullmatch(r"0?o?[0-7]{1,4}", self.umask):
            raise ValueError("umask: it must be octal and in quotes")
        for name in ("repo", "version", "remote"):
            if getattr(self, name).startswith("-"):
                raise ValueError(f"{name}: it can't begin with a dash")

    def _ssh(self) -> tuple[str, ...]:
        """Return ssh's options; empty if git can call ssh without any."""
        words: list[str] = []
        if self.key_file is not None:
            words += ["-i", self.key_file, "-o", "IdentitiesOnly=yes"]
        if self.accept_newhostkey:
            words += ["-o", "StrictHostKeyChecking=accept-new"]
        elif self.accept_hostkey:
            words += ["-o", "StrictHostKeyChecking=no"]
        words += shlex.split(self.ssh_opts or "")
        return ("-o", "BatchMode=yes", *words) if words else ()

    def variables(self) -> dict[str, Any]:
        shown = re.sub(r"://[^/@]*@", "://", self.repo)
        return {
            **self.as_dict(),
            "dest": self.dest or "",
            "sha": self.version if re.fullmatch(r"[0-9a-f]{40}", self.version) else "",
            "ssh": self._ssh(),
            "shown": shown,
            "umask": (self.umask or "").replace("o", ""),
        }

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {
            "before": report.get("before") or None,
            "after": report.get("after") or None,
            "remote_url_changed": "remote_url_changed" in report.records,
        }
        if "git_dir_now" in report.records:
            values["git_dir_now"] = report.get("git_dir_now")
        return values
