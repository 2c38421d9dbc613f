"""Programs as shell text, and the reports that they send back. Only this file quotes for a shell.

A body is constant text. The values of a playbook are sent beside it as quoted assignments, so that
none of them can become code. report_parser.py reads the report of a program.
"""

from __future__ import annotations

import hashlib
import re
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from provisioner import regex
from provisioner.records import dataclass

Value = str | bytes | bool | int | float | None | Sequence[str]
"""The value of a body's variable. None and "" become an empty text, booleans yes and no, a list
quoted words for `eval "set -- $list"`."""

Mode = Literal["look", "check", "read", "apply"]
"""How a body runs: report what would change (look; check in check mode), read, or change it."""

Content = bytes | Path | Sequence[bytes | Path]

CHANGED = 80
"""The exit status of a program that has changed something, or would change it."""

FAILED = 82
"""The exit status of a program that reports why it failed."""

_COMMENT = regex.compile(r"^[ \t]*#.*\n", re.MULTILINE)

_FILES = ("kernel.sh", "prefetch.sh", "paths.sh", "files.sh", "incoming.sh")


def script(name: str) -> str:
    """Return the text of a file in sh/."""
    return (Path(__file__).parent / "sh" / name).read_text()


SOURCE = "".join(map(script, _FILES))
"""The kernel: the shell functions that bodies use."""

INLINE = 16 * 1024
"""Bytes of the largest text that is sent within the frame that writes it."""

KEEP = 8 * 1024 * 1024
"""Bytes of a command's stdout, and of its stderr, that are sent: the last ones."""

REPORT_LIMIT = 24 * 1024 * 1024
"""Bytes that the report of a program may take: twice KEEP, and as much as KEEP besides."""

LARGE_REPORT_LIMIT = 256 * 1024 * 1024
"""The same for programs that report a whole file, or a list of files."""

LINES = 2048
"""Bytes of the largest frame that the shell reads itself, line by line. dd reads larger ones."""

LOOP = (
    "LC_ALL=C; export LC_ALL; unset CDPATH ENV BASH_ENV nonce n k s f l; while read -r n k s; do "
    '[ "$n" -gt 0 ] && [ "$k" = "$nonce" ] || exit; f=; '
    'if [ "$s" ]; then while [ "${#f}" -lt "$n" ] && IFS= read -r l; do f=$f$l$_nl; done; '
    'else f=$(exec dd bs="$n" count=1 iflag=fullblock 2>/dev/null); fi; '
    '[ "${#f}" -eq "$n" ] || exit; set -f; eval "$f"; done'
)
"""The remote end of a session.

In a loop, it reads the length of a frame, then the frame, and runs it. It ends at a frame that is
too short, without running it.

From the second frame on, the session's nonce follows the length. Without the nonce, remaining bytes
of a file that a killed program has not read could be taken for a frame. A third word means that the
frame is read line by line: that takes a system call for each byte, but no process.

The text is in single quotes on a command line that all login shells parse alike (sh, bash, zsh,
tcsh, fish), so it contains no quote, backslash, newline or exclamation mark.
"""

START = f"exec /bin/sh -c '{LOOP}'"


class Receiver(Protocol):
    """Takes the value `content` of a report while it arrives, which is never in memory as a whole.

    Its methods raise nothing: an error on this machine is reported with the result of the task.
    """

    def write(self, data: bytes | memoryview) -> None:
        """Process the next bytes. They are not changed later."""

    def abandon(self) -> None:
        """Remove the written data: the program has failed."""


class Sum(Protocol):
    """The SHA-256 of a program's content, computed in the background."""

    def now(self) -> str:
        """Return its hex digits, or "" while it is not known."""

    def wait(self) -> str:
        """Wait for it and return its hex digits."""


@dataclass(frozen=True)
class Program:
    """A module's body with the values of its variables.

    `content`: the bytes that the body requests (`order` in incoming.sh): bytes, a local file, or
    several of them, requested by number.
    `receiver`: takes the value `content` that the body reports.
    `sum`: the body's variable `content_sha256`; the body requests it where it is not known yet.
    `inlines`: the body accepts the content in its variable `content` too, without `content_size`.
    `looks_at`: the path of the body's first call of `at` (paths.sh). `packages`: the packages that
    it asks rpm for. prefetch.sh asks for those of several looks at once.
    `stays`: a subshell of the body continues after the body's end.
    `content_sizes`: bytes of each content, where the variable `content_size` does not have it.
    `report_limit`: bytes that its report may take in memory.
    `frees_user`: the user whose processes hinder its changes. The run's own sessions as that user
    are ended before.
    """

    module: str
    body: str
    variables: Mapping[str, Value] = field(default_factory=dict)
    content: Content | None = None
    receiver: Receiver | None = field(default=None, compare=False, repr=False)
    sum: Sum | None = field(default=None, compare=False, repr=False)
    inlines: bool = False
    looks_at: str = ""
    packages: tuple[str, ...] = ()
    stays: bool = False
    content_sizes: tuple[int, ...] = ()
    report_limit: int = REPORT_LIMIT
    frees_user: str = ""


@dataclass(frozen=True)
class Step:
    """One program of a frame.

    `tolerant`: the frame continues after its failure. `diff`: it reports the old content.
    `timeout`: in seconds.
    """

    program: Program
    mode: Mode
    environment: Mapping[str, str] = field(default_factory=dict)
    tolerant: bool = False
    diff: bool = False
    timeout: float | None = None


@dataclass(frozen=True)
class Report:
    """The report of a program. `status` is None when the connection broke before its end.

    `records` has the values of each key, `totals` the length of each value with any bytes before it
    was cut.
    """

    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    status: int | None = None

    @property
    def done(self) -> bool:
        """Whether it ran to its end: a program must report that."""
        return "done" in self.records and self.status in (0, CHANGED)

    @property
    def refused(self) -> bool:
        """Whether the program was not run, because another session holds the host's lock."""
        return "lock_held" in self.records or "lock_twin" in self.records

    @property
    def changes(self) -> tuple[str, ...]:
        return self.records.get("changed", ())

    @property
    def failed(self) -> str | None:
        """The reported reason of a failure, or how the program ended; None for a success."""
        if "failed" in self.records:
            return self.records["failed"][-1]
        return None if self.done else f"the module's program died ({self._end()})"

    def _end(self) -> str:
        number = (self.status or 0) - 128
        if number in {*signal.Signals}:
            return f"of signal {number}, {signal.Signals(number).name}"
        return f"exit {self.status}"

    def get(self, key: str, default: str = "") -> str:
        """Return the last value of `key`."""
        return self.records[key][-1] if key in self.records else default

    def all(self, key: str) -> tuple[str, ...]:
        """Return all values of `key`, in the order of the report."""
        return self.records.get(key, ())


def quote(value: Value) -> str:
    """Return `value` as one word of POSIX sh. Raises ValueError for a NUL."""
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
    _refuse_nul(value)
    return "'" + value.replace("'", "'\\''") + "'"


def check(program: Program, environment: Mapping[str, str]) -> None:
    """Raise ValueError for a value that a shell can't hold.

    Later, in a frame of several programs, the error would concern all of them.
    """
    for value in (*program.variables.values(), *environment.values()):
        if isinstance(value, str):
            _refuse_nul(value)
        elif value and type(value) is not bool:
            quote(value)


def _refuse_nul(text: str) -> None:
    if "\0" in text:
        raise ValueError("a NUL byte can't be passed to a shell")


def assignments(variables: Mapping[str, Value]) -> str:
    """Return the assignments of the variables that are not empty."""
    return "; ".join(
        f"{name}={quote(value)}"
        for name, value in variables.items()
        if value or value is False or value == 0
    )


def exports(environment: Mapping[str, str]) -> str:
    """Return the commands that export `environment`."""
    return "; ".join(f"export {name}={quote(value)}" for name, value in environment.items())


def call(
    program: Program, environment: Mapping[str, str], diff: bool = False, applies: bool = False
) -> str:
    """Return the sh text that runs `program`, whose body the session has defined before."""
    variables = {"diff": diff, **program.variables}
    if applies:
        variables |= inlined(program, INLINE)
    if program.sum is not None:
        variables["content_sha256"] = program.sum.now()
    clear = f"_c_{program.module}"
    shell_variables = {
        name: value for name, value in environment.items() if may_be_shell_variable(name)
    }
    other_variables = {
        name: value for name, value in environment.items() if name not in shell_variables
    }
    define_environment = (
        f"_environment() {{ {exports(shell_variables)}; }}" if shell_variables else ""
    )
    commands = (
        exports(other_variables),
        define_environment,
        clear,
        assignments(variables),
        function(program),
    )
    return "; ".join(command for command in commands if command)


def may_be_shell_variable(name: str) -> bool:
    """Whether the kernel or a body may use a variable of that name.

    Such a variable of the environment is set only for programs that the playbook names
    (`run_program`).
    """
    return (not name.isupper() and not name.endswith("_proxy")) or name[0] == "_" or name == "IFS"


def inlined(program: Program, most: int) -> Mapping[str, Value]:
    """Return the variables for content that is sent with the program; {} where it is requested.

    That saves a round trip. The body must accept it, and it must be text of at most `most` bytes.
    """
    if not program.inlines or int(str(program.variables["content_size"])) > most:
        return {}
    content = program.content
    assert isinstance(content, bytes | Path)
    data = content if isinstance(content, bytes) else content.read_bytes()
    sum_ = hashlib.sha256(data).hexdigest()
    if b"\0" in data or sum_ != program.variables["content_sha256"]:
        return {}
    return {"content": data, "content_size": "", "content_sha256": ""}


def function(program: Program) -> str:
    """Return the name of the shell function with `program`'s body."""
    return "_m_" + program.module


def define(program: Program) -> str:
    """Return the sh text that defines `program`'s body as a function."""
    return f"{function(program)}() {{\n{program.body}\n}}\n"


def define_clear(module: str, names: Iterable[str]) -> str:
    """Return the sh text of a function that unsets the variables of a module's programs.

    So none of them comes from the environment, and none is exported.
    """
    return f"_c_{module}() {{ unset -v diff {' '.join(names)}; }}\n"


def framed(text: str, nonce: str | None) -> bytes:
    """Return a frame as it is sent: a line with its length and how to read it, then `text`.

    The first frame of a session has no nonce.
    """
    data = text.encode("utf-8", "surrogateescape")
    key = b" " + nonce.encode() if nonce is not None else b""
    if key and len(data) <= LINES and text.isascii() and text.translate(_SPACES).isprintable():
        return b"%d%s lines\n%s" % (len(data), key, data)
    data = data.removesuffix(b"\n")  # `$(…)` removes it too
    return b"%d%s\n%s" % (len(data), key, data)


_SPACES = {ord("\n"): " ", ord("\t"): " "}


@cache
def bare(text: str) -> str:
    """Return sh text without its whole-line comments, as it is sent to the hosts."""
    return _COMMENT.sub("", text)
