# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Read and write keys and certificates with the host's openssl, which may be version 1.0.2 (CentOS 7).

# need_openssl WHAT: openssl is installed. If it is missing in a look, report the change WHAT: an earlier
# task may install it.
need_openssl() {
    ! command -v openssl >/dev/null || return 0
    [ "$look" = yes ] || fail 'openssl is not installed: install it in an earlier task'
    changed "$1"
    return 1
}
# check_folder FILE: fail if its directory does not exist.
check_folder() {
    case $1 in
        /*/*) [ -d "${1%/*}" ] || [ "$look" = yes ] ||
            fail "there is no directory ${1%/*}: create it in an earlier task" ;;
    esac
}
gone() { ! [ -e "$path" ] && ! [ -L "$path" ]; }
remove() { rm -f -- "$path"; }
# prepare: check that the file can be made. For state: absent remove it, after a backup if the task asks
# for one, and return 1. Status 1 means that nothing is left to do.
prepare() {
    report filename "$path"
    if [ "$state" = absent ]; then
        if [ "$backup" = yes ] && [ "$look" = no ] && ! gone; then back_up "$path"; fi
        ensure "remove $path" gone remove
        return 1
    fi
    need_openssl "create $path" || return
    check_folder "$path"
}
# same_meaning: the file and $content mean the same. The module defines `meaning` for that.
same_meaning() { [ "$(meaning <"$path")" = "$(printf '%s' "$content" | meaning)" ]; }
# store: write $content to the file, unless it means the same already.
store() {
    content=-----BEGIN${content#*-----BEGIN}$_nl
    if [ "$force" = no ] && [ -f "$path" ] && same_meaning; then attributes "$path"; else put "$path"; fi
}
# public_of KEY PASSPHRASE: print the public key. The passphrase is sent on stdin, which others can't see.
public_of() { printf '%s\n' "$2" | openssl pkey -in "$1" -passin stdin -pubout 2>/dev/null; }
