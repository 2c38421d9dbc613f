"""find: list the files below directories that meet conditions."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import FileMode, Module, TaskContext, Words
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.edited import check_pattern
from provisioner.modules.stat import kinds
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Program, Report, Value
from provisioner.user_regex import UserRegex

BODY = r"""
entry='entry=%d %y %m %U %G %s %i %D %n %A@ %T@ %C@ %u %g %p\0'
# below EXPRESSION...: run find below $top.
below() {
    # shellcheck disable=SC2086
    find $dereference "$top" -mindepth 1 ${depth_limit:+-maxdepth "$depth_limit"} "$@"
}
unreadable=''
[ "$maxdepth" = 1 ] ||
    unreadable='-type d ( ! -readable -o ! -executable ) -printf denied=%d\040%p\0'
dereference=-P
[ "$follow" = no ] || dereference=-L
report now "$(date +%s)"
eval "set -- $paths"
for top in "$@"; do
    expand top
    if ! [ -d "$top" ]; then
        report skipped "$top"
        continue
    fi
    # The slash follows $top if it is a link.
    top=${top%/}/
    say
    depth_limit=$examined
    # shellcheck disable=SC2086
    below -printf "$entry" $unreadable >&3
    depth_limit=$maxdepth
    [ -z "$grep" ] ||
        below -type f -exec grep -lZP ${whole:+-z} -e "$grep" {} + | sed -z 's/^/holds=/' >&3
    [ "$get_checksum" = no ] ||
        below -type f -exec "${checksum_algorithm}sum" {} + | tr '\n' '\0' | sed -z 's/^/sum=/' >&3
done
"""

TYPES = {
    "f": stat.S_IFREG,
    "d": stat.S_IFDIR,
    "l": stat.S_IFLNK,
    "c": stat.S_IFCHR,
    "b": stat.S_IFBLK,
    "p": stat.S_IFIFO,
    "s": stat.S_IFSOCK,
}
FILE_TYPES = {"file": stat.S_IFREG, "directory": stat.S_IFDIR, "link": stat.S_IFLNK}

NOT_ALL = "Not all paths examined, check warnings for details"

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
BYTES = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Find(Module):
    """List files, directories or links; `files` is a list with the properties of each."""

    body: ClassVar[str] = BODY
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT

    paths: Words = parameter(aliases=("name", "path"))
    """The directories to search."""
    patterns: Words = parameter((), aliases=("pattern",))
    """The names to find, as shell patterns, or as regular expressions with `use_regex`. The default
    is all."""
    excludes: Words = parameter((), aliases=("exclude",))
    """The names to skip, in the same notation."""
    use_regex: bool = False
    """`patterns` and `excludes` are Python regular expressions. They must match at the beginning of
    the name."""
    file_type: Literal["file", "directory", "link", "any"] = "file"
    """The type of files to find."""
    recurse: bool = False
    """Search the directories below too."""
    depth: int | None = None
    """With `recurse`: the number of levels to search; 1 is only `paths` itself. The default is
    all."""
    hidden: bool = False
    """Find names that begin with a dot too."""
    follow: bool = False
    """With `recurse`: follow links to directories."""
    age: str | None = None
    """The minimum age, such as `3600` (seconds) or `2d`; units are s, m, h, d and w. A negative
    value is a maximum."""
    age_stamp: Literal["atime", "ctime", "mtime"] = "mtime"
    """The time to which `age` refers."""
    size: str | None = None
    """The minimum size, such as `10k`; units are b, k, m, g and t. A negative value is a
    maximum."""
    mode: FileMode | None = None
    """The mode of the files to find."""
    exact_mode: bool = True
    """The mode must be exactly `mode`. If false, one of its bits is enough."""
    contains: str | None = None
    """Find only files with a line whose beginning matches this regular expression (Perl syntax, by
    grep)."""
    read_whole_file: bool = False
    """Match `contains` against the whole file instead of each line."""
    get_checksum: bool = False
    """Return each file's checksum."""
    checksum_algorithm: Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] = parameter(
        "sha1", aliases=("checksum", "checksum_algo")
    )
    """The algorithm of the checksum."""
    limit: int | None = None
    """The maximum number of files to return."""

    def validate(self) -> None:
        if self.use_regex:
            for pattern in (*self.patterns, *self.excludes):
                check_pattern(pattern)
        _number(self.age, SECONDS, "age")
        _number(self.size, BYTES, "size")

    def program(self, context: TaskContext) -> Program:
        depth = self.depth if self.recurse else 1
        grep = self.contains or ""
        if grep:
            grep = _of_the_whole(grep) if self.read_whole_file else f"^(?:{grep})"
        variables: dict[str, Value] = {
            "paths": self.paths,
            "maxdepth": "" if depth is None else str(depth),
            # Ansible counts one level more as examined: it sees only then that it is too deep.
            "examined": "" if depth is None else str(depth + 1 if self.recurse else 1),
            "follow": self.follow,
            "grep": grep,
            "whole": "yes" if self.read_whole_file else "",
            "get_checksum": self.get_checksum,
            "checksum_algorithm": self.checksum_algorithm,
        }
        return Program("find", self.body, variables, report_limit=self.report_limit)

    def returns(self, report: Report) -> dict[str, Any]:
        now = int(report.get("now") or 0)
        holds, sums = set(report.all("holds")), dict(map(_checksum, report.all("sum")))
        files = []
        for entry in map(_entry, report.all("entry")):
            path = entry["path"]
            if self._meets(entry, now) and (self.contains is None or path in holds):
                files.append(entry | ({"checksum": sums[path]} if path in sums else {}))
        files = files[: self.limit]
        skipped = {path: f"'{path}' is not a directory" for path in report.all("skipped")}
        for level, path in (text.split(" ", 1) for text in report.all("denied")):
            if not self._is_too_deep(int(level)):
                skipped[path] = f"'{path}' can't be read by this user"
        return {
            "files": [
                {k: v for k, v in file.items() if k not in ("type", "level")} for file in files
            ],
            "matched": len(files),
            "examined": len(report.all("entry")),
            "skipped_paths": skipped,
            "msg": NOT_ALL if skipped else "All paths examined",
        }

    def _is_too_deep(self, level: int) -> bool:
        return self.recurse and self.depth is not None and level > self.depth

    def _meets(self, entry: Mapping[str, Any], now: int) -> bool:
        """Return whether the entry meets all conditions but `contains`."""
        name = entry["path"].rpartition("/")[2]
        return (
            not self._is_too_deep(entry["level"])
            and (self.hidden or not name.startswith("."))
            and entry["type"] == FILE_TYPES.get(self.file_type, entry["type"])
            and (not self.patterns or self._matches(name, self.patterns))
            and not self._matches(name, self.excludes)
            and _is_beyond(now - entry[self.age_stamp], _number(self.age, SECONDS, "age"))
            and _is_beyond(entry["size"], _number(self.size, BYTES, "size"))
            and self._has_mode(int(entry["mode"], 8))
        )

    def _matches(self, name: str, patterns: Words) -> bool:
        if self.use_regex:
            return any(UserRegex(pattern).match(name) for pattern in patterns)
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    def _has_mode(self, mode: int) -> bool:
        if self.mode is None:
            return True
        bits = _mode(self.mode)
        return mode == bits if self.exact_mode else bool(mode & bits)


def _entry(text: str) -> dict[str, Any]:
    """Parse one record `entry` of the body."""
    level, kind, mode, *words = text.split(" ", 14)
    uid, gid, size, inode, dev, nlink = map(int, words[:6])
    atime, mtime, ctime = map(float, words[6:9])
    type_ = TYPES.get(kind, 0)
    return {
        "level": int(level),
        "path": words[11],
        "type": type_,
        "mode": mode.zfill(4),
        **kinds(type_ | int(mode, 8)),
        "uid": uid,
        "gid": gid,
        "size": size,
        "inode": inode,
        "dev": dev,
        "nlink": nlink,
        "atime": atime,
        "mtime": mtime,
        "ctime": ctime,
        "pw_name": words[9],
        "gr_name": words[10],
    }


def _checksum(line: str) -> tuple[str, str]:
    """Return (path, digest) of a line `DIGEST  PATH`. After a leading `\\` the path has escapes."""
    digest, _, path = line.partition("  ")
    if digest.startswith("\\"):
        path = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), path)
    return path, digest.lstrip("\\")


_ANCHORS = {"^": r"\A", "$": r"\Z", r"\Z": r"\z", "\\\n": r"\n"}
_PIECES = regex.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[$^]", re.DOTALL)


def _of_the_whole(pattern: str) -> str:
    """Return the Python pattern with PCRE's anchors for the whole text.

    The meaning of ^ and $ with `grep -z` depends on its version. A newline is escaped, because
    grep takes each line of its pattern as a pattern.
    """
    if "(?m" not in pattern:
        pattern = _PIECES.sub(lambda match: _ANCHORS.get(match[0], match[0]), pattern)
    return pattern.replace("\n", r"\n")


def _number(text: str | None, units: Mapping[str, int], name: str) -> int | None:
    """Return a text such as `2d` or `10k` as a number of seconds or bytes."""
    if text is None:
        return None
    match = re.fullmatch(r"(-?\d+)([a-z]?)[a-z]*", text.strip().lower())
    if match is None or match[2] not in ("", *units):
        raise ValueError(f"{name}: {text!r} is not a number with a unit of {', '.join(units)}")
    return int(match[1]) * units.get(match[2], 1)


def _is_beyond(value: float, limit: int | None) -> bool:
    """Return whether `value` is at least `limit`, or at most -`limit` if that is negative."""
    return limit is None or (value >= limit if limit >= 0 else value <= -limit)


def _mode(text: str) -> int:
    """Return a mode as a number. A symbolic mode is applied to 0."""
    if text.removeprefix("0o").isdigit():
        return int(text.removeprefix("0o"), 8)
    mode = 0
    for who, operator, letters in _clauses(text):
        mask = sum({"u": 0o4700, "g": 0o2070, "o": 0o1007}[letter] for letter in set(who))
        table = {"r": 0o444, "w": 0o222, "x": 0o111, "X": 0o111, "s": 0o6000, "t": 0o1000}
        bits = sum(table.get(letter, 0) for letter in set(letters)) & mask
        mode = (mode & ~(mask if operator == "=" else bits)) | (0 if operator == "-" else bits)
    return mode


def _clauses(text: str) -> Iterator[tuple[str, str, str]]:
    for clause in text.split(","):
        who = re.match(r"[ugoa]*", clause)
        assert who
        classes = "ugo" if not who[0] or "a" in who[0] else who[0]
        for operator, letters in re.findall(r"([-+=])([rwxXst]*)", clause):
            yield classes, operator, letters
