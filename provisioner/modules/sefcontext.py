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
    """Set the SELinux context that the policy has for the files of a path.

    `restorecon` then sets it on the files.
    """

    body: ClassVar[str] = load_body("sefcontext.sh")
    settings: ClassVar[str] = "/etc/selinux"
    """The folder with SELinux's configuration."""

    target: str = parameter(aliases=("path",))
    """A regular expression for the paths, such as `/srv/www(/.*)?`."""
    setype: str | None = None
    """The SELinux type. Needed for state: present, unless `substitute` is set."""
    substitute: str | None = parameter(None, aliases=("equal",))
    """Label `target` and everything below it like this path, instead of by `setype`."""
    state: Literal["present", "absent"] = "present"
    """`present` sets the context, `absent` removes it, so that the distribution's policy
    applies."""
    ftype: Literal["a", "b", "c", "d", "f", "l", "p", "s"] = "a"
    """The type of files: `a` all, `f` files, `d` directories, `l` links and so on."""
    seuser: str | None = None
    """The SELinux user. The default is the present one, or system_u for a new context."""
    selevel: str | None = parameter(None, aliases=("serange",))
    """The SELinux level. The default is the present one, or s0 for a new context."""
    reload: bool = True
    """Reload the policy afterwards."""
    ignore_selinux_state: bool = False
    """Do it even if SELinux is disabled."""

    def validate(self) -> None:
        if self.setype is not None and self.substitute is not None:
            raise ValueError("setype and substitute can't both be set")
        if self.state == "present" and self.setype is None and self.substitute is None:
            raise ValueError("state: present needs setype or substitute")
        if self.substitute is not None and (self.seuser or self.selevel or self.ftype != "a"):
            raise ValueError("ftype, seuser and selevel can't be used with substitute")
        if re.search(r"\s", self.target):
            raise ValueError("target: it must not contain white space: write \\s instead")

    def variables(self) -> dict[str, Any]:
        return {**self.as_dict(), "mark": MARKS[self.ftype], "settings": self.settings}

    def returns(self, report: Report) -> dict[str, Any]:
        parameters = self.as_dict(include={"target", "setype", "seuser", "ftype", "state"})
        return {**parameters, "serange": self.selevel}
