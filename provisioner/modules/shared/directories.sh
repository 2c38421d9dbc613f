# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Create directories with the attributes of the task.

# directories PATH: ensure that it is one, its parents too; each new one gets the attributes.
directories() {
    ! [ -d "$1" ] || return 0
    case $1 in
        */*) [ -z "${1%/*}" ] || directories "${1%/*}" ;;
    esac
    ensure_by quick "create $1" is_directory make_directory "$1"
    attributes "$1"
}
# directories_only PATH: the same without attributes: they are meant for a file.
directories_only() {
    [ -n "$1" ] || return 0
    ensure_by quick "create $1" is_directory make_directories "$1"
}
make_directories() { mkdir -p -- "$1"; }
is_directory() { [ -d "$1" ]; }
# make_directory PATH: with its mode at once, unless it shall have another owner first.
make_directory() {
    case ${owner:+-}${group:+-}${mode#0o} in
        '' | *[!0-7]*) mkdir -- "$1" ;;
        *) mkdir -m "${mode#0o}" -- "$1" ;;
    esac
}
