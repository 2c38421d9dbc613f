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
    """A git repository is checked out at a version."""

    body: ClassVar[str] = load_body("git.sh")

    repo: str = parameter(aliases=("name",))
    """The repository: https, ssh, git, or a path of the host."""
    dest: str | None = None
    """The directory to check out in."""
    version: str = "HEAD"
    """A branch, a tag or a commit's whole SHA-1; HEAD is the remote's default branch."""
    remote: str = "origin"
    """What the remote is called there."""
    refspec: str | None = None
    """What to fetch besides branches and tags: `refs/pull/*:refs/heads/*`."""
    clone: bool = True
    """Make what is not there; otherwise only say what the remote has."""
    update: bool = True
    """Bring what is there up to date; otherwise it is left alone."""
    force: bool = False
    """Throw changes away that were made in the directory; otherwise they are a failure."""
    depth: int | None = None
    """Fetch only so many commits of the branch or tag."""
    bare: bool = False
    """A bare repository, with no files checked out."""
    single_branch: bool = False
    """Fetch only the version's branch."""
    recursive: bool = True
    """Check out submodules too."""
    track_submodules: bool = False
    """Submodules follow their remote's branch instead of the commit that is noted."""
    reference: str | None = None
    """A repository of the host to take objects from when cloning."""
    separate_git_dir: str | None = None
    """Where the repository itself is kept when it is cloned, apart from the files."""
    key_file: str | None = None
    """A private key on the host for ssh."""
    accept_hostkey: bool = False
    """Let ssh trust any host key. With `accept_newhostkey`, only one of a host never seen."""
    accept_newhostkey: bool = False
    """Let ssh trust the key of a host never seen; needs OpenSSH 7.5, CentOS 7 has 7.4."""
    ssh_opts: str | None = None
    """More options for ssh."""
    umask: str | None = None
    """The umask for what is checked out."""
    executable: str | None = None
    """The git to use."""
    verify_commit: bool = False
    """Check the signature of the tag or commit that is checked out."""
    gpg_allowlist: Words = parameter((), aliases=("gpg_whitelist",))
    """Fingerprints of keys of which one must have made that signature."""
    archive: str | None = None
    """Refused: run `git archive` by the module command."""
    archive_prefix: str | None = None
    """Refused, as `archive`."""

    @classmethod
    def validate_depth(cls, depth: int | None) -> int | None:
        if depth is not None and depth < 1:
            raise ValueError("must be at least 1")
        return depth

    def validate(self) -> None:
        if self.dest is None and self.clone:
            raise ValueError("dest is missing; only clone: false can do without")
        if self.archive is not None or self.archive_prefix is not None:
            raise ValueError("archive is not supported: run `git archive` by the module command")
        if self.separate_git_dir is not None and self.bare:
            raise ValueError("give one of bare and separate_git_dir")
        if self.umask is not None and not re.fullmatch(r"0?o?[0-7]{1,4}", self.umask):
            raise ValueError("umask: it is octal, in quotes")
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
