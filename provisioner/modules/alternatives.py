"""alternatives: choose the program that a generic name such as java starts."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import Parameters, parameter
from provisioner.remote.shell import Program, Report


class Subcommand(Parameters):
    """A link that is switched together with the main one, such as a manual page."""

    name: str
    """The generic name of the link."""
    path: str
    """The target of the link."""
    link: str
    """The generic path."""


class Alternatives(Module):
    """Choose the program that a generic name such as java starts."""

    body: ClassVar[str] = load_body("alternatives.sh")

    name: str
    """The generic name: `java`."""
    path: str
    """The program."""
    link: str | None = None
    """The generic path, such as `/usr/bin/java`. Needed for a new name."""
    priority: int = 50
    """The priority of the program. The highest is chosen in automatic mode."""
    state: Literal["present", "selected", "auto", "absent"] = "selected"
    """selected: add the program to the list and choose it. auto: add it and let the priority
    choose. present: only add it. absent: remove it from the list."""
    subcommands: tuple[Subcommand, ...] = parameter((), aliases=("slaves",))
    """Links that are switched together with the main one: name, link and path of each."""

    @classmethod
    def validate_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_.+][A-Za-z0-9_.+-]*", name):
            raise ValueError(f"{name!r} is not a valid name of an alternative")
        return name

    def program(self, context: TaskContext) -> Program:
        words = [w for s in self.subcommands for w in ("--slave", s.link, s.name, s.path)]
        variables: dict[str, Any] = {
            "name": self.name,
            "path": self.path,
            "link": self.link,
            "priority": self.priority,
            "state": self.state,
            "slaves": tuple(words),
        }
        return Program("alternatives", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        return {"name": self.name, "path": self.path, "state": self.state}
