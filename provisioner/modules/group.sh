# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module group: create, change or remove a Unix group.

# known: the group exists. $entry is its line, which is read once and again after a change.
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
has_gid() {
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
# explain: called by the kernel after a failure. The usual reason is that another group has the number.
explain() {
    owner_group=''
    [ -z "$gid" ] || owner_group=$(getent group "$gid")
    owner_group=${owner_group%%:*}
    case $owner_group in '' | "$name") return 0 ;; esac
    fail "GID '$gid' already exists with group '$owner_group': set another gid, or non_unique: true"
}
set_gid() {
    asked=no
    set -- -g "$gid" "$name"
    [ "$non_unique" != yes ] || set -- -o "$@"
    groupmod "$@"
}
# groupdel before shadow-utils 4.9 has no -f and does not remove the primary group of a user.
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
if [ -n "$gid" ] && known; then ensure "set gid of group $name: $gid" has_gid set_gid; fi
if known; then report entry "$entry"; fi
