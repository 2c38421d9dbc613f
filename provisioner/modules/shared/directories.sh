# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Create directories with the attributes of the task.

# directories PATH: create the directory and its parents. Each new one gets the attributes.
directories() {
    ! [ -d "$1" ] || return 0
    case $1 in
        */*) [ -z "${1%/*}" ] || directories "${1%/*}" ;;
    esac
    ensure_by quick "create $1" is_directory make_directory "$1"
    attributes "$1"
}
# directories_only PATH: the same without attributes: those of the task are for a file.
directories_only() {
    [ -n "$1" ] || return 0
    ensure_by quick "create $1" is_directory make_directories "$1"
}
make_directories() { mkdir -p -- "$1"; }
is_directory() { [ -d "$1" ]; }
# make_directory PATH: create it with its mode, unless the owner or group is to be set first.
make_directory() {
    case ${owner:+-}${group:+-}${mode#0o} in
        '' | *[!0-7]*) mkdir -- "$1" ;;
        *) mkdir -m "${mode#0o}" -- "$1" ;;
    esac
}
