"""alternatives: which program a generic name such as java stands for."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext, Text
from provisioner.modules.framework.model import AliasChoices, Field, Model, field_validator
from provisioner.remote.shell import Program, Report

BODY = r"""
tool=alternatives
command -v alternatives || tool=update-alternatives
display() { shown=$("$tool" --display "$name"); }
listed() { display; case "$nl$shown" in *"$nl$path - "*) ;; *) false ;; esac; }
unlisted() { ! listed; }
selected() { [ "$(readlink "/etc/alternatives/$name")" = "$path" ] && ! automatic; }
automatic() {
    display
    first=${shown%%"$nl"*}
    case $first in *'status is auto'* | *'auto mode'*) ;; *) false ;; esac
}
add() {
    target=$link
    if [ -z "$target" ]; then
        # The tool's own record: the mode, then the generic path.
        file=/var/lib/alternatives/$name
        [ -r "$file" ] || file=/var/lib/dpkg/alternatives/$name
        [ ! -r "$file" ] || { read -r _; read -r target; } <"$file"
    fi
    [ -n "$target" ] || { echo "$name is new: give link, the generic path" >&2; return 1; }
    eval "set -- $slaves"
    "$tool" --install "$target" "$name" "$path" "$priority" "$@"
}
choose() { "$tool" --set "$name" "$path"; }
automate() { "$tool" --auto "$name"; }
remove() { "$tool" --remove "$name" "$path"; }
nl='
'
if [ "$look" = no ] && [ "$state" != absent ] && [ ! -e "$path" ]; then
    fail "$path is not there: install what brings it first"
fi
case $state in
    absent) ensure "remove alternative $path of $name" unlisted remove ;;
    present) ensure "add alternative $path of $name" listed add ;;
    auto)
        ensure "add alternative $path of $name" listed add
        ensure "choose $name automatically" automatic automate
        ;;
    selected)
        ensure "add alternative $path of $name" listed add
        ensure "set $name to $path" selected choose
        ;;
esac
"""


class Subcommand(Model):
    """A link that goes with the main one: a manual page, a helper program."""

    name: Text
    """Its generic name."""
    path: Text
    """What it stands for."""
    link: Text
    """The generic path."""


class Alternatives(Module):
    """A generic name stands for one of several programs."""

    body: ClassVar[str] = BODY

    name: Text
    """The generic name: `java`."""
    path: Text
    """The program it should stand for."""
    link: Text | None = None
    """The generic path, needed for a new name: `/usr/bin/java`."""
    priority: int = 50
    """For the automatic choice: the highest wins."""
    state: Literal["present", "selected", "auto", "absent"] = "selected"
    """selected: in the list and chosen. auto: the priority chooses. present: in the list."""
    subcommands: tuple[Subcommand, ...] = Field(
        (), validation_alias=AliasChoices("subcommands", "slaves")
    )
    """Links that go with it: name, link, path each."""

    @field_validator("name")
    @classmethod
    def _word(cls, name: str) -> str:
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
