# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of docker_compose_v2: run docker compose, and report what it changed.

# compose ARG...: run docker compose for the project; a definition is passed on stdin.
compose() {
    eval "set -- $base \"\$@\""
    if [ -n "$definition" ]; then printf '%s' "$definition" | cli "$@"; else cli "$@"; fi
}
# capture ARG...: run `compose ARG`; leave its stdout and stderr in $text, its exit status in $status.
capture() {
    status=0
    text=$(compose "$@" 2>&1 3>&- 4<&-) || status=$?
}
# changes_something ARG...: run `compose ARG`; a look runs it with --dry-run. True if compose
# reports a change. The words are those of compose 2.18 to 2.39.
changes_something() {
    if [ "$look" = no ]; then
        run compose "$@" || broken "$what" "exit $status"
        text=$(stderr)
    else
        capture "$@" --dry-run
        [ "$status" = 0 ] || fail_dry_run || return 1
    fi
    report events "$text"
    case "$text
" in
        *' Created'[!-A-Za-z0-9_]* | *' Creating'[!-A-Za-z0-9_]* | \
            *' Killing'[!-A-Za-z0-9_]* | \
            *' Recreate'[!-A-Za-z0-9_]* | *' Recreated'[!-A-Za-z0-9_]* | \
            *' Removed'[!-A-Za-z0-9_]* | *' Removing'[!-A-Za-z0-9_]* | \
            *' Restarting'[!-A-Za-z0-9_]* | \
            *' Started'[!-A-Za-z0-9_]* | *' Starting'[!-A-Za-z0-9_]* | \
            *' Stopped'[!-A-Za-z0-9_]* | *' Stopping'[!-A-Za-z0-9_]*) ;;
        *) return 1 ;;
    esac
}
# fail_dry_run: fail because a dry run failed. But if the daemon is not running, see not_yet.
fail_dry_run() {
    error=$text
    if unreachable; then not_yet "$what" "$no_daemon" || exit; fi
    report stderr "$text"
    _what=$what
    explain
    case $text in
        *dry-run*) fail "$what: docker compose 2.18 or later is needed" ;;
    esac
    fail "$what: $text"
}
# need_project: true if the project's directory and compose file exist; otherwise see not_yet.
need_project() {
    [ -n "$project_src" ] || return 0
    if ! [ -d "$project_src" ]; then
        not_yet "$what" "there is no directory $project_src: create it in an earlier task"
        return
    fi
    [ "$check_files" = yes ] || return 0
    for file in compose.yaml compose.yml docker-compose.yaml docker-compose.yml; do
        [ ! -e "$project_src/$file" ] || return 0
    done
    not_yet "$what" "there is no compose.yaml in $project_src: create it in an earlier task"
}
running() {
    capture ps --format json
    case $text in *'"State":"running"'* | *'"State": "running"'*) ;; *) return 1 ;; esac
}

on_failure=explain_run error=''
need_docker "$what" && need_project || return 0
eval "set -- $arguments"
case $state in
    stopped)
        ! changes_something "$@" || changed "create the containers of $project"
        if running; then
            eval "set -- $stop"
            [ "$look" = yes ] || run compose "$@" || broken "$what" "exit $status"
            changed "$what"
        fi ;;
    restarted) act "$what" compose "$@" ;;
    *) ! changes_something "$@" || changed "$what" ;;
esac
[ "$look" = no ] || return 0
[ "$state" != stopped ] || ! running || fail "$project is still running after it was stopped"
capture ps --all --format json
[ "$status" != 0 ] || report containers "$text"
capture images --format json
[ "$status" != 0 ] || report images "$text"
