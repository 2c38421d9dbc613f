"""What modules share that keep a few lines of a text file: sysctl.conf, fstab, authorized_keys."""

from __future__ import annotations

from provisioner.remote.shell import Report
from provisioner.result import Diff

TEXTFILE = r"""
nl='
'
# edit FILE FUNCTION: read FILE as $text and call FUNCTION for each $line; what it hands to
# `keep_line` is gathered in $content. No process, and nothing is changed yet.
edit() {
    text='' content=''
    [ -e "$1" ] || return 0
    [ -f "$1" ] || fail "$1 is not a file"
    [ -r "$1" ] || fail "$1 can't be read by this user: add become"
    while IFS= read -r line || [ -n "$line" ]; do
        text=$text$line$nl
        "$2"
    done <"$1"
}
keep_line() { content=$content$1$nl; }

# store FILE WHAT: FILE holds $content, or would; $text is what it holds now.
store() {
    [ "$content" != "$text" ] || return 0
    at "$1" || true
    if [ "$diff" = yes ]; then
        report after "$content"
        [ "$at_kind" != file ] || before "$1"
    fi
    if [ "$look" = no ]; then
        replace "$1"
        { at "$1" && holds "$1"; } || fail "$1 holds something else right after it was written"
    fi
    changed "$2"
}
"""


def text_diff(report: Report, path: str) -> tuple[Diff, ...]:
    """The file before and after, where the body changed it or would."""
    if "after" not in report.records:
        return ()
    return (Diff(report.get("before"), report.get("after"), path, path),)
