# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of systemd, part 4: apply the state that the task asks for.

# Apply functions: the unit must be asked about again after them.
do_it() { shown='' && control "$@"; }
# A unit that failed too often is not started again for a while, whatever was repaired meanwhile.
forgive() { ! is ActiveState failed || control reset-failed -- "$name"; }
start() { forgive; do_it start ${block:+"$block"} -- "$name"; }
stop() { do_it stop ${block:+"$block"} -- "$name"; }
restart() { forgive; do_it restart ${block:+"$block"} -- "$name"; }
reload() { do_it reload ${block:+"$block"} -- "$name"; }
enable() { do_it enable ${force:+"$force"} -- "$name"; }
disable() { do_it disable -- "$name"; }
mask() { do_it mask ${force:+"$force"} -- "$name"; }
unmask() { do_it unmask -- "$name"; }
daemon_reload() { do_it daemon-reload; }
daemon_reexec() { do_it daemon-reexec; }

attempt() {
    what=$1
    [ "$look" = yes ] || run "$2" || broken "$what" "exit $status"
    what=''
}

# unknown: Ansible's words, which playbooks look for in failed_when.
unknown() {
    property Id
    printf '%s' "Could not find the requested service $name: there is no unit ${value:-$name}." \
        ' Is its package installed, is the name right?'
}

exists() {
    if [ -n "$checking" ] && [ "$scope" != global ] && ask && is LoadState not-found; then
        assume "$(unknown)"
    fi
    [ "$look" = no ] && [ "$scope" != global ] || return 0
    ask || fail "systemctl gives no answer about $name: $(control show -- "$name" 2>&1 | head -n 3)"
    property LoadState
    case $value in
        not-found)
            fail "$(unknown)" ;;
        masked)
            [ -z "$1" ] ||
                fail "$name is masked, so it can't be $1: set masked: false, or unmask it there" ;;
        error | bad-setting)
            fail "systemd can't load $name: see \`systemctl status $name\` and its unit file" ;;
    esac
}

options='' block='' what='' on_failure=command_failed
case $scope in
    user)
        options=--user
        XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
        export XDG_RUNTIME_DIR ;;
    global) options=--global ;;
esac
[ "$no_block" = no ] || block=--no-block
if [ "$force" = yes ]; then force=--force; else force=''; fi

if [ "$daemon_reload" = yes ]; then
    case $state in
        # An event follows in any case; a reload costs little, and NeedDaemonReload has blind spots.
        restarted | reloaded) attempt 'reload systemd' daemon_reload ;;
        *)
            if ! fresh; then
                attempt 'reload systemd' daemon_reload
                if [ -z "$name" ] || there; then changed 'reload systemd'; fi
            fi ;;
    esac
fi
if [ "$daemon_reexec" = yes ]; then act 're-execute systemd' daemon_reexec; fi
case $masked in
    yes) ensure "mask $name" masked mask ;;
    no) ensure "unmask $name" unmasked unmask ;;
esac
case $enabled in
    yes) exists enabled; ensure "enable $name" enabled enable ;;
    no) exists; ensure "disable $name" disabled disable ;;
esac
case $state in
    started)
        exists started
        if ! steady; then
            attempt "start $name" start
            prove_running start
            changed "start $name"
        fi ;;
    stopped) exists; ensure "stop $name" stopped stop ;;
    restarted) exists started; act "restart $name" restart; prove_running restart ;;
    reloaded)
        exists started
        if running || [ "$look" = yes ]; then
            act "reload $name" reload
        else
            act "start $name" start
        fi
        prove_running reload ;;
esac
if [ -n "$name" ] && [ "$scope" != global ]; then
    ask || :
    report status "$shown"
fi
