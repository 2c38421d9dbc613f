# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Body of the module lvg: create, resize or remove an LVM volume group.

exists() { vgs --noheadings -o vg_name "$vg" >/dev/null 2>&1; }
gone() { ! exists; }
# real DEVICE: print the device without links, as LVM may name it.
real() { readlink -f -- "$1"; }
# parts: print the devices of the group, one a line.
parts() { pvs --noheadings -o pv_name,vg_name 2>/dev/null | while read -r device group; do
    [ "$group" != "$vg" ] || real "$device"
done; }
is_part() { case "$nl$(parts)$nl" in *"$nl$(real "$1")$nl"*) ;; *) false ;; esac; }
is_no_part() { ! is_part "$1"; }
is_volume() { pvs "$1" >/dev/null 2>&1; }

# prepare DEVICE: make it a physical volume. Fail if another group has it.
prepare() {
    if is_volume "$1"; then
        group=$(pvs --noheadings -o vg_name "$1")
        case ${group##* } in
            '' | "$vg") return ;;
            *) echo "$1 is part of the group ${group##* }" >&2; return 1 ;;
        esac
    fi
    eval "set -- $pv_options \"\$1\""
    [ "$force" = no ] || set -- -f "$@"
    pvcreate -y "$@"
}
create() {
    for device in "$@"; do prepare "$device" || return; done
    eval "set -- $vg_options -s \"\$pesize\" \"\$vg\" \"\$@\""
    vgcreate "$@"
}
extend() { prepare "$1" && vgextend "$vg" "$1"; }
reduce() { vgreduce ${force_word:+"$force_word"} "$vg" "$1"; }
remove() { vgremove --force "$vg"; }

present() {
    eval "set -- $pvs"
    [ $# -gt 0 ] || exists || fail "pvs is missing: $vg does not exist yet and needs devices"
    for device in "$@"; do
        [ -e "$device" ] || [ "$look" = yes ] ||
            fail "$device does not exist: create it in an earlier task"
    done
    if ! exists; then
        ensure "create volume group $vg" exists create "$@"
        return
    fi
    [ $# -gt 0 ] || return 0
    for device in "$@"; do
        ensure "add $device to volume group $vg" is_part extend "$device"
        if [ "$pvresize" = yes ] && is_volume "$device"; then
            ensure "grow physical volume $device" full_size grow "$device"
        fi
    done
    [ "$remove_extra_pvs" = yes ] || return 0
    listed=$nl
    for device in "$@"; do listed=$listed$(real "$device")$nl; done
    for device in $(parts); do
        case $listed in
            *"$nl$device$nl"*) ;;
            *) ensure "take $device from volume group $vg" is_no_part reduce "$device" ;;
        esac
    done
}
# full_size DEVICE: the physical volume leaves less than one extent of the device unused.
full_size() {
    # shellcheck disable=SC2046
    set -- $(pvs --noheadings --nosuffix --units b -o dev_size,pv_size,vg_extent_size "$1")
    [ $(($1 - $2)) -lt "${3:-4194304}" ]
}
grow() { pvresize "$1"; }

nl='
'
if ! command -v vgs >/dev/null; then
    [ "$state" = present ] || return 0
    missing='lvm2 is not installed: install it in an earlier task'
    [ "$look" = yes ] || fail "$missing"
    assume "$missing"
    changed "create volume group $vg"
    return
fi
force_word=''
[ "$force" = no ] || force_word=--force
if [ "$state" = present ]; then
    present
elif exists; then
    volumes=$(vgs --noheadings -o lv_count "$vg")
    [ "${volumes##* }" = 0 ] || [ "$force" = yes ] ||
        fail "$vg has ${volumes##* } logical volumes: set force: true to remove them too"
    ensure "remove volume group $vg" gone remove
fi
