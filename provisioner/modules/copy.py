"""copy: a file, directory or text of the controller, or a file of the host, to a place there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from provisioner.modules.base import FileMode, ModuleError, Sources, Text
from provisioner.modules.content import DIRECTORIES, WRITE, Written, content_variables, validation
from provisioner.remote.shell import Program, Report, Value

TREE = (
    DIRECTORIES
    + r"""
# each CALL: CALL with $number $target $content_size $content_sha256 of every file set.
each() {
    number=0 place=0
    eval "set -- \"\$1\" $files"
    call=$1; shift
    for word in "$@"; do
        case $place in
            0) target=$path/$word place=1 ;;
            1) content_size=$word place=2 ;;
            2) content_sha256=$word place=3 ;;
            3)
                [ "$preserve" != yes ] || mode=$word
                place=0
                "$call"
                number=$((number + 1))
                ;;
        esac
    done
}
is_there() { [ -f "$target" ] && { [ "$follow" = yes ] || ! [ -L "$target" ]; }; }
name_it() { ! is_there || printf '%s\0' "$target"; }

# One sha256sum and one stat for all files; which are not right comes out as their numbers.
other_content() { each name_it | xargs -0 -r sha256sum | each compare_content; }
compare_content() {
    if is_there; then
        IFS=' ' read -r sum _ || sum=''
        [ "$force" = no ] || [ "${sum#\\}" = "$content_sha256" ] || echo "$number"
    elif [ "$force" = yes ] || ! [ -e "$target" ]; then
        echo "$number"
    fi
}
other_attributes() {
    each name_it | xargs -0 -r stat -L -c '%a %u %g %s %U %G' | each compare_attributes
}
compare_attributes() {
    is_there || return 0
    at_kind='file' at_path=$target
    IFS=' ' read -r at_mode at_uid at_gid at_size at_user at_group || return 0
    if [ -n "$mode" ]; then _wanted_mode; else _wanted=$((0$at_mode)); fi
    if { [ -z "$owner" ] || _owned "$target"; } && { [ -z "$group" ] || _grouped "$target"; } &&
        _moded "$target" && [ -z "$attributes$seuser$serole$setype$selevel" ]; then return; fi
    echo "$number"
}

# next_is_this: the file of `each` is the first of the numbers in $todo, which it leaves.
next_is_this() { case $todo in "$number "*) todo=${todo#* } ;; *) return 1 ;; esac; }
ask_for_content() { ! next_is_this || ask "$content_size" "$number"; }
write_content() {
    next_is_this || return 0
    resolve
    put "$target"
}
set_attributes() {
    next_is_this || return 0
    resolve
    attributes "$target"
}
resolve() {
    if [ "$follow" = yes ] && [ -L "$target" ]; then
        target=$(readlink -f -- "$target") || fail "$target is a link to where nothing can be"
    fi
}
# write_files NUMBER...: a round trip for every 64.
write_files() {
    while [ $# -gt 0 ]; do
        batch=''
        while [ $# -gt 0 ] && [ "${#batch}" -lt 320 ]; do
            batch="$batch$1 "
            shift
        done
        todo=$batch
        [ "$look" = yes ] || each ask_for_content
        todo=$batch
        each write_content
    done
}

is_linked() { [ -L "$1" ] && [ "$(readlink -- "$1")" = "$2" ]; }
link() { rm -f -- "$1" && ln -s -- "$2" "$1"; }

expand path
path=${path%"${path##*[!/]}"}
diff=no content_asked=yes
report dest "$path"
file_mode=$mode mode=$directory_mode
eval "set -- $folders"
for folder in "$@"; do
    folder=$path${folder:+/$folder}
    [ -n "$folder" ] || continue
    if [ -d "$folder" ]; then attributes "$folder"; else directories "$folder"; fi
done
mode=$file_mode
# shellcheck disable=SC2046
write_files $(other_content)
if [ -n "$owner$group$mode$preserve$attributes$seuser$serole$setype$selevel" ]; then
    todo="$(other_attributes | tr '\n' ' ')"
    each set_attributes
fi
eval "set -- $links"
while [ $# -gt 0 ]; do
    ensure "link $path/$1 to $2" is_linked link "$path/$1" "$2"
    shift 2
done
"""
)

FROM_HOST = (
    r"""
expand source
report src "$source"
if [ -d "$source" ]; then
    fail "$source is a directory: remote_src copies files only; use a command with creates"
fi
if ! [ -f "$source" ]; then
    [ "$look" = yes ] || fail "$source is not there (remote_src means a file of the host)"
    at "$path" || changed "create $path"
    return
fi
name=${source##*/}
at "$source"
[ "$preserve" != yes ] || mode=0$at_mode
content_size=$at_size content_sha256=$(sha256 "$source") || fail "$source can't be read"
content_sha1=$(sha1sum <"$source") content_sha1=${content_sha1%% *}
[ -z "$wanted_sha1" ] || [ "$wanted_sha1" = "$content_sha1" ] ||
    fail "$source has the checksum $content_sha1, not $wanted_sha1"
content_from=$source
"""
    + WRITE
)


@dataclass
class _Tree:
    """What is below a local directory, as paths relative to it."""

    folders: list[str] = field(default_factory=lambda: [""])
    files: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


def _tree(root: Path, follow: bool) -> _Tree:
    tree = _Tree()
    for path, entry in _walk(root, "", follow):
        if entry.is_symlink() and not follow:
            tree.links.append((path, str(entry.readlink())))
        elif entry.is_dir():
            tree.folders.append(path)
        elif entry.is_file():
            tree.files.append(path)
        else:
            raise ModuleError(f"{root}/{path} is no file, directory or link that leads to one")
    return tree


def _walk(
    root: Path, below: str, follow: bool, above: tuple[Path, ...] = ()
) -> Iterator[tuple[str, Path]]:
    """Everything below `root`, a directory before what is in it."""
    folder = root / below
    if follow and folder.resolve() in above:
        raise ModuleError(
            f"{folder} is a link to a directory that it is in: set local_follow: false"
        )
    for entry in sorted(folder.iterdir()):
        path = f"{below}/{entry.name}" if below else entry.name
        yield path, entry
        if entry.is_dir() and (follow or not entry.is_symlink()):
            yield from _walk(root, path, follow, (*above, folder.resolve()))


def _content(value: Any) -> Any:
    """Lists and mappings are written as JSON, anything else as its text."""
    if isinstance(value, dict | list | tuple):
        return json.dumps(value)
    return value if value is None or isinstance(value, str) else str(value)


class Copy(Written):
    """Keep a file, or all files of a directory, as they are on the controller."""

    src: Text | None = None
    """A file or directory, found in `files/` of the role or beside the playbook. Of a directory
    that ends in `/` the content is copied, otherwise the directory itself."""
    content: Annotated[str | None, BeforeValidator(_content)] = None
    """The file's text, instead of `src`; a mapping or list is written as JSON."""
    directory_mode: FileMode | None = None
    """The mode of new directories, and of those below a copied directory."""
    remote_src: bool = False
    """`src` is a file of the host."""
    local_follow: bool = True
    """Copy what links below `src` point to; otherwise the links."""
    checksum: Text | None = None
    """The SHA-1 that `src` must have."""
    decrypt: bool = True
    """Decrypt a source that is encrypted with vault."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.src is None) == (self.content is None):
            raise ValueError("give one of src and content")
        if self.content is not None and self.dest.endswith("/"):
            raise ValueError("with content, dest is the name of a file, not of a directory")
        if self.mode == "preserve" and self.src is None:
            raise ValueError("mode: preserve needs src: there is no file whose mode to take")
        return self

    def program(self, sources: Sources) -> Program:
        if self.src is None:
            content = (self.content or "").encode("utf-8", "surrogateescape")
            return self._checked(self.written(content, None))
        if self.remote_src:
            return self._from_host(self.src)
        path = sources.find("files", self.src)
        if path.is_dir():
            return self._copy_tree(path, self.src.endswith("/"))
        return self._checked(self.written(path, path, directory_mode=self.directory_mode))

    def _checked(self, program: Program) -> Program:
        actual = program.variables["content_sha1"]
        if self.checksum is not None and self.checksum != actual:
            raise ModuleError(
                f"{self.src or 'content'} has the SHA-1 {actual!s}, not {self.checksum}"
            )
        return program

    def _from_host(self, source: str) -> Program:
        more: dict[str, Value] = {
            "source": source,
            "preserve": self.mode == "preserve",
            "mode": "" if self.mode == "preserve" else self.mode,
            "wanted_sha1": self.checksum or "",
            "directory_mode": self.directory_mode,
        }
        program = self.written(b"", None, **more)
        return Program("copy_from_host", FROM_HOST, program.variables)

    def _copy_tree(self, root: Path, content_only: bool) -> Program:
        tree = _tree(root, self.local_follow)
        files = [root / name for name in tree.files]
        items: list[str] = []
        for name, path in zip(tree.files, files, strict=True):
            about = content_variables(path)
            mode = f"{path.stat().st_mode & 0o7777:04o}"
            items += (name, str(about["content_size"]), str(about["content_sha256"]), mode)
        variables: dict[str, Value] = {
            **self.attribute_variables(),
            "path": self.dest if content_only else f"{self.dest.rstrip('/')}/{root.name}",
            "folders": tree.folders,
            "files": items,
            "links": [word for link in tree.links for word in link],
            "preserve": self.mode == "preserve",
            "mode": "" if self.mode == "preserve" else self.mode,
            "directory_mode": self.directory_mode,
            "follow": self.follow,
            "force": self.force,
            "backup": self.backup,
            "validate": validation(self.validate_),
            "old_sha256": "",
            "content_from": "",
        }
        return Program("copy_tree", TREE, variables, files)

    def returns(self, report: Report) -> dict[str, Any]:
        values = super().returns(report)
        if self.src is not None:
            values["src"] = report.get("src") or self.src
        return values
