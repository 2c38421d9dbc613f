# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module filesystem: create a file system on a device, or let it grow.

# kind: what blkid finds on the device, in this module's words.
kind() {
    found=$(blkid -c /dev/null -o value -s TYPE -- "$dev")
    case $found in LVM2_member) found=lvm ;; esac
    printf '%s' "$found"
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
program() {
    case $fstype in swap) echo mkswap ;; lvm) echo pvcreate ;; *) echo "mkfs.$fstype" ;; esac
}
bare() { [ -z "$(kind)" ]; }
wipe() { wipefs --all --quiet "$dev"; }

number() { sed -n "s/^$1[^0-9]*\([0-9][0-9]*\).*/\1/p" | head -n 1; }
mount_point() { findmnt -n -o TARGET --source "$dev" | head -n 1; }
# grown: less than one of its blocks (of a volume: one extent) of the device is unused.
grown() {
    device=$(blockdev --getsize64 "$dev" 2>/dev/null || stat -c %s -- "$dev")
    case $fstype in
        ext*)
            told=$(dumpe2fs -h "$dev" 2>/dev/null)
            block=$(echo "$told" | number 'Block size:')
            used=$(($(echo "$told" | number 'Block count:') * block))
            ;;
        xfs)
            told=$(xfs_info "$mounted")
            block=$(echo "$told" | number 'data .*bsize=')
            used=$(($(echo "$told" | number 'data .*blocks=') * block))
            ;;
        btrfs)
            told=$(btrfs filesystem show --raw "$dev")
            used=$(echo "$told" | sed -n 's/.* size \([0-9]*\) .*/\1/p' | head -n 1)
            block=$((1 << 20))
            ;;
        lvm)
            told=$(pvs --noheadings --nosuffix --units b -o dev_size,pv_size,vg_extent_size "$dev")
            # shellcheck disable=SC2086
            set -- $told
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
                fail "$dev is not mounted: a file system of the kind $fstype grows only where it is"
            ;;
        *) fail "a file system of the kind $fstype can't be resized by this module" ;;
    esac
    ensure "grow the $fstype of $dev" grown grow
}

expand dev
[ -n "$fstype" ] || fstype=$(kind)
if [ ! -e "$dev" ]; then
    [ "$state" = present ] || return 0
    [ "$look" = yes ] || fail "$dev is not there: create it in an earlier task (parted, lvol)"
    changed "make $fstype on $dev"
    return
fi
there=$(kind)
case $state:$there in
    absent:) ;;
    absent:*) ensure "wipe $there from $dev" bare wipe ;;
    present:"$fstype") [ "$resizefs" = no ] || resized ;;
    present:)
        command -v "$(program)" >/dev/null || [ "$look" = yes ] ||
            fail "$(program) is not there: install it in an earlier task"
        ensure "make $fstype on $dev" made make
        ;;
    *)
        [ "$force" = yes ] ||
            fail "$dev holds $there, not $fstype: nothing was changed (force: true overwrites it)"
        ensure "make $fstype on $dev instead of $there" made make
        ;;
esac
