# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of systemd, part 3: prove that a unit started, or explain why not.

# prove_running VERB: it came up and stays up, or the program ends with the reason.
prove_running() {
    [ "$look" = no ] && [ "$no_block" = no ] || return 0
    running || done_already || unit_failed "$1"
    # A simple unit counts as started before its program had the time to fail.
    property Type
    case $value in
        simple | idle) stays || unit_failed "$1" ;;
    esac
}
stays() {
    property MainPID
    pid=$value
    sleep 0.5
    shown=''
    running && is MainPID "$pid"
}
# A oneshot unit that did its work is inactive again.
done_already() {
    is Type oneshot && is RemainAfterExit no && is ActiveState inactive && is Result success &&
        ! skipped
}
# systemd forgets about an inactive unit soon; then its conditions were never tested (timestamp 0).
skipped() { is ConditionResult no && ! is ConditionTimestampMonotonic 0; }

# steady: it runs, and not only for the moment between two crashes.
steady() {
    running || return
    # Other types are up when they are active.
    property Type
    case $no_block$value in nosimple | noidle) ;; *) return 0 ;; esac
    ! is Restart no || return 0
    property ActiveEnterTimestampMonotonic
    since=${value:-0}
    read -r up _ </proc/uptime
    [ $((${up%.*} - since / 1000000)) -gt 1 ] || stays
}

unit_failed() {
    shown=''
    ask || :
    journal
    why
    fail "$1 $name: $reason"
}
why() {
    property Result
    result=$value
    if skipped; then
        reason="a condition of the unit is not met, so systemd skipped it"
        reason="$reason: see \`systemctl status $name\`"
        return
    elif is ActiveState activating || is ActiveState active; then
        reason='its program ends soon after every start, and systemd starts it again and again'
    elif [ "$result" = success ]; then
        reason='it is not running: its program ended at once, or a condition of the unit is not met'
    else
        property ExecMainStatus
        [ "${value:-0}" = 0 ] || result="$result, exit status $value"
        reason="the unit failed ($result)"
    fi
    last_words
}
last_words() { [ -z "$lines" ] || reason="$reason; its last lines in the journal:$nl$lines"; }
journal() {
    case $scope in
        user) lines=$(journalctl --user -q --no-pager -n 20 -u "$name" 2>/dev/null) || : ;;
        *) lines=$(journalctl -q --no-pager -n 20 -u "$name" 2>/dev/null) || : ;;
    esac
    report journal "$lines"
    report status "$shown"
}
# The hook of the kernel: a command on the unit failed.
command_failed() {
    what=${what:-$_what}
    said=$(stderr)
    shown=''
    ask || :
    journal
    case $said in
        *'repeated too quickly'* | *start-limit*)
            reason='it was started too often in a short time'
            reason="$reason; \`systemctl reset-failed $name\` lets it start again"
            last_words
            fail "$what: $reason" ;;
        *'not applicable'*) fail "$what: the unit can't do that: ${said%%"$nl"*}" ;;
    esac
    property Result
    case ${what%% *}:$value in
        start:success | restart:success | reload:success | start: | restart: | reload:) ;;
        start:* | restart:* | reload:*) why; fail "$what: $reason" ;;
    esac
    fail "$what: ${said:-exit $status}"
}
