# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module lvol: create, resize or remove an LVM logical volume.

exists() { lvs --noheadings -o lv_name "$vg/$name" >/dev/null 2>&1; }
gone() { ! exists; }
is_active() { attributes=$(lvs --noheadings -o lv_attr "$vg/$name"); attributes=${attributes##* }
    case $attributes in ????a*) ;; *) false ;; esac; }
is_inactive() { ! is_active; }
activate() { lvchange -ay "$vg/$name"; }
deactivate() { lvchange -an "$vg/$name"; }

# measure: set $group_size, $group_free, $extent and $current_size (of the volume), all in bytes.
measure() {
    # shellcheck disable=SC2046
    set -- $(vgs --noheadings --nosuffix --units b -o vg_size,vg_free,vg_extent_size "$vg")
    group_size=${1:-0} group_free=${2:-0} extent=${3:-4194304}
    current_size=$(lvs --noheadings --nosuffix --units b -o lv_size "$vg/$name") || current_size=0
    current_size=${current_size##* }
}
# set_target: set $target to the size of the task in bytes, rounded to whole extents.
set_target() {
    case $whole in
        '') target=$((bytes + extent - 1)) ;;
        FREE) target=$((group_free * percent / 100)) ;;
        *) target=$((group_size * percent / 100)) ;;
    esac
    target=$((target - target % extent))
    case $operator in
        +) target=$((current_size + target)) ;;
        -) target=$((current_size - target)) ;;
    esac
}
big_enough() { measure; [ "$current_size" -ge "$target" ]; }
small_enough() { measure; [ "$current_size" -le "$target" ]; }
extend() {
    # shellcheck disable=SC2086
    eval "set -- $pvs"
    lvextend $fs -L "${target}b" "$vg/$name" "$@"
}
reduce() {
    # shellcheck disable=SC2086
    lvreduce --force $fs -L "${target}b" "$vg/$name"
}
create() {
    eval "set -- $options"
    if [ -n "$snapshot" ]; then set -- "$@" -s -n "$snapshot" "$vg/$lv"
    elif [ -n "$thinpool" ] && [ -n "$lv" ]; then set -- "$@" -n "$lv" -T "$vg/$thinpool"
    elif [ -n "$thinpool" ]; then set -- "$@" -T "$vg/$thinpool"
    else set -- "$@" -n "$lv" "$vg"
    fi
    if [ -n "$whole" ]; then set -- -l "$percent%$whole" "$@"
    elif [ -n "$lv$snapshot" ] && [ -n "$thinpool" ]; then set -- -V "${bytes}b" "$@"
    elif [ -n "$bytes" ]; then set -- -L "${bytes}b" "$@"
    fi
    [ -n "$thinpool$snapshot" ] || eval "set -- \"\$@\" $pvs"
    lvcreate --yes "$@"
}
remove() { lvremove --force "$vg/$name"; }

present() {
    if ! exists; then
        [ -n "$size" ] || [ -n "$snapshot" ] || fail "size is missing: $vg/$name does not exist yet"
        ensure "create logical volume $vg/$name" exists create
    elif [ -n "$size" ] && [ -z "$snapshot" ]; then
        resize
    fi
}
resize() {
    measure
    set_target
    if [ "$current_size" -lt "$target" ]; then
        [ $((target - current_size)) -le "$group_free" ] ||
            fail "$vg has only $group_free bytes free: $vg/$name can't grow to $target bytes"
        ensure "grow logical volume $vg/$name to $size" big_enough extend
    elif [ "$current_size" -gt "$target" ] && [ "$shrink" = yes ] && [ "$whole" != FREE ]; then
        [ "$force" = yes ] ||
            fail "$vg/$name is bigger than $size: shrinking needs force: true, or set shrink: false"
        [ "$target" -gt 0 ] || fail "$vg/$name can't shrink to 0 bytes"
        ensure "shrink logical volume $vg/$name to $size" small_enough reduce
    fi
}

name=${snapshot:-${lv:-$thinpool}}
fs=''
[ "$resizefs" = no ] || fs=--resizefs
if ! command -v lvs >/dev/null || ! vgs "$vg" >/dev/null 2>&1; then
    [ "$state" = present ] || return 0
    [ "$look" = yes ] || fail "there is no volume group $vg: create it in an earlier task (lvg)"
    changed "create logical volume $vg/$name"
    return
fi
if [ "$state" = present ]; then
    present
    exists || return 0
    if [ "$active" = yes ]; then ensure "activate logical volume $vg/$name" is_active activate
    else ensure "deactivate logical volume $vg/$name" is_inactive deactivate
    fi
elif exists; then
    [ "$force" = yes ] ||
        fail "$vg/$name holds data: set force: true to remove it"
    ensure "remove logical volume $vg/$name" gone remove
fi
