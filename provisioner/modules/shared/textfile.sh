# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Edit a text file line by line: sysctl.conf, fstab and the like.

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
