"""make: build a target of a Makefile on the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.remote.shell import Program, Report

BODY = r"""
# build ARG...: run make with the arguments of the task and ARG.
build() {
    eval "set -- $words \"\$@\""
    set -- "$make" "$@"
    cd -- "$chdir" && login_path && (_environment; exec "$@")
}
expand chdir
report command "$make"
if [ ! -d "$chdir" ] && [ "$look" = yes ]; then changed "$what"; return; fi
[ -d "$chdir" ] || fail "there is no directory $chdir: create it in an earlier task"
if ! command -v "$make" >/dev/null; then
    [ "$look" = yes ] || fail "$make is not installed: install it in an earlier task"
    changed "$what"
    return
fi
# make -q exits with 0 if the target is up to date, with 1 if it is not, with 2 on an error.
(build -q) >/dev/null 2>&1 || act "$what" build
if [ "$look" = no ] && [ -n "$_changed" ]; then output; fi
"""


class Make(Module):
    """Build a target with make, if make reports that it is not up to date."""

    body: ClassVar[str] = BODY

    chdir: str
    """The directory to run make in."""
    target: str | None = None
    """The target. The default is the first target of the Makefile."""
    targets: Words = ()
    """Several targets."""
    params: Mapping[str, Any] | None = None
    """Variables for make as `NAME: value`; null passes only `NAME`."""
    file: str | None = None
    """The Makefile, if it has another name."""
    jobs: int | None = None
    """The number of parallel jobs."""
    make: str | None = None
    """The make command."""

    def validate(self) -> None:
        if self.target is not None and self.targets:
            raise ValueError("target and targets can't both be set")

    @property
    def _targets(self) -> tuple[str, ...]:
        return self.targets or ((self.target,) if self.target else ())

    def program(self, context: TaskContext) -> Program:
        words = ["-j", str(self.jobs)] if self.jobs is not None else []
        words += ["-f", self.file] if self.file is not None else []
        words += self._targets
        for name, value in (self.params or {}).items():
            words.append(name if value is None else f"{name}={value}")
        variables = {
            "chdir": self.chdir,
            "make": self.make or "make",
            "words": words,
            "what": " ".join(("make", *self._targets)),
        }
        return Program("make", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        return self.as_dict(include={"chdir", "target", "targets", "params", "file", "jobs"})
