"""Program ▶ bytes ▶ Report: how values become POSIX sh and what comes back. The only quoting.

Bodies are constants; values travel beside them as quoted assignments, so nothing that a playbook
holds can become code. A report is a run of records: `key=value` ended by NUL, or for values that
may hold any byte `#key kept total`, NUL, and `kept` raw bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from importlib import resources
from pathlib import Path
from typing import Protocol

from provisioner.records import dataclass

Value = str | bytes | bool | int | float | None | Sequence[str]
"""What a body's variable may be: None and "" arrive empty, booleans as yes/no, a list as quoted
words for `eval "set -- $list"`."""

Content = bytes | Path | Sequence[bytes | Path]

CHANGED = 80
"""Exit status of a program that changed something, or would."""

_COMMENT = re.compile(r"^[ \t]*#.*\n", re.MULTILINE)

_FILES = ("kernel.sh", "files.sh")

SOURCE = "".join((resources.files(__package__) / name).read_text() for name in _FILES)

KERNEL = _COMMENT.sub("", SOURCE)
"""What every body stands on, without the comments: it is sent to every host."""

KEEP = 8 * 1024 * 1024
"""Bytes of a command's stdout and of its stderr that travel; of longer ones the tail."""

LOOP = (
    "LC_ALL=C; export LC_ALL; unset CDPATH ENV BASH_ENV nonce; while read -r n k; do "
    '[ "$n" -gt 0 ] && [ "$k" = "$nonce" ] || exit; '
    'f=$(dd bs="$n" count=1 iflag=fullblock 2>/dev/null; echo .); '
    '[ "${#f}" -eq $((n + 1)) ] || exit; eval "${f%.}"; done'
)
"""The remote end: reads a frame's length, the frame, and runs it; a short frame ends it unread.

From the second frame on the session's nonce stands behind the length: bytes of a file that a
program asked for and did not read (it was killed) can never be taken for a frame.

It stands in single quotes on a command line that any login shell parses the same way (sh, bash,
zsh, tcsh, fish), so it holds no quote, backslash, newline or exclamation mark.
"""

START = f"exec /bin/sh -c '{LOOP}'"


class Receiver(Protocol):
    """Takes the blob `content` of a report while it arrives, so that it is never whole in memory.

    Neither may raise: what goes wrong on this machine is told when the report is judged.
    """

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes; what they are in does not change."""

    def abandon(self) -> None:
        """The report will not be good: leave nothing behind."""


class Sum(Protocol):
    """The SHA-256 of a program's content, which may be taken while other things go on."""

    def now(self) -> str:
        """Its hex digits; "" while it is not known yet."""

    def wait(self) -> str:
        """Its hex digits."""


@dataclass(frozen=True)
class Program:
    """One run of a module's body.

    `content` is what the body gets when it says `want`: bytes, a local file that is streamed, or
    several of them, asked for by number. `receiver` takes the blob `content` that it reports.
    `sum` is its variable `content_sha256`, which it asks for itself where it is empty.
    """

    module: str
    body: str
    variables: Mapping[str, Value] = field(default_factory=dict)
    content: Content | None = None
    receiver: Receiver | None = field(default=None, compare=False, repr=False)
    sum: Sum | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Report:
    """What a program said. `status` is None when it never ended (the connection broke)."""

    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    status: int | None = None

    @property
    def done(self) -> bool:
        """It ran to its end: silence is failure."""
        return "done" in self.records and self.status in (0, CHANGED)

    @property
    def changes(self) -> tuple[str, ...]:
        return self.records.get("changed", ())

    @property
    def failed(self) -> str | None:
        """The reason it gave for failing, or one that says that it died without a word."""
        if "failed" in self.records:
            return self.records["failed"][-1]
        return None if self.done else f"the module's program died (exit {self.status})"

    def get(self, key: str, default: str = "") -> str:
        """The last value said for `key`."""
        return self.records[key][-1] if key in self.records else default

    def all(self, key: str) -> tuple[str, ...]:
        return self.records.get(key, ())


def quote(value: Value) -> str:
    """`value` as one word of POSIX sh; ValueError for NUL, which sh can't hold."""
    if value is None:
        return "''"
    if not isinstance(value, str):
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | float):
            return str(value) if value >= 0 else f"'{value}'"
        if isinstance(value, bytes):
            value = value.decode("utf-8", "surrogateescape")
        else:
            value = " ".join(quote(word) for word in value)
    if "\0" in value:
        raise ValueError("a NUL byte can't be passed to a shell")
    return "'" + value.replace("'", "'\\''") + "'"


def assignments(variables: Mapping[str, Value]) -> str:
    """Assign all of `variables`; none of them is exported, even where the environment has it."""
    names = " ".join(variables)
    return f"unset -v {names}; " + "; ".join(f"{k}={quote(v)}" for k, v in variables.items())


def exports(environment: Mapping[str, str]) -> str:
    """Put `environment` into the environment of what follows."""
    return "; ".join(f"export {name}={quote(value)}" for name, value in environment.items())


def call(program: Program, environment: Mapping[str, str], diff: bool = False) -> str:
    """The sh text that runs `program`, whose body is defined in the session already."""
    variables = {"diff": diff, **program.variables}
    if program.sum is not None:
        variables["content_sha256"] = program.sum.now()
    steps = (exports(environment), assignments(variables), function(program))
    return "; ".join(step for step in steps if step)


def function(program: Program) -> str:
    """The name of the shell function that holds `program`'s body."""
    return "_m_" + program.module


def define(program: Program) -> str:
    """The sh text that defines `program`'s body as a function."""
    return f"{function(program)}() {{\n{program.body}\n}}\n"


def parse(data: bytes) -> Report:
    """A program's records, without its status."""
    records: dict[str, list[str]] = {}
    totals: dict[str, int] = {}
    position = 0
    while (end := data.find(b"\0", position)) >= 0:
        head, position = data[position:end], end + 1
        if head.startswith(b"#"):
            key, kept, total = head[1:].decode("ascii").split(" ")
            value = data[position : position + int(kept)]
            position += int(kept)
            totals[key] = int(total)
        else:
            name, _, value = head.partition(b"=")
            key = name.decode("ascii", "replace")
        records.setdefault(key, []).append(value.decode("utf-8", "surrogateescape"))
    return Report({key: tuple(values) for key, values in records.items()}, totals)
