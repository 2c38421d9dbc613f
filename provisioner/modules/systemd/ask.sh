# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of systemd, part 1: ask about a unit with one `systemctl show`.

nl='
'
control() { systemctl ${options:+"$options"} "$@"; }

# ask: read all properties of the unit with one `systemctl show`. They are kept in $shown until a
# function that changes the unit clears it. False if systemctl does not answer.
shown=''
ask() {
    [ -n "$shown" ] || shown=$(control show -- "$name" 2>/dev/null)
    property LoadState
    [ -n "$value" ]
}
# property NAME: set $value to the property. It reads line by line, because a pattern on the whole
# text takes quadratic time: a quarter of a second for each task in bash.
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
# is NAME VALUE: true if the property has the value.
is() { property "$1"; [ "$value" = "$2" ]; }
unit_exists() { ask && ! is LoadState not-found; }

# A unit that waits for auto-restart is "activating": it is neither running nor stopped.
running() {
    unit_exists || return 1
    property ActiveState
    case $value in
        active | reloading) ;;
        activating) [ "$no_block" = yes ] && ! is SubState auto-restart ;;
        *) return 1 ;;
    esac
}
stopped() {
    unit_exists || return 1
    property ActiveState
    case $value in
        inactive | failed) ;;
        deactivating) [ "$no_block" = yes ] ;;
        *) return 1 ;;
    esac
}
# unit_file: set $value to the state of the unit file. For SysV scripts, systemd 219 has an empty or
# "bad" state; is-enabled asks chkconfig for it.
unit_file() {
    value=''
    if [ "$scope" != global ]; then
        unit_exists || return 1
        property UnitFileState
    fi
    case $value in
        '' | bad | generated) value=$(control is-enabled -- "$name" 2>/dev/null) || : ;;
    esac
    value=${value##*"$nl"}
}
# A static unit can't be enabled or disabled, so both functions are true for it.
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
# also_enabled: true if the units in the Also= lines of an "indirect" unit are enabled.
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
