"""stat: return the properties of a file or directory of the host."""

from __future__ import annotations

import os
import stat
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Report

BODY = r"""
expand path
report path "$path"
dereference=''
[ "$follow" = no ] || dereference=-L
format='%f %i %d %h %u %g %s %b %o %.9X %.9Y %.9Z %t %T %U %G'
# shellcheck disable=SC2086
all=$(stat $dereference -c "$format" -- "$path" 2>&1) || {
    case $all in
        *'No such file or directory' | *'Not a directory') return ;;
        *) fail "${all#stat: }" ;;
    esac
}
report stat "$all"
access=''
[ ! -r "$path" ] || access=r
[ ! -w "$path" ] || access=${access}w
[ ! -x "$path" ] || access=${access}x
report access "$access"
if [ -L "$path" ] && [ "$follow" = no ]; then
    report lnk_target "$(readlink -- "$path"; echo .)"
    report lnk_source "$(readlink -f -- "$path"; echo .)"
fi
if [ -f "$path" ] && { [ "$follow" = yes ] || ! [ -L "$path" ]; }; then
    if [ "$get_checksum" = yes ] && [ -r "$path" ]; then
        sum=$("${checksum_algorithm}sum" <"$path") || fail "$path can't be read"
        report checksum "${sum%% *}"
    fi
fi
if [ "$get_mime" = yes ]; then
    report mime "$(file -b -i -- "$path")"
fi
if [ "$get_attributes" = yes ]; then
    report attributes "$(lsattr -vd -- "$path")"
fi
"""

FLAGS = {
    "A": "noatime",
    "C": "nocow",
    "D": "dirsync",
    "E": "encrypted",
    "I": "indexed",
    "N": "inline",
    "S": "synchronous",
    "T": "blockroot",
    "X": "compressedraw",
    "Z": "compresseddirty",
    "a": "append",
    "c": "compressed",
    "d": "nodump",
    "e": "extents",
    "h": "blocksize",
    "i": "immutable",
    "j": "journalled",
    "s": "zero",
    "t": "notail",
    "u": "undelete",
}
"""chattr's letters -> Ansible's names for them."""

Algorithm = Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]


class Stat(Module):
    """Return the properties of a file or directory as `stat`. `stat.exists` is always set."""

    body: ClassVar[str] = BODY

    path: str = parameter(aliases=("dest", "name"))
    """The path."""
    follow: bool = False
    """If the path is a link, use its target."""
    get_checksum: bool = True
    """Compute the checksum of the file."""
    checksum_algorithm: Algorithm = parameter("sha1", aliases=("checksum", "checksum_algo"))
    """The algorithm of the checksum."""
    get_mime: bool = parameter(True, aliases=("mime", "mime_type", "mime-type"))
    """Return the MIME type and character set, determined by `file`. A link is not followed for
    it."""
    get_attributes: bool = parameter(True, aliases=("attr", "attributes"))
    """Return the attributes of the file, by `lsattr`."""
    get_md5: bool = False
    """Accepted and ignored, as in Ansible: use checksum_algorithm."""

    def returns(self, report: Report) -> dict[str, Any]:
        text = report.get("stat")
        if not text:
            return {"stat": {"exists": False}}
        values = {"exists": True, "path": report.get("path"), **_numbers(text)}
        for key in ("lnk_source", "lnk_target"):
            if key in report.records:
                values[key] = report.get(key).removesuffix("\n.")
        access = report.get("access")
        values |= {
            "readable": "r" in access,
            "writeable": "w" in access,
            "executable": "x" in access,
        }
        if "checksum" in report.records:
            values["checksum"] = report.get("checksum")
        flags = _attributes(report.get("attributes")) if self.get_attributes else {}
        return {"stat": values | self._mime(report) | flags}

    def _mime(self, report: Report) -> dict[str, Any]:
        if not self.get_mime:
            return {}
        kind, separator, charset = report.get("mime").partition("; charset=")
        is_known = bool(separator)
        return {
            "mimetype": kind if is_known else "unknown",
            "charset": charset if is_known else "unknown",
        }


def _numbers(text: str) -> dict[str, Any]:
    """Parse the output of stat in the body's $format."""
    raw, *words = text.split(" ")
    mode = int(raw, 16)
    inode, dev, nlink, uid, gid, size, blocks, block_size = map(int, words[:8])
    atime, mtime, ctime = map(float, words[8:11])
    owner, _, group = " ".join(words[13:]).partition(" ")
    return {
        "mode": f"{stat.S_IMODE(mode):04o}",
        **kinds(mode),
        "inode": inode,
        "dev": dev,
        "nlink": nlink,
        "uid": uid,
        "gid": gid,
        "size": size,
        "blocks": blocks,
        "block_size": block_size,
        "device_type": os.makedev(int(words[11], 16), int(words[12], 16)),
        "atime": atime,
        "mtime": mtime,
        "ctime": ctime,
        "pw_name": owner,
        "gr_name": group,
    }


def kinds(mode: int) -> dict[str, bool]:
    """Return Ansible's values such as `isdir` and `rusr` for a mode as in st_mode."""
    kinds = {
        "isdir": stat.S_ISDIR(mode),
        "ischr": stat.S_ISCHR(mode),
        "isblk": stat.S_ISBLK(mode),
        "isreg": stat.S_ISREG(mode),
        "isfifo": stat.S_ISFIFO(mode),
        "islnk": stat.S_ISLNK(mode),
        "issock": stat.S_ISSOCK(mode),
        "isuid": bool(mode & stat.S_ISUID),
        "isgid": bool(mode & stat.S_ISGID),
    }
    for place, who in enumerate(("oth", "grp", "usr")):
        for bit, letter in enumerate("xwr"):
            kinds[letter + who] = bool(mode >> (3 * place + bit) & 1)
    return kinds


def _attributes(text: str) -> dict[str, Any]:
    """Parse the output of `lsattr -vd`, which is empty on many file systems."""
    words = text.split()
    if len(words) < 2:
        return {"attributes": [], "attr_flags": "", "version": None}
    flags = words[1].replace("-", "")
    names = [FLAGS[letter] for letter in flags if letter in FLAGS]
    return {"version": words[0], "attr_flags": flags, "attributes": names}
