# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module mount: keep a file system in fstab, and mount or unmount it.

# is_ours LINE: the line of fstab is for the mount point. Swap has none: there the source is compared.
is_ours() {
    set -f
    # shellcheck disable=SC2086
    set -- $1
    set +f
    case $1 in '' | '#'*) return 1 ;; esac
    if [ "$2" = none ] || [ "$2" = swap ]; then [ "$1" = "$escaped_src" ] && [ "$escaped" = "$2" ]
    else [ "$2" = "$escaped" ]
    fi
}
edit_line() {
    if ! is_ours "$line"; then keep_line "$line"; return; fi
    if [ "$listed" = no ]; then return; fi
    set -f
    # shellcheck disable=SC2086
    set -- $line
    set +f
    words="$1 $2 $3 ${4:-defaults} ${5:-0} ${6:-0}"
    if [ "$words" = "$entry" ] && [ -z "$seen" ]; then keep_line "$line"
    elif [ -z "$seen" ]; then keep_line "$entry"
    fi
    seen=yes
}
# in_fstab yes|no: yes sets the line of the mount point in $fstab, no removes it.
in_fstab() {
    listed=$1 seen='' rewritten=no
    if [ -L "$fstab" ]; then fstab=$(readlink -f -- "$fstab"); fi
    edit "$fstab" edit_line
    if [ "$listed" = yes ] && [ -z "$seen" ]; then keep_line "$entry"; fi
    [ "$content" = "$text" ] || rewritten=yes
    if [ "$listed" = yes ]; then store "$fstab" "set $path in $fstab"
    else store "$fstab" "remove $path from $fstab"
    fi
}
# cat, not read: bash seeks back after each line, which goes wrong if the table changes meanwhile.
mounted() { case $(cat /proc/mounts) in *" $escaped "*) ;; *) return 1 ;; esac; }
unmounted() { ! mounted; }
attach() {
    [ -e "$path" ] || mkdir -p -- "$path" || return
    if [ "$state" = ephemeral ]; then
        mount -t "$fstype" ${opts:+-o "$opts"} -- "$src" "$path"
    elif [ "$fstab" != /etc/fstab ]; then mount -T "$fstab" -- "$path"
    else mount -- "$path"
    fi
}
detach() { umount -- "$path"; }
# remount [OPTIONS]: if that fails, as for changed options of a bind mount or NFS, unmount and mount.
remount() { mount -o "remount${1:+,$1}" -- "$path" || { detach && attach; }; }
folder_gone() { [ ! -d "$path" ]; }

case $state in
    present) in_fstab yes ;;
    mounted)
        in_fstab yes
        if [ "$rewritten" = yes ] && mounted; then
            act "remount $path" remount
        else
            ensure "mount $path" mounted attach
        fi
        ;;
    ephemeral) ensure "mount $path" mounted attach ;;
    unmounted) ensure "unmount $path" unmounted detach ;;
    remounted)
        mounted || [ "$look" = yes ] || fail "$path is not mounted: use state: mounted"
        act "remount $path" remount "$opts"
        ;;
    absent_from_fstab) in_fstab no ;;
    absent)
        in_fstab no
        ensure "unmount $path" unmounted detach
        ensure "remove directory $path" folder_gone rmdir -- "$path"
        ;;
esac
