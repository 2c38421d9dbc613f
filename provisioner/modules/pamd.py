"""pamd: change, add or remove a rule of a PAM service."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.shared.edited import Edit, EditedFile, to_bytes
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Report

Type = Literal[
    "account", "-account", "auth", "-auth", "password", "-password", "session", "-session"
]

_CONTROLS = frozenset(
    ("required", "requisite", "sufficient", "optional", "include", "substack", "definitive")
)
_LINE = regex.compile(r"\s*(-?[a-z]+)\s+(\[[^]]*\]|\S+)\s+([^\s#]\S*)\s*(.*?)\s*")
_ARGUMENT = regex.compile(r"\[[^]]*\]|\S+")


@dataclass(frozen=True)
class Rule:
    """The rule in one line of a PAM service (see pam.d(5))."""

    type: str
    control: str
    path: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((f"{self.type:<10}", self.control, self.path, *self.arguments))

    @property
    def key(self) -> tuple[str, str, str]:
        """The parts that identify a rule."""
        return self.type, self.control, self.path


class Pamd(EditedFile):
    """Change or remove a rule of a PAM service, or add one before or after it."""

    hint: ClassVar[str] = ", or install what brings it"

    name: str
    """The service, such as `system-auth`."""
    path: str = "/etc/pam.d"
    """The directory of the services."""
    type: Type
    """The type of the rule."""
    control: str
    """The control of the rule: `required`, or `[success=1 default=ignore]`."""
    module_path: str
    """The module of the rule, such as `pam_unix.so`."""
    new_type: Type | None = None
    """The new type of the rule, or the type of the new rule."""
    new_control: str | None = None
    """The new control of the rule, or the control of the new rule."""
    new_module_path: str | None = None
    """The new module of the rule, or the module of the new rule."""
    module_arguments: Words | None = None
    """The arguments of the module: all of them (with `updated`, `before`, `after`), those to add
    (`args_present`; NAME=VALUE replaces another value) or those to remove (`args_absent`)."""
    state: Literal["absent", "after", "args_absent", "args_present", "before", "updated"] = (
        "updated"
    )
    """What to do with the rule, or where to add the new one. If there is no such rule, nothing is
    changed."""
    validate_: ClassVar[None] = None  # type: ignore[misc]
    # Ansible's module has no such parameter.

    def validate(self) -> None:
        if "/" in self.name:
            raise ValueError("name: it must be a file name without a directory; use path for that")
        new = (self.new_type, self.new_control, self.new_module_path)
        if self.state in ("before", "after") and None in new:
            raise ValueError(f"{self.state} needs new_type, new_control and new_module_path")
        if self.state.startswith("args_") and self.module_arguments is None:
            raise ValueError(f"{self.state} needs module_arguments")
        if self.state == "args_present" and any(a.startswith("[") for a in self._arguments):
            raise ValueError("args_present: arguments in brackets need state: updated")
        for control in (self.control, self.new_control or "required"):
            if not control.startswith("[") and control not in _CONTROLS:
                raise ValueError(f"{control!r} is not a control: {', '.join(sorted(_CONTROLS))}")

    @property
    def _file(self) -> str:
        return f"{self.path.rstrip('/')}/{self.name}"

    @property
    def _arguments(self) -> tuple[str, ...]:
        return tuple(_ARGUMENT.findall(" ".join(self.module_arguments or ())))

    @property
    def _rule(self) -> Rule:
        return Rule(self.type, _plain(self.control), self.module_path)

    def program(self, context: TaskContext) -> Program:
        program = super().program(context)
        return replace(program, variables={**program.variables, "path": self._file})

    def edited(self, old: bytes | None) -> Edit:
        lines = (old or b"").decode("utf-8", "surrogateescape").splitlines()
        new = _STATES[self.state](self, lines)
        count = abs(len(new) - len(lines)) or sum(a != b for a, b in zip(lines, new, strict=True))
        if not count:
            return Edit(old or b"")
        return Edit(to_bytes("".join(f"{line}\n" for line in new)), f"{count} rule(s) changed")

    def _matches(self, line: str) -> bool:
        rule = rule_of(line)
        return rule is not None and rule.key == self._rule.key

    def _without(self, lines: list[str]) -> list[str]:
        return [line for line in lines if not self._matches(line)]

    def _changed(self, lines: list[str]) -> list[str]:
        new_lines = []
        for line in lines:
            rule = rule_of(line)
            if rule is None or rule.key != self._rule.key:
                new_lines.append(line)
                continue
            new = self._new(rule)
            new_lines.append(line if new == rule else str(new))
        return new_lines

    def _new(self, rule: Rule) -> Rule:
        """Return the rule that replaces `rule`."""
        match self.state:
            case "args_present":
                return replace(rule, arguments=_merged(rule.arguments, self._arguments))
            case "args_absent":
                kept = (arg for arg in rule.arguments if arg not in self._arguments)
                return replace(rule, arguments=tuple(kept))
        return Rule(
            self.new_type or rule.type,
            _plain(self.new_control or rule.control),
            self.new_module_path or rule.path,
            rule.arguments if self.module_arguments is None else self._arguments,
        )

    def _with_another(self, lines: list[str]) -> list[str]:
        """Return the lines with the new rule beside each matching rule, if it is not there yet."""
        new = self._new(replace(self._rule, arguments=()))
        new_lines: list[str] = []
        for number, line in enumerate(lines):
            before = self.state == "before"
            beside = reversed(lines[:number]) if before else lines[number + 1 :]
            missing = self._matches(line) and _first_rule(beside) != new.key
            added = [str(new)] if missing else []
            new_lines += [*added, line] if before else [line, *added]
        return new_lines

    def returns(self, report: Report) -> dict[str, Any]:
        values = super().returns(report)
        count = int((values["msg"] or "0").split(" ")[0])
        return {**values, "path": self._file, "change_count": count, "backupdest": values["backup"]}


_STATES: dict[str, Callable[[Pamd, list[str]], list[str]]] = {
    "absent": Pamd._without,
    "updated": Pamd._changed,
    "args_present": Pamd._changed,
    "args_absent": Pamd._changed,
    "before": Pamd._with_another,
    "after": Pamd._with_another,
}


def rule_of(line: str) -> Rule | None:
    """Return the rule of a line; None for comments, empty lines and `@include`."""
    match = _LINE.fullmatch(line)
    if match is None or line.lstrip().startswith("#"):
        return None
    kind, control, path, arguments = match.groups()
    return Rule(kind, _plain(control), path, tuple(_ARGUMENT.findall(arguments)))


def _plain(control: str) -> str:
    """Return a control without the spaces that PAM ignores."""
    return re.sub(r"\s*=\s*", "=", " ".join(control.split())).replace("[ ", "[").replace(" ]", "]")


def _first_rule(lines: Iterable[str]) -> tuple[str, str, str] | None:
    """Return the key of the first line that is not empty or a comment; None if it is no rule."""
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            rule = rule_of(line)
            return None if rule is None else rule.key
    return None


def _merged(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments `old` with `new`: each replaces one of the same name, or is added."""
    values = {arg.partition("=")[0]: arg for arg in new if "=" in arg}
    kept = [values.get(arg.partition("=")[0], arg) if "=" in arg else arg for arg in old]
    return (*kept, *(arg for arg in dict.fromkeys(new) if arg not in kept))
