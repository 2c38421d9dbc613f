# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module modprobe: load or unload a kernel module, now and at boot.

# loaded: the kernel has it, as a module or built in. ($sysfs is the name with _ for -, as in sysfs.)
loaded() {
    [ -d "/sys/module/$sysfs" ] && return
    read -r release </proc/sys/kernel/osrelease
    [ -r "/lib/modules/$release/modules.builtin" ] || return
    while read -r line; do
        case $line in
            */"$name".ko* | */"$sysfs".ko*) return 0 ;;
        esac
    done <"/lib/modules/$release/modules.builtin"
    return 1
}
# gone: a built-in module has no initstate and counts as gone: it can't be removed.
gone() { [ ! -e "/sys/module/$sysfs/initstate" ]; }
load() {
    eval "set -- $params"
    modprobe -- "$name" "$@"
}
unload() { modprobe -r -- "$name"; }

# at_boot FILE...: one of the files has a line with the module.
at_boot() {
    for file; do
        [ -r "$file" ] || continue
        while read -r line || [ -n "$line" ]; do
            case $line in "$name" | "$sysfs") return 0 ;; esac
        done <"$file"
    done
    return 1
}
has_options() {
    [ -n "$options" ] || return 0
    for file in /etc/modprobe.d/*.conf; do
        [ -r "$file" ] || continue
        while read -r line || [ -n "$line" ]; do
            [ "$line" != "options $name $options" ] || return 0
        done <"$file"
    done
    return 1
}
# write_line FILE LINE: make LINE the only line of FILE.
write_line() {
    edit "$1" true
    content=$2$nl
    store "$1" "write $1"
}
# comment_out FILE...: comment out the lines that load the module or set its options.
comment_out() {
    for file; do
        [ -r "$file" ] || continue
        edit "$file" comment_line
        store "$file" "remove $name from $file"
    done
}
comment_line() {
    word=${line#"${line%%[! 	]*}"}
    case $word in
        "$name" | "$sysfs" | "options $name "* | "options $sysfs "*) keep_line "#$line" ;;
        *) keep_line "$line" ;;
    esac
}

if [ "$state" = present ]; then
    ensure "load kernel module $name" loaded load
else
    ensure "unload kernel module $name" gone unload
fi
case $persistent in
    present)
        at_boot /etc/modules-load.d/*.conf || write_line "/etc/modules-load.d/$name.conf" "$name"
        has_options || write_line "/etc/modprobe.d/$name.conf" "options $name $options"
        ;;
    absent) comment_out /etc/modules-load.d/*.conf /etc/modprobe.d/*.conf ;;
esac
