# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module group: create, change or remove a Unix group.

# known: $entry is the group's line, asked for once until something changes it.
known() {
    if [ "$asked" != yes ]; then
        asked=yes entry=''
        if [ "$local" = yes ]; then
            while IFS= read -r line; do
                case $line in "$name":*) entry=$line ;; esac
            done </etc/group
        else
            entry=$(getent group "$name")
        fi
    fi
    [ -n "$entry" ]
}
numbered() {
    known || return
    rest=${entry#*:*:}
    [ "${rest%%:*}" = "$gid" ]
}
gone() { ! known; }

create() {
    asked=no
    set -- "$name"
    [ "$system" != yes ] || set -- -r "$@"
    [ -z "$gid" ] || set -- -g "$gid" "$@"
    [ "$non_unique" != yes ] || set -- -o "$@"
    groupadd "$@"
}
# The hook of the kernel: a number that another group has is the usual reason.
explain() {
    other=''
    [ -z "$gid" ] || other=$(getent group "$gid")
    other=${other%%:*}
    case $other in '' | "$name") return 0 ;; esac
    fail "GID '$gid' already exists with group '$other': give another gid, or non_unique: true"
}
number() {
    asked=no
    set -- -g "$gid" "$name"
    [ "$non_unique" != yes ] || set -- -o "$@"
    groupmod "$@"
}
# groupdel of shadow-utils before 4.9 has no -f: a user's primary group stays.
delete() {
    asked=no
    if [ "$force" = yes ]; then groupdel -f "$name" || groupdel "$name"; else groupdel "$name"; fi
}

asked=no on_failure=explain
if [ "$state" = absent ]; then
    ensure "remove group $name" gone delete
    return
fi
ensure "create group $name" known create
if [ -n "$gid" ] && known; then ensure "set gid of group $name: $gid" numbered number; fi
if known; then report entry "$entry"; fi
