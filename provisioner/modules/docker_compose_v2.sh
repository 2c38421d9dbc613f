# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of docker_compose_v2: run docker compose, and report what it changed.

# compose ARG...: docker compose for the project; a definition travels on stdin.
compose() {
    eval "set -- $base \"\$@\""
    if [ -n "$definition" ]; then printf '%s' "$definition" | cli "$@"; else cli "$@"; fi
}
# told ARG...: what `compose ARG` says in $said, without a file; its status in $status.
told() {
    status=0
    said=$(compose "$@" 2>&1 3>&- 4<&-) || status=$?
}
# happens ARG...: carry out `compose ARG`, or when looking rehearse it; true where that changes
# something, by compose's own words.
happens() {
    if [ "$look" = no ]; then
        run compose "$@" || broken "$what" "exit $status"
        said=$(stderr)
    else
        told "$@" --dry-run
        [ "$status" = 0 ] || not_rehearsed || return 1
    fi
    report events "$said"
    case "$said
" in
        *' Created'[!-A-Za-z0-9_]* | *' Creating'[!-A-Za-z0-9_]* | *' Killing'[!-A-Za-z0-9_]* | \
            *' Recreate'[!-A-Za-z0-9_]* | *' Recreated'[!-A-Za-z0-9_]* | *' Removed'[!-A-Za-z0-9_]* | \
            *' Removing'[!-A-Za-z0-9_]* | *' Restarting'[!-A-Za-z0-9_]* | *' Started'[!-A-Za-z0-9_]* | \
            *' Starting'[!-A-Za-z0-9_]* | *' Stopped'[!-A-Za-z0-9_]* | *' Stopping'[!-A-Za-z0-9_]*) ;;
        *) return 1 ;;
    esac
}
# not_rehearsed: a rehearsal failed. Without a daemon yet, it would change something.
not_rehearsed() {
    complaint=$said
    if unreachable; then not_yet "$what" "$no_daemon" || exit; fi
    report stderr "$said"
    _what=$what
    explain
    case $said in
        *dry-run*) fail "$what: docker compose 2.18 or later is needed" ;;
    esac
    fail "$what: $said"
}
# here: the project's folder and file are here.
here() {
    [ -n "$project_src" ] || return 0
    if ! [ -d "$project_src" ]; then
        not_yet "$what" "there is no directory $project_src: create it in an earlier task"
        return
    fi
    [ "$check_files" = yes ] || return 0
    for file in compose.yaml compose.yml docker-compose.yaml docker-compose.yml; do
        [ ! -e "$project_src/$file" ] || return 0
    done
    not_yet "$what" "there is no compose.yaml in $project_src: put it there in an earlier task"
}
running() {
    told ps --format json
    case $said in *'"State":"running"'* | *'"State": "running"'*) ;; *) return 1 ;; esac
}

on_failure=explain_run complaint=''
installed "$what" && here || return 0
eval "set -- $words"
case $state in
    stopped)
        ! happens "$@" || changed "create the containers of $project"
        if running; then
            eval "set -- $stop"
            [ "$look" = yes ] || run compose "$@" || broken "$what" "exit $status"
            changed "$what"
        fi ;;
    restarted) act "$what" compose "$@" ;;
    *) ! happens "$@" || changed "$what" ;;
esac
[ "$look" = no ] || return 0
[ "$state" != stopped ] || ! running || fail "$project still runs after it was stopped"
told ps --all --format json
[ "$status" != 0 ] || report containers "$said"
told images --format json
[ "$status" != 0 ] || report images "$said"
