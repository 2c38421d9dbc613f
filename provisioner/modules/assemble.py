"""assemble: build a file from the fragments in a directory, in the order of their names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from provisioner.local_files import read_regular
from provisioner.modules.framework.base import FileAttributes, Module, ModuleError, TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.content import validation, write, written_diff, written_values
from provisioner.modules.shared.edited import check_pattern, to_bytes
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Program, Report
from provisioner.result import Diff
from provisioner.user_regex import UserRegex

READ = r"""
# fragment FILE SIZE: report its name and exactly SIZE bytes. If the file has shrunk, zeros follow:
# the reader expects SIZE bytes.
fragment() {
    report name "${1##*/}"
    say
    printf '#fragment %d %d\0' "$2" "$2" >&3
    { cat -- "$1"; cat /dev/zero; } |
        dd bs=65536 iflag=fullblock,count_bytes count="$2" 2>/dev/null >&3
}
expand src
expand path
if [ ! -d "$src" ]; then
    [ ! -e "$src" ] || fail "$src is not a directory"
    [ "$look" = yes ] || fail "$src does not exist: create the directory in an earlier task"
    changed "assemble $path"
    return
fi
{ [ -r "$src" ] && [ -x "$src" ]; } || fail "$src can't be read by this user: add become"
[ ! -d "$path" ] || fail "$path is a directory: dest must be the name of a file"
set --
for file in "$src"/.* "$src"/*; do [ ! -f "$file" ] || set -- "$@" "$file"; done
sizes=''
if [ $# -gt 0 ]; then sizes=$(stat -L -c %s -- "$@") || fail "$src can't be read"; fi
for size in $sizes; do
    [ -r "$1" ] || fail "$1 can't be read by this user: add become"
    fragment "$1" "$size"
    shift
done
report dest "$path"
at "$path" || true
report_at
case $at_kind in
    file | link)
        [ ! -f "$path" ] || report sha256 "$(sha256 "$path")"
        attributes "$path"
        ;;
esac
"""


class Assemble(FileAttributes, Module):
    """Build a file from all files of a directory, in the order of their names."""

    body: ClassVar[str] = READ
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT

    src: str
    """The directory with the fragments."""
    dest: str
    """The file to write."""
    remote_src: bool = True
    """`src` is a directory of the host. If false, it is a directory of the controller, in `files/`
    of the role or beside the playbook."""
    regexp: str | None = None
    """Use only fragments whose name matches this regular expression."""
    ignore_hidden: bool = False
    """Skip fragments whose name begins with a dot."""
    delimiter: str | None = None
    """A text to put between two fragments; escapes such as `\\n` are expanded."""
    backup: bool = False
    """Keep a copy of the old file, with the time in its name."""
    validate_: str | None = parameter(None, name="validate")
    """A command that checks the new file before it replaces the old one; %s stands for its path.
    Any exit status but 0 refuses the file."""
    decrypt: bool = True
    """Decrypt fragments of the controller that are encrypted with vault."""

    _content: bytes = b""

    @classmethod
    def validate_regexp(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            check_pattern(pattern)
        return pattern

    def program(self, context: TaskContext) -> Program:
        if self.remote_src:
            variables = {**self.attribute_variables(), "src": self.src, "path": self.dest}
            return Program("assemble", self.body, variables, report_limit=self.report_limit)
        folder = context.find("files", self.src)
        if not folder.is_dir():
            raise ModuleError(f"{folder} is not a directory")
        try:
            fragments = {
                path.name: self._read(path, context) for path in folder.iterdir() if path.is_file()
            }
        except OSError as error:
            raise ModuleError(f"{error.filename} can't be read: {error.strerror}") from None
        return self._write(self.assembled(fragments.items()))

    def _read(self, path: Path, context: TaskContext) -> bytes:
        content = context.content(path) if self.decrypt else path
        return content if isinstance(content, bytes) else read_regular(content)

    def _write(self, content: bytes) -> Program:
        self._content = content
        checked = validation(self.validate_)
        return write(self.dest, content, self, backup=self.backup, validate=checked)

    def edit(self, report: Report) -> Program | None:
        if not self.remote_src or "dest" not in report.records:
            return None
        fragments = (to_bytes(text) for text in report.all("fragment"))
        content = self.assembled(zip(report.all("name"), fragments, strict=True))
        self._content = content
        if report.get("sha256") == hashlib.sha256(content).hexdigest():
            return None
        return self._write(content)

    def assembled(self, fragments: Iterable[tuple[str, bytes]]) -> bytes:
        """Return the file's content. Every fragment begins on a new line."""
        chosen = [content for name, content in sorted(fragments) if self._takes(name)]
        delimiter = _expanded(self.delimiter or "")
        if delimiter and not delimiter.endswith(b"\n"):
            delimiter += b"\n"
        content = b""
        for number, fragment in enumerate(chosen):
            if number > 0:
                ended = chosen[number - 1].endswith(b"\n")
                content += (b"" if ended else b"\n") + delimiter
            content += fragment
        return content

    def _takes(self, name: str) -> bool:
        if self.ignore_hidden and name.startswith("."):
            return False
        return self.regexp is None or UserRegex(self.regexp).search(name) is not None

    def returns(self, report: Report) -> dict[str, Any]:
        values = written_values(report)
        sha1 = hashlib.sha1(self._content, usedforsecurity=False).hexdigest()
        return {**values, "src": self.src, "checksum": values["checksum"] or sha1}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return written_diff(report, self._content)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "0": "\0", "a": "\a", "f": "\f"}


def _expanded(text: str) -> bytes:
    """Return `text` with backslash escapes such as `\\n` replaced; unknown escapes stay."""

    def letter(match: re.Match[str]) -> str:
        if match[1].startswith("x"):
            return chr(int(match[1][1:], 16))
        return _ESCAPES.get(match[1], match[0])

    return to_bytes(re.sub(r"\\(x[0-9a-fA-F]{2}|.)", letter, text))
