# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Ask the Docker daemon through the host's docker command. Needs failures.sh.

separator=$(printf '\036')

# cli ARG...: run the docker command, with the options that choose the daemon.
cli() {
    eval "set -- $client \"\$@\""
    "$@"
}

# ask ARG...: run the docker command, for at most $answer_timeout seconds. Leave in $answer its
# stdout, a \036, its stderr, a \036 and its exit status, and in $status the exit status. No file
# is written for it.
ask() {
    eval "set -- $client \"\$@\""
    [ -z "$answer_timeout" ] || set -- timeout "$answer_timeout" "$@"
    answer=$(
        exec 5>&1
        _stderr=$("$@" 2>&1 >&5 3>&- 4<&- 5>&-)
        printf '\036%s\036%d' "$_stderr" "$?"
    )
    status=${answer##*"$separator"}
}

# asked_error: print the stderr of the last `ask`.
asked_error() {
    _stderr=${answer%"$separator"*}
    printf '%s' "${_stderr##*"$separator"}"
}

# need_docker WHAT: true if docker is installed; otherwise see not_yet.
need_docker() {
    command -v "$docker_cli" >/dev/null && return
    not_yet "$1" "$docker_cli is not installed on this host: install Docker in an earlier task"
}

# need_answer WHAT: true if the daemon has answered `ask`, even if it only said that something does
# not exist. If the daemon is not running, see not_yet; any other error ends the program.
need_answer() {
    [ "$status" != 0 ] || return 0
    error=$(asked_error)
    [ "$status" != 124 ] || fail "the Docker daemon gave no answer within $answer_timeout s:" \
        "see systemctl status docker"
    case $error in
        *[Nn]'o such '* | *'not found'*) return 0 ;;
    esac
    if unreachable; then
        not_yet "$1" "$no_daemon ($error)"
        return
    fi
    report stderr "$error"
    explain
    fail "docker failed: $error"
}

# not_yet WHAT REASON: something that WHAT needs is missing on the host. Fail; but a look reports
# that WHAT would be done, because an earlier task may install what is missing. Always false.
not_yet() {
    [ "$look" = yes ] || fail "$2"
    changed "$1"
    return 1
}
