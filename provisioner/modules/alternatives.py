"""alternatives: choose the program that a generic name such as java starts."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import Parameters, parameter
from provisioner.remote.shell import Program, Report


class Subcommand(Parameters):
    """A link that goes with the main one: a manual page, a helper program."""

    name: str
    """Its generic name."""
    path: str
    """What it stands for."""
    link: str
    """The generic path."""


class Alternatives(Module):
    """A generic name stands for one of several programs."""

    body: ClassVar[str] = load_body("alternatives.sh")

    name: str
    """The generic name: `java`."""
    path: str
    """The program it should stand for."""
    link: str | None = None
    """The generic path, needed for a new name: `/usr/bin/java`."""
    priority: int = 50
    """For the automatic choice: the highest wins."""
    state: Literal["present", "selected", "auto", "absent"] = "selected"
    """selected: in the list and chosen. auto: the priority chooses. present: in the list."""
    subcommands: tuple[Subcommand, ...] = parameter((), aliases=("slaves",))
    """Links that go with it: name, link, path each."""

    @classmethod
    def validate_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_.+][A-Za-z0-9_.+-]*", name):
            raise ValueError(f"{name!r} can't be the name of an alternative")
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
