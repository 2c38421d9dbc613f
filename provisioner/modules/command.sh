# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the modules command and shell: run a command.

# -P: as a process that was started there would find it; $PWD and `..` go by the real directory.
# What an earlier task would have made need not be there for a look.
if [ -n "$chdir" ] && ! cd -P "$chdir"; then
    [ "$look" = yes ] || fail "Unable to change directory before execution: $chdir"
else
    due || return 0
fi
if [ "$look" = yes ]; then
    if [ -n "$creates$removes" ]; then changed "run $what"; else report check ''; fi
    return
fi
# uptime: the seconds since the host's start, with no process; empty where there is no /proc.
uptime() {
    up=''
    [ ! -r /proc/uptime ] || read -r up _ </proc/uptime
}
# clock: when the command ended, and how long it took to within 10 ms. Only a failure is timed for
# nobody: it may be all that a rescue gets to see.
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
changed "run $what" # or tried: a failure shows it too
case $status in
    0) ;;
    126) fail "$1: can't be run (exit 126)" ;;
    127) fail "$1: not found (exit 127)" ;;
    *) fail "exit $status" ;;
esac
