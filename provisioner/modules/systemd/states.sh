# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of systemd, part 4: apply the state that the task asks for.

# Functions that change the unit. Its properties have to be read again afterwards.
run_systemctl() { shown='' && control "$@"; }
# systemd does not start a unit that failed too often for a while, even if the cause was removed.
clear_errors() { ! is ActiveState failed || control reset-failed -- "$name"; }
start() { clear_errors; run_systemctl start ${block:+"$block"} -- "$name"; }
stop() { run_systemctl stop ${block:+"$block"} -- "$name"; }
restart() { clear_errors; run_systemctl restart ${block:+"$block"} -- "$name"; }
reload() { run_systemctl reload ${block:+"$block"} -- "$name"; }
enable() { run_systemctl enable ${force:+"$force"} -- "$name"; }
disable() { run_systemctl disable -- "$name"; }
mask() { run_systemctl mask ${force:+"$force"} -- "$name"; }
unmask() { run_systemctl unmask -- "$name"; }
daemon_reload() { run_systemctl daemon-reload; }
daemon_reexec() { run_systemctl daemon-reexec; }

# attempt WHAT COMMAND: run the command, unless looking; it is not yet reported as a change.
attempt() {
    what=$1
    [ "$look" = yes ] || run "$2" || broken "$what" "exit $status"
    what=''
}

# unknown_unit_text: Ansible's message, which playbooks search for in failed_when.
unknown_unit_text() {
    property Id
    printf '%s' "Could not find the requested service $name: there is no unit ${value:-$name}." \
        ' Is its package installed, is the name right?'
}

# need_unit [VERB]: fail if the unit does not exist or can't be loaded. With VERB (started, enabled) it
# must not be masked either. In check mode a missing unit is only an assumption.
need_unit() {
    if [ -n "$checking" ] && [ "$scope" != global ] && ask && is LoadState not-found; then
        assume "$(unknown_unit_text)"
    fi
    [ "$look" = no ] && [ "$scope" != global ] || return 0
    ask || fail "systemctl returns nothing about $name: $(control show -- "$name" 2>&1 | head -n 3)"
    property LoadState
    case $value in
        not-found)
            fail "$(unknown_unit_text)" ;;
        masked)
            [ -z "$1" ] ||
                fail "$name is masked, so it can't be $1: set masked: false, or unmask it on the host" ;;
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
        # The unit is restarted or reloaded in any case. A daemon-reload takes little time, and
        # NeedDaemonReload does not notice everything.
        restarted | reloaded) attempt 'reload systemd' daemon_reload ;;
        *)
            if ! is_up_to_date; then
                attempt 'reload systemd' daemon_reload
                if [ -z "$name" ] || unit_exists; then changed 'reload systemd'; fi
            fi ;;
    esac
fi
if [ "$daemon_reexec" = yes ]; then act 're-execute systemd' daemon_reexec; fi
case $masked in
    yes) ensure "mask $name" masked mask ;;
    no) ensure "unmask $name" unmasked unmask ;;
esac
case $enabled in
    yes) need_unit enabled; ensure "enable $name" enabled enable ;;
    no) need_unit; ensure "disable $name" disabled disable ;;
esac
case $state in
    started)
        need_unit started
        if ! is_steady; then
            attempt "start $name" start
            prove_running start
            changed "start $name"
        fi ;;
    stopped) need_unit; ensure "stop $name" stopped stop ;;
    restarted) need_unit started; act "restart $name" restart; prove_running restart ;;
    reloaded)
        need_unit started
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
