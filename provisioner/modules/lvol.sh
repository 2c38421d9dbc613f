# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module lvol: create, resize or remove an LVM logical volume.

there() { lvs --noheadings -o lv_name "$vg/$name" >/dev/null 2>&1; }
gone() { ! there; }
active() { attributes=$(lvs --noheadings -o lv_attr "$vg/$name"); attributes=${attributes##* }
    case $attributes in ????a*) ;; *) false ;; esac; }
inactive() { ! active; }
activate() { lvchange -ay "$vg/$name"; }
deactivate() { lvchange -an "$vg/$name"; }

# measure: $group_size $group_free $extent, and $is_size of the volume, in bytes.
measure() {
    # shellcheck disable=SC2046
    set -- $(vgs --noheadings --nosuffix --units b -o vg_size,vg_free,vg_extent_size "$vg")
    group_size=${1:-0} group_free=${2:-0} extent=${3:-4194304}
    is_size=$(lvs --noheadings --nosuffix --units b -o lv_size "$vg/$name") || is_size=0
    is_size=${is_size##* }
}
# target: $target is the size that is wanted, in whole extents.
target() {
    case $whole in
        '') target=$((bytes + extent - 1)) ;;
        FREE) target=$((group_free * percent / 100)) ;;
        *) target=$((group_size * percent / 100)) ;;
    esac
    target=$((target - target % extent))
    case $operator in
        +) target=$((is_size + target)) ;;
        -) target=$((is_size - target)) ;;
    esac
}
big_enough() { measure; [ "$is_size" -ge "$target" ]; }
small_enough() { measure; [ "$is_size" -le "$target" ]; }
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
    if ! there; then
        [ -n "$size" ] || [ -n "$snapshot" ] || fail "size is missing: $vg/$name is not there"
        ensure "create logical volume $vg/$name" there create
    elif [ -n "$size" ] && [ -z "$snapshot" ]; then
        resized
    fi
}
resized() {
    measure
    target
    if [ "$is_size" -lt "$target" ]; then
        [ $((target - is_size)) -le "$group_free" ] ||
            fail "$vg has $group_free bytes left: $vg/$name can't grow to $target bytes"
        ensure "grow logical volume $vg/$name to $size" big_enough extend
    elif [ "$is_size" -gt "$target" ] && [ "$shrink" = yes ] && [ "$whole" != FREE ]; then
        [ "$force" = yes ] ||
            fail "$vg/$name is bigger than $size: shrinking needs force: true, or set shrink: false"
        [ "$target" -gt 0 ] || fail "$vg/$name can't shrink to nothing"
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
    there || return 0
    if [ "$active" = yes ]; then ensure "activate logical volume $vg/$name" active activate
    else ensure "deactivate logical volume $vg/$name" inactive deactivate
    fi
elif there; then
    [ "$force" = yes ] ||
        fail "$vg/$name holds data: nothing was removed (force: true removes it)"
    ensure "remove logical volume $vg/$name" gone remove
fi
