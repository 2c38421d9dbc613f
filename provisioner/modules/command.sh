# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the modules command and shell: run a command.

# cd -P: $PWD is then the real directory, as for a process that is started there.
# In a look the directory may be missing: an earlier task may create it.
if [ -n "$chdir" ] && ! cd -P "$chdir"; then
    [ "$look" = yes ] || fail "Unable to change directory before execution: $chdir"
else
    due || return 0
fi
if [ "$look" = yes ]; then
    if [ -n "$creates$removes" ]; then changed "run $what"; else report check ''; fi
    return
fi
# uptime: set $up to the seconds since the host's start, without a process; empty without /proc.
uptime() {
    up=''
    [ ! -r /proc/uptime ] || read -r up _ </proc/uptime
}
# clock: report the start and end as uptime (10 ms precision), and the time of day at the end. It costs
# a process, so it is done only if the task registers its result ($timed) or has failed: a rescue may
# read the times.
clock() {
    [ "$timed" = yes ] || [ "$status" -ne 0 ] || return 0
    uptime
    report clock "$began $up $(date '+%Y-%m-%d %H:%M:%S.%N')"
}

login_path
eval "set -- $argv"
uptime
began=$up
if [ -n "$input" ]; then
    run_with_input() { printf '%s' "$input" | { _environment; exec "$@"; }; }
    run run_with_input "$@" || true
else
    run_program "$@" || true
fi
clock
report rc "$status"
output
changed "run $what" # also before a failure: its message shows the command
case $status in
    0) ;;
    126) fail "$1: can't be run (exit 126)" ;;
    127) fail "$1: not found (exit 127)" ;;
    *) fail "exit $status" ;;
esac
