# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of systemd, part 3: prove that a unit started, or explain why not.

# prove_running VERB: fail with the reason unless the unit is running and keeps running.
prove_running() {
    [ "$look" = no ] && [ "$no_block" = no ] || return 0
    running || ended_with_success || unit_failed "$1"
    # systemd reports a simple unit as started before its program has had time to fail.
    property Type
    case $value in
        simple | idle) keeps_running || unit_failed "$1" ;;
    esac
}
# keeps_running: true if the main process is still the same after half a second.
keeps_running() {
    property MainPID
    pid=$value
    sleep 0.5
    shown=''
    running && is MainPID "$pid"
}
# ended_with_success: a oneshot unit is inactive again after it has done its work.
ended_with_success() {
    is Type oneshot && is RemainAfterExit no && is ActiveState inactive && is Result success &&
        ! was_skipped
}
# was_skipped: a condition of the unit is not met. If the timestamp is 0, systemd has unloaded the
# inactive unit and not tested its conditions.
was_skipped() { is ConditionResult no && ! is ConditionTimestampMonotonic 0; }

# is_steady: true if the unit is running, and not only for a moment between two crashes.
is_steady() {
    running || return
    # Units of other types are running when they are active.
    property Type
    case $no_block$value in nosimple | noidle) ;; *) return 0 ;; esac
    ! is Restart no || return 0
    property ActiveEnterTimestampMonotonic
    since=${value:-0}
    read -r up _ </proc/uptime
    [ $((${up%.*} - since / 1000000)) -gt 1 ] || keeps_running
}

# unit_failed VERB: fail with the reason and the last lines of the journal.
unit_failed() {
    shown=''
    ask || :
    read_journal
    explain
    fail "$1 $name: $reason"
}
# explain: set $reason to why the unit is not running.
explain() {
    property Result
    result=$value
    if was_skipped; then
        reason="a condition of the unit is not met, so systemd skipped it"
        reason="$reason: see \`systemctl status $name\`"
        return
    elif is ActiveState activating || is ActiveState active; then
        reason='its program ends soon after each start, and systemd restarts it repeatedly'
    elif [ "$result" = success ]; then
        reason='it is not running: its program ended at once, or a condition of the unit is not met'
    else
        property ExecMainStatus
        [ "${value:-0}" = 0 ] || result="$result, exit status $value"
        reason="the unit failed ($result)"
    fi
    add_journal
}
add_journal() { [ -z "$lines" ] || reason="$reason; its last lines in the journal:$nl$lines"; }
read_journal() {
    case $scope in
        user) lines=$(journalctl --user -q --no-pager -n 20 -u "$name" 2>/dev/null) || : ;;
        *) lines=$(journalctl -q --no-pager -n 20 -u "$name" 2>/dev/null) || : ;;
    esac
    report journal "$lines"
    report status "$shown"
}
# command_failed: the kernel calls this if a command of systemctl fails; see on_failure.
command_failed() {
    what=${what:-$_what}
    stderr_text=$(stderr)
    shown=''
    ask || :
    read_journal
    case $stderr_text in
        *'repeated too quickly'* | *start-limit*)
            reason='it was started too often within a short time'
            reason="$reason; \`systemctl reset-failed $name\` lets it start again"
            add_journal
            fail "$what: $reason" ;;
        *'not applicable'*) fail "$what: the unit can't do that: ${stderr_text%%"$nl"*}" ;;
    esac
    property Result
    case ${what%% *}:$value in
        start:success | restart:success | reload:success | start: | restart: | reload:) ;;
        start:* | restart:* | reload:*) explain; fail "$what: $reason" ;;
    esac
    fail "$what: ${stderr_text:-exit $status}"
}
