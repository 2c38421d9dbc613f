# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Read and write keys and certificates with the host's openssl, which may be version 1.0.2 (CentOS 7).

# need_openssl WHAT: there is one; where it is yet to be installed, say that WHAT would be changed.
need_openssl() {
    ! command -v openssl >/dev/null || return 0
    [ "$look" = yes ] || fail 'openssl is not there: install it in an earlier task'
    changed "$1"
    return 1
}
folder_of() {
    case $1 in
        /*/*) [ -d "${1%/*}" ] || [ "$look" = yes ] ||
            fail "there is no directory ${1%/*}: create it in an earlier task" ;;
    esac
}
gone() { ! [ -e "$path" ] && ! [ -L "$path" ]; }
remove() { rm -f -- "$path"; }
# wanted: the file shall be there, and openssl can make it. One that shall not is removed, with a
# copy where one is asked for.
wanted() {
    report filename "$path"
    if [ "$state" = absent ]; then
        if [ "$backup" = yes ] && [ "$look" = no ] && ! gone; then back_up "$path"; fi
        ensure "remove $path" gone remove
        return 1
    fi
    need_openssl "create $path" || return
    folder_of "$path"
}
# same: the file means what $content does, as the module's own `meaning` tells.
same() { [ "$(meaning <"$path")" = "$(printf '%s' "$content" | meaning)" ]; }
# keep: the file is $content, but for what is another each time.
keep() {
    content=-----BEGIN${content#*-----BEGIN}$_nl
    if [ "$force" = no ] && [ -f "$path" ] && same; then attributes "$path"; else put "$path"; fi
}
# public_of KEY PASSPHRASE: print the public half. A passphrase travels on stdin alone.
public_of() { printf '%s\n' "$2" | openssl pkey -in "$1" -passin stdin -pubout 2>/dev/null; }
