# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Edit a text file line by line: sysctl.conf, fstab and the like.

nl='
'
# edit FILE FUNCTION: set $text to the content of FILE and call FUNCTION for each $line. $content becomes
# the lines that FUNCTION passes to `keep_line`. FILE is not changed yet.
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

# store FILE WHAT: write $content to FILE, whose content is $text, and report the change WHAT. A look only
# reports it.
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
