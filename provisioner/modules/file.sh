# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329,SC3013
# Body of the module file: create or remove a file, directory or link, and set its attributes.

resolve() {
    if [ "$follow" = yes ] && [ -L "$path" ] && target_of "$path"; then
        [ ! -e "$_target" ] || path=$_target
    fi
}
# clear_for KIND: check that a link may replace what is at $path. An empty directory is removed.
clear_for() {
    case $at_kind in
        absent) ;;
        directory)
            [ "$force" = yes ] || fail "$path is a directory: remove it first, or set force: true"
            [ "$look" = yes ] || rmdir -- "$path" ||
                fail "$path is a directory that is not empty: a $1 can't replace it"
            ;;
        *)
            [ "$force" = yes ] || [ "$at_kind" = link ] && return
            fail "$path exists and is not a $1: remove it first, or set force: true"
            ;;
    esac
}

gone() { ! [ -e "$path" ] && ! [ -L "$path" ]; }
remove() { rm -rf -- "$path"; }
absent() {
    resolved=$path
    [ -L "$path" ] || ! [ -d "$path" ] || resolved=$(readlink -f -- "$path")
    [ "$resolved" != / ] || fail 'the root directory is never removed: set another path'
    ensure_by quick "remove $path" gone remove
}

linked() { [ -L "$path" ] && [ "$(readlink -- "$path")" = "$src" ]; }
# The link is created under a temporary name and renamed, so that $path always exists.
link() {
    spare=${path%/*}; case $path in */*) spare=$spare/ ;; *) spare='' ;; esac
    spare=$spare.provision-$token
    rm -f -- "$spare"
    ln -s -- "$src" "$spare" && mv -f -T -- "$spare" "$path" && return
    rm -f -- "$spare"
    return 1
}
soft() {
    at "$path" || true
    if [ -z "$src" ]; then
        [ "$at_kind" = link ] || fail "$path is not a link: set src to its target"
        src=$(readlink -- "$path")
    fi
    linked || { check_target; clear_for link; }
    ensure_by quick "link $path to $src" linked link
    at_path=''
}
# check_target: fail if the target of the link does not exist, unless `force` is set.
check_target() {
    [ "$force" = no ] && [ "$look" = no ] || return 0
    case $src in /*) source=$src ;; *) source=${path%"${path##*/}"}$src ;; esac
    [ -e "$source" ] || fail "$source, the target of the link, does not exist: create it, or set force: true"
}

same_inode() { [ "$path" -ef "$src" ]; }
hard_link() { rm -f -- "$path" && ln -T -- "$src" "$path"; }
hard() {
    if [ -n "$src" ] && [ -d "$path" ]; then  # the link is created in it, with the name of src
        path=${path%"${path##*[!/]}"}/${src##*/}
        report path "$path"
    fi
    at "$path" || true
    if [ -n "$src" ] && ! same_inode; then
        [ -e "$src" ] || [ "$look" = yes ] || fail "$src, the target of the link, does not exist"
        clear_for 'hard link'
        ensure_by quick "link $path to $src" same_inode hard_link
        at_path=''
    elif [ "$at_kind" = absent ]; then
        fail "$path does not exist: set src to the file that it links to"
    fi
}

directory() {
    resolve
    path=${path%"${path##*[!/]}"}
    [ -n "$path" ] || path=/
    if [ -e "$path" ] && ! [ -d "$path" ]; then
        fail "$path exists and is not a directory: remove it first"
    fi
    directories "$path"
    attributes "$path"
    [ "$recurse" != yes ] || everything_below
}
# everything_below: set owner, group, mode and context of everything below $path. find does the
# comparing, so names may hold any character.
everything_below() {
    [ -d "$path" ] || return 0
    [ -z "$owner" ] ||
        ensure "set owner below $path: $owner" none_else change_all user "$owner" chown
    [ -z "$group" ] ||
        ensure "set group below $path: $group" none_else change_all group "$group" chgrp
    [ -z "$mode" ] || ensure "set mode below $path: $mode" modes_right set_modes
    if [ -n "$seuser$serole$setype$selevel" ] && selinux; then
        ensure "set SELinux context below $path" contexts_right set_contexts
    fi
}
none_else() {
    wrong=$(find "$path" -mindepth 1 ! "-$1" "$2" -print -quit) && [ -z "$wrong" ]
}
change_all() { find "$path" -mindepth 1 ! "-$1" "$2" -exec "$3" -h -- "$2" {} +; }
# wrong_modes: print MODE:TYPE:NEW_MODE for each pair of mode and type that needs another mode.
wrong_modes() {
    for pair in $(find "$path" -mindepth 1 ! -type l -printf '%m:%y\n' | sort -u); do
        at_mode=${pair%:*} at_kind='file'
        case $pair in *:d) at_kind='directory' ;; esac
        _wanted_mode
        [ $((0$at_mode)) -eq "$_wanted" ] || printf '%s:%o\n' "$pair" "$_wanted"
    done
}
modes_right() { [ -z "$(wrong_modes)" ]; }
set_modes() {
    for pair in $(wrong_modes); do
        new_mode=${pair##*:} pair=${pair%:*}
        find "$path" -mindepth 1 -type "${pair#*:}" -perm "${pair%:*}" -exec chmod ug-s {} + \
            -exec chmod "$new_mode" {} + || return
    done
}
contexts_right() {
    # shellcheck disable=SC2046
    set -- $(find "$path" -mindepth 1 -printf '%Z\n' | sort -u)
    for context in "$@"; do
        case $context in
            "${seuser:-*}:${serole:-*}:${setype:-*}:${selevel:-*}") ;;
            *) part_right "$context" || return ;;
        esac
    done
}
part_right() {
    rest=$1
    for part in "$seuser" "$serole" "$setype"; do
        [ -z "$part" ] || [ "$part" = "${rest%%:*}" ] || return
        rest=${rest#*:}
    done
    [ -z "$selevel" ] || [ "$selevel" = "$rest" ]
}
set_contexts() {
    chcon -R -h ${seuser:+-u "$seuser"} ${serole:+-r "$serole"} ${setype:+-t "$setype"} \
        ${selevel:+-l "$selevel"} -- "$path"
}

is_file() { [ -f "$path" ]; }
# Not `: >`: a failed redirection of a special builtin ends the shell.
# Not `touch`: it would follow a link. -C opens with O_EXCL.
make_file() { pin "$path" && (set -C; true >"$pinned"); }
file() {
    resolve
    if ! at "$path"; then
        missing="$path does not exist (state: touch creates an empty file)"
        report state absent
        [ "$look" = yes ] || fail "$missing"
        assume "$missing"
        changed "set attributes of $path"
    elif [ "$at_kind" = other ]; then
        fail "$path is $(special_kind "$path"), not a file"
    elif [ "$at_kind" != file ]; then
        fail "$path is a $at_kind, not a file"
    fi
    attributes "$path"
}
touched() {
    resolve
    if at "$path"; then
        [ "$at_kind" != other ] || fail "$path is $(special_kind "$path"), not a file"
        modification_time=${modification_time:-now} access_time=${access_time:-now}
    else
        case $path in */*) folder=${path%/*}/ ;; *) folder=./ ;; esac
        [ "$look" = yes ] || [ -d "$folder" ] ||
            fail "can't create $path: there is no directory $folder. Create it in an earlier task."
        ensure_by quick "create $path" is_file make_file
        on_failure=unmake
    fi
    attributes "$path"
    on_failure=''
}
# unmake: remove the new file if its attributes can't be set.
unmake() { rm -f -- "$path"; }

# set_times: set the times of the task. `now` is always a change.
set_times() {
    case $modification_time:$access_time in
        now:now) act "touch $path" touch_pinned -c; return ;;
    esac
    set_time m %Y modification "$modification_time"
    set_time a %X access "$access_time"
}
set_time() {
    case $4 in
        '' | preserve) ;;
        now) act "set $3 time of $path: now" touch_pinned -c "-$1" ;;
        *) ensure "set $3 time of $path: $4" has_time change_time "$1" "$2" "$4" ;;
    esac
}
has_time() { [ "$(stat -c "$2" -- "$path")" = "$(date -d "$3" +%s)" ]; }
change_time() { touch_pinned -c "-$1" -d "$3"; }
touch_pinned() { pin "$path" && touch -h "$@" -- "$pinned"; }

# default_state: set $state to what exists at $path.
default_state() {
    at "$path" || true
    state='file'
    case $at_kind in
        link)
            if [ "$follow" = no ]; then state='link'; elif [ -d "$path" ]; then state=directory; fi
            ;;
        directory) state=directory ;;
        absent) [ "$recurse" = no ] || state=directory ;;
    esac
}

missing=''
expand path
report path "$path"
[ -n "$state" ] || default_state
case $state in
    absent) absent ;;
    directory) directory ;;
    file) file ;;
    touch) touched ;;
    hard) expand src; hard; attributes "$path" ;;
    link)
        soft
        report src "$src"
        link=$path
        resolve
        attributes "$path"
        path=$link at_path=''
        ;;
esac
[ "$state" = absent ] || [ -z "$modification_time$access_time" ] || set_times
_known "$path" || true
report_at
[ -n "$missing" ] || report state "$state"
