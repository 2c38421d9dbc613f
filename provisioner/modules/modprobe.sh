# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module modprobe: load or unload a kernel module, now and at boot.

# loaded: in the kernel, as a module or built in. sysfs writes - as _ in names.
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
# A built-in one has no initstate: it can't be removed.
gone() { [ ! -e "/sys/module/$sysfs/initstate" ]; }
load() {
    eval "set -- $params"
    modprobe -- "$name" "$@"
}
unload() { modprobe -r -- "$name"; }

# at_boot FILE...: one of them has a line that says so.
at_boot() {
    for file; do
        [ -r "$file" ] || continue
        while read -r line || [ -n "$line" ]; do
            case $line in "$name" | "$sysfs") return 0 ;; esac
        done <"$file"
    done
    return 1
}
with_options() {
    [ -n "$options" ] || return 0
    for file in /etc/modprobe.d/*.conf; do
        [ -r "$file" ] || continue
        while read -r line || [ -n "$line" ]; do
            [ "$line" != "options $name $options" ] || return 0
        done <"$file"
    done
    return 1
}
# line_file FILE LINE: FILE is that line.
line_file() {
    edit "$1" true
    content=$2$nl
    store "$1" "write $1"
}
# silence FILES...: comment out the lines that load the module.
silence() {
    for file; do
        [ -r "$file" ] || continue
        edit "$file" silenced
        store "$file" "remove $name from $file"
    done
}
silenced() {
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
        at_boot /etc/modules-load.d/*.conf || line_file "/etc/modules-load.d/$name.conf" "$name"
        with_options || line_file "/etc/modprobe.d/$name.conf" "options $name $options"
        ;;
    absent) silence /etc/modules-load.d/*.conf /etc/modprobe.d/*.conf ;;
esac
