"""Program ▶ bytes ▶ Report: how values become POSIX sh and what comes back. The only quoting.

Bodies are constants; values travel beside them as quoted assignments, so nothing that a playbook
holds can become code. A report is a run of records: `key=value` ended by NUL, or for values that
may hold any byte `#key kept total`, NUL, and `kept` raw bytes, or `#key mark`, NUL, raw bytes, and
the mark with a NUL.
"""

from __future__ import annotations

import hashlib
import re
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Protocol

from provisioner import regex
from provisioner.records import dataclass

Value = str | bytes | bool | int | float | None | Sequence[str]
"""What a body's variable may be: None and "" arrive empty, booleans as yes/no, a list as quoted
words for `eval "set -- $list"`."""

Content = bytes | Path | Sequence[bytes | Path]

CHANGED = 80
"""Exit status of a program that changed something, or would."""

FAILED = 82
"""That of one that says why it failed."""

_COMMENT = regex.compile(r"^[ \t]*#.*\n", re.MULTILINE)

_FILES = ("kernel.sh", "prefetch.sh", "paths.sh", "files.sh", "incoming.sh")

SOURCE = "".join((Path(__file__).parent / "sh" / name).read_text() for name in _FILES)

INLINE = 16 * 1024
"""Bytes of the largest text that travels in the frame that writes it."""

KEEP = 8 * 1024 * 1024
"""Bytes of a command's stdout and of its stderr that travel; of longer ones the tail."""

LINES = 2048
"""Bytes of the largest frame that the shell reads itself, line by line; dd reads larger ones."""

LOOP = (
    "LC_ALL=C; export LC_ALL; unset CDPATH ENV BASH_ENV nonce n k s f l; while read -r n k s; do "
    '[ "$n" -gt 0 ] && [ "$k" = "$nonce" ] || exit; f=; '
    'if [ "$s" ]; then while [ "${#f}" -lt "$n" ] && IFS= read -r l; do f=$f$l$_nl; done; '
    'else f=$(exec dd bs="$n" count=1 iflag=fullblock 2>/dev/null); fi; '
    '[ "${#f}" -eq "$n" ] || exit; set -f; eval "$f"; done'
)
"""The remote end: reads a frame's length, the frame, and runs it; a short frame ends it unread.

From the second frame on the session's nonce stands behind the length: bytes of a file that a
program asked for and did not read (it was killed) can never be taken for a frame. A third word
says that the frame is read line by line: a byte is a system call then, yet no process is needed.

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
    `inlines` says that the body takes it in its variable `content` too, in place of `content_size`.
    `looks_at` is the path that the body first asks paths.sh's `at` of, `packages` are those that it
    asks rpm about: ahead.sh asks for those of several looks at once. `stays` says that a subshell
    of the body goes on when the body has ended.
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
        return None if self.done else f"the module's program died ({self._end()})"

    def _end(self) -> str:
        number = (self.status or 0) - 128
        if number in {*signal.Signals}:
            return f"of signal {number}, {signal.Signals(number).name}"
        return f"exit {self.status}"

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
    _must_travel(value)
    return "'" + value.replace("'", "'\\''") + "'"


def check(program: Program, environment: Mapping[str, str]) -> None:
    """ValueError where a value can't travel, which would be too late to tell of one program when
    a frame is made of several."""
    for value in (*program.variables.values(), *environment.values()):
        if isinstance(value, str):
            _must_travel(value)
        elif value and type(value) is not bool:
            quote(value)


def _must_travel(text: str) -> None:
    if "\0" in text:
        raise ValueError("a NUL byte can't be passed to a shell")


def assignments(variables: Mapping[str, Value]) -> str:
    """Assign what of `variables` is not empty."""
    return "; ".join(
        f"{name}={quote(value)}"
        for name, value in variables.items()
        if value or value is False or value == 0
    )


def exports(environment: Mapping[str, str]) -> str:
    """Put `environment` into the environment of what follows."""
    return "; ".join(f"export {name}={quote(value)}" for name, value in environment.items())


def call(
    program: Program, environment: Mapping[str, str], diff: bool = False, applies: bool = False
) -> str:
    """The sh text that runs `program`, whose body is defined in the session already."""
    variables = {"diff": diff, **program.variables}
    if applies:
        variables |= inlined(program, INLINE)
    if program.sum is not None:
        variables["content_sha256"] = program.sum.now()
    clear = f"_c_{program.module}"
    late = {name: value for name, value in environment.items() if is_like_ours(name)}
    early = {name: value for name, value in environment.items() if name not in late}
    own = f"_environment() {{ {exports(late)}; }}" if late else ""
    steps = (exports(early), own, clear, assignments(variables), function(program))
    return "; ".join(step for step in steps if step)


def is_like_ours(name: str) -> bool:
    """Whether the kernel or a body may have a variable of that name, so that it is set for what the
    playbook itself runs only (`run_program`)."""
    return (not name.isupper() and not name.endswith("_proxy")) or name[0] == "_" or name == "IFS"


def inlined(program: Program, most: int) -> Mapping[str, Value]:
    """The content as a variable, where it is text of at most so many bytes and the body takes it
    so: asking for it would cost a round trip. Else nothing."""
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
    """The name of the shell function that holds `program`'s body."""
    return "_m_" + program.module


def define(program: Program) -> str:
    """The sh text that defines `program`'s body as a function."""
    return f"{function(program)}() {{\n{program.body}\n}}\n"


def define_clear(module: str, names: Iterable[str]) -> str:
    """The sh text that defines the function which unsets the variables of that module's programs:
    none of them comes from the environment, and none of them is exported."""
    return f"_c_{module}() {{ unset -v diff {' '.join(names)}; }}\n"


def framed(text: str, nonce: str | None) -> bytes:
    """The frame as it is sent, behind a line that says how long it is and how it is read; the
    session's first has no nonce."""
    data = text.encode("utf-8", "surrogateescape")
    key = b" " + nonce.encode() if nonce is not None else b""
    if key and len(data) <= LINES and text.isascii() and text.translate(_SPACES).isprintable():
        return b"%d%s lines\n%s" % (len(data), key, data)
    data = data.removesuffix(b"\n")  # which `$(…)` would take
    return b"%d%s\n%s" % (len(data), key, data)


_SPACES = {ord("\n"): " ", ord("\t"): " "}


@cache
def bare(text: str) -> str:
    """Sh text without the comments that have a line to themselves: what is sent to every host."""
    return _COMMENT.sub("", text)


def parse(data: bytes, status: int | None = None) -> Report:
    """The report of a program that ended with `status`, from its records."""
    records: dict[str, list[str]] = {}
    totals: dict[str, int] = {}
    position = 0
    while (end := data.find(b"\0", position)) >= 0:
        head, position = data[position:end], end + 1
        if head.startswith(b"#"):
            key, *lengths = head[1:].decode("ascii").split(" ")
            stop, position = blob(data, position, head)
            value = data[end + 1 : stop]
            totals[key] = int(lengths[1]) if len(lengths) > 1 else len(value)
        else:
            name, _, value = head.partition(b"=")
            key = name.decode("ascii", "replace")
        records.setdefault(key, []).append(value.decode("utf-8", "surrogateescape"))
    return Report({key: tuple(values) for key, values in records.items()}, totals, status)


def blob(data: bytes | bytearray, start: int, head: bytes) -> tuple[int, int]:
    """Where the blob that begins at `start` behind `head` ends, and where the next record begins;
    beyond the data where it is not whole."""
    _, *lengths = head.split(b" ")
    if len(lengths) > 1:
        return start + int(lengths[0]), start + int(lengths[0])
    mark = lengths[0] + b"\0"
    end = data.find(mark, start)
    return (end, end + len(mark)) if end >= 0 else (len(data), len(data) + 1)
