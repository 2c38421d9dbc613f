# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of systemd, part 1: ask about a unit with one `systemctl show`.

nl='
'
control() { systemctl ${options:+"$options"} "$@"; }

# One `systemctl show` answers every question below, until an apply function drops it.
shown=''
ask() {
    [ -n "$shown" ] || shown=$(control show -- "$name" 2>/dev/null)
    property LoadState
    [ -n "$value" ]
}
# property NAME: its value in $value. Line by line: to look for it in the whole text takes a shell
# time by the square of what is before it, in bash a quarter of a second for a task.
property() {
    value=''
    set -f
    IFS=$nl
    for line in $shown; do
        case $line in "$1="*) value=${line#*=}; break ;; esac
    done
    unset IFS
    set +f
}
is() { property "$1"; [ "$value" = "$2" ]; }
there() { ask && ! is LoadState not-found; }

# A unit waiting in auto-restart is "activating": neither running nor stopped.
running() {
    there || return 1
    property ActiveState
    case $value in
        active | reloading) ;;
        activating) [ "$no_block" = yes ] && ! is SubState auto-restart ;;
        *) return 1 ;;
    esac
}
stopped() {
    there || return 1
    property ActiveState
    case $value in
        inactive | failed) ;;
        deactivating) [ "$no_block" = yes ] ;;
        *) return 1 ;;
    esac
}
# In systemd 219 a SysV script's state is empty or "bad"; only is-enabled knows (it asks chkconfig).
unit_file() {
    value=''
    if [ "$scope" != global ]; then
        there || return 1
        property UnitFileState
    fi
    case $value in
        '' | bad | generated) value=$(control is-enabled -- "$name" 2>/dev/null) || : ;;
    esac
    value=${value##*"$nl"}
}
# A static unit has nothing to enable or disable: true for both.
enabled() {
    unit_file || return
    case $value in
        enabled | static) ;;
        indirect) also_enabled ;;
        *) return 1 ;;
    esac
}
disabled() {
    unit_file || return
    case $value in
        enabled | enabled-runtime) return 1 ;;
        indirect) ! also_enabled ;;
    esac
}
# "indirect": the unit is enabled by way of those that its Also= names.
also_enabled() {
    property FragmentPath
    [ -r "$value" ] || return
    set --
    while IFS='=' read -r _key _units; do
        # shellcheck disable=SC2086
        [ "$_key" != Also ] || set -- "$@" $_units
    done <"$value"
    [ $# -gt 0 ] && control is-enabled --quiet -- "$@" >/dev/null 2>&1
}
masked() {
    if [ "$scope" = global ]; then unit_file; else ask && property LoadState; fi
    case $value in masked*) ;; *) return 1 ;; esac
}
unmasked() { ! masked; }
