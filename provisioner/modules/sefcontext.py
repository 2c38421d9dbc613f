"""sefcontext: set the SELinux context that the policy has for the files of a path."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Report

MARKS = {"a": "", "f": "--", **{letter: f"-{letter}" for letter in "bcdlps"}}
"""Ansible's types of files -> the notation of the policy's files (see file_contexts(5))."""


class Sefcontext(Module):
    """The policy gives files of a path an SELinux context; restorecon then sets it."""

    body: ClassVar[str] = load_body("sefcontext.sh")
    settings: ClassVar[str] = "/etc/selinux"
    """The folder with SELinux's configuration."""

    target: str = parameter(aliases=("path",))
    """A regular expression for paths: `/srv/www(/.*)?`."""
    setype: str | None = None
    """The type."""
    substitute: str | None = parameter(None, aliases=("equal",))
    """Label what is below `target` as what is below this path, instead of `setype`."""
    state: Literal["present", "absent"] = "present"
    """`absent` leaves it to the distribution's policy again."""
    ftype: Literal["a", "b", "c", "d", "f", "l", "p", "s"] = "a"
    """Only for a type of files: `f` files, `d` directories, `l` links, `a` all."""
    seuser: str | None = None
    """The SELinux user; unset keeps it, system_u for what is new."""
    selevel: str | None = parameter(None, aliases=("serange",))
    """The level; unset keeps it, s0 for what is new."""
    reload: bool = True
    """Load the policy again at once."""
    ignore_selinux_state: bool = False
    """Try it though SELinux is disabled."""

    def validate(self) -> None:
        if self.setype is not None and self.substitute is not None:
            raise ValueError("give one of setype and substitute")
        if self.state == "present" and self.setype is None and self.substitute is None:
            raise ValueError("state: present needs setype or substitute")
        if self.substitute is not None and (self.seuser or self.selevel or self.ftype != "a"):
            raise ValueError("with substitute there is no ftype, seuser or selevel")
        if re.search(r"\s", self.target):
            raise ValueError("target: write a space as \\s: the policy's files have columns")

    def variables(self) -> dict[str, Any]:
        return {**self.as_dict(), "mark": MARKS[self.ftype], "settings": self.settings}

    def returns(self, report: Report) -> dict[str, Any]:
        parameters = self.as_dict(include={"target", "setype", "seuser", "ftype", "state"})
        return {**parameters, "serange": self.selevel}
