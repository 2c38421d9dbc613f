# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Ask the Docker daemon through the host's docker command. Needs failures.sh.

separator=$(printf '\036')

# cli ARG...: docker's command line, with the options that say which daemon is meant.
cli() {
    eval "set -- $client \"\$@\""
    "$@"
}

# ask ARG...: leaves in $answer what docker said, a \036, what it complained of, a \036 and its exit
# status, which is in $status too. No file is written for it. It may take $patience seconds.
ask() {
    eval "set -- $client \"\$@\""
    [ -z "$patience" ] || set -- timeout "$patience" "$@"
    answer=$(
        exec 5>&1
        _said=$("$@" 2>&1 >&5 3>&- 4<&- 5>&-)
        printf '\036%s\036%d' "$_said" "$?"
    )
    status=${answer##*"$separator"}
}

# installed WHAT: docker is there. A look says that WHAT would be done where it is not there yet.
installed() {
    command -v "$docker_cli" >/dev/null && return
    not_yet "$1" "$docker_cli is not installed on this host: install Docker in an earlier task"
}

# answered WHAT: the daemon has answered `ask`, if only that something does not exist.
answered() {
    [ "$status" != 0 ] || return 0
    complaint=${answer%"$separator"*} complaint=${complaint##*"$separator"}
    [ "$status" != 124 ] ||
        fail "the Docker daemon gave no answer within $patience s: see systemctl status docker"
    case $complaint in
        *[Nn]'o such '* | *'not found'*) return 0 ;;
    esac
    if unreachable; then
        not_yet "$1" "$no_daemon ($complaint)"
        return
    fi
    report stderr "$complaint"
    explain
    fail "docker says: $complaint"
}
not_yet() {
    [ "$look" = yes ] || fail "$2"
    changed "$1"
    return 1
}
