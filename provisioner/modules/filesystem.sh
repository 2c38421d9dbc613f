# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module filesystem: create a file system on a device, or let it grow.

# kind: print the file system of the device, as in the parameter fstype; empty for none.
kind() {
    type=$(blkid -c /dev/null -o value -s TYPE -- "$dev")
    case $type in LVM2_member) type=lvm ;; esac
    printf '%s' "$type"
}
made() { [ "$(kind)" = "$fstype" ]; }
make() {
    eval "set -- $options"
    flag=''
    [ "$force" = no ] || flag=-f
    # shellcheck disable=SC2086
    case $fstype in
        swap) mkswap $flag "$@" "$dev" ;;
        lvm) pvcreate -y $flag "$@" "$dev" ;;
        vfat) mkfs.vfat -I "$@" "$dev" ;;
        ext*) "mkfs.$fstype" -F "$@" "$dev" ;;
        *) "mkfs.$fstype" $flag "$@" "$dev" ;;
    esac
}
# program: print the name of the command that makes the file system.
program() {
    case $fstype in swap) echo mkswap ;; lvm) echo pvcreate ;; *) echo "mkfs.$fstype" ;; esac
}
is_empty() { [ -z "$(kind)" ]; }
wipe() { wipefs --all --quiet "$dev"; }

# number LABEL: print the first number after LABEL on stdin.
number() { sed -n "s/^$1[^0-9]*\([0-9][0-9]*\).*/\1/p" | head -n 1; }
mount_point() { findmnt -n -o TARGET --source "$dev" | head -n 1; }
# grown: less than one block of the device is unused (for lvm: less than one extent).
grown() {
    device=$(blockdev --getsize64 "$dev" 2>/dev/null || stat -c %s -- "$dev")
    case $fstype in
        ext*)
            info=$(dumpe2fs -h "$dev" 2>/dev/null)
            block=$(echo "$info" | number 'Block size:')
            used=$(($(echo "$info" | number 'Block count:') * block))
            ;;
        xfs)
            info=$(xfs_info "$mounted")
            block=$(echo "$info" | number 'data .*bsize=')
            used=$(($(echo "$info" | number 'data .*blocks=') * block))
            ;;
        btrfs)
            info=$(btrfs filesystem show --raw "$dev")
            used=$(echo "$info" | sed -n 's/.* size \([0-9]*\) .*/\1/p' | head -n 1)
            block=$((1 << 20))
            ;;
        lvm)
            info=$(pvs --noheadings --nosuffix --units b -o dev_size,pv_size,vg_extent_size "$dev")
            # shellcheck disable=SC2086
            set -- $info
            device=$1 used=$2 block=${3:-4194304}
            [ "$block" -gt 0 ] || block=4194304
            ;;
    esac
    [ $((device - used)) -lt "$block" ]
}
grow() {
    case $fstype in
        ext*) resize2fs "$dev" ;;
        xfs) xfs_growfs "$mounted" ;;
        btrfs) btrfs filesystem resize max "$mounted" ;;
        lvm) pvresize "$dev" ;;
    esac
}
resized() {
    case $fstype in
        ext* | lvm) ;;
        xfs | btrfs)
            mounted=$(mount_point)
            [ -n "$mounted" ] ||
                fail "$dev is not mounted: $fstype grows only while it is mounted"
            ;;
        *) fail "this module can't resize $fstype: remove resizefs" ;;
    esac
    ensure "grow the $fstype of $dev" grown grow
}

expand dev
[ -n "$fstype" ] || fstype=$(kind)
if [ ! -e "$dev" ]; then
    [ "$state" = present ] || return 0
    [ "$look" = yes ] || fail "$dev does not exist: create it in an earlier task (parted, lvol)"
    changed "make $fstype on $dev"
    return
fi
current=$(kind)
case $state:$current in
    absent:) ;;
    absent:*) ensure "wipe $current from $dev" is_empty wipe ;;
    present:"$fstype") [ "$resizefs" = no ] || resized ;;
    present:)
        command -v "$(program)" >/dev/null || [ "$look" = yes ] ||
            fail "$(program) is not installed: install it in an earlier task"
        ensure "make $fstype on $dev" made make
        ;;
    *)
        [ "$force" = yes ] ||
            fail "$dev holds $current, not $fstype: set force: true to overwrite it"
        ensure "make $fstype on $dev instead of $current" made make
        ;;
esac
