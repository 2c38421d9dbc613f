# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Run the docker commands that the controller has computed, and check the result.

# step KIND WHAT ARG...: one change. Kinds: `act` runs docker; `create` too, with the container's
# environment on stdin; `newer` counts as a change only if docker fetched something; `made` only if
# the image $subject is another one afterwards; `push` only if something was sent; `wait` waits for
# the container's end, `vanish` until one that removes itself is gone.
step() {
    kind=$1 what=$2
    shift 2
    case $kind in
        create) act "$what" with_environment "$@" ;;
        newer) judged "$what" fetched "$@" ;;
        made) judged "$what" another "$@" ;;
        push) judged "$what" sent "$@" ;;
        wait) [ "$look" = yes ] || await "$@" ;;
        vanish) [ "$look" = yes ] || vanish "$@" ;;
        *) act "$what" cli "$@" ;;
    esac
}
# with_environment ARG...: docker with the lines of $environment on its stdin: nothing of it is in
# argv. What a line can't hold goes through docker's own environment.
with_environment() {
    each_exported
    printf '%s' "$environment" | cli "$@"
}
each_exported() {
    eval "set -- $exported"
    for _pair in "$@"; do export "${_pair?}"; done
}
# judged WHAT TEST ARG...: run docker; it is a change if TEST finds one in what came of it.
judged() {
    _what=$1 _test=$2
    shift 2
    if [ "$look" = no ]; then
        run cli "$@" || broken "$_what" "exit $status"
        "$_test" || return 0
    fi
    changed "$_what"
}
fetched() { case $(stdout) in *'Image is up to date'*) return 1 ;; esac; }
sent() { case $(stdout) in *': Pushed'* | *'Mounted from'*) ;; *) return 1 ;; esac; }
another() {
    built=$(stdout | tail -c 200000)
    report built "$built"
    ask inspect --type image --format '{{.Id}}' "$subject"
    [ "${answer%%"$separator"*}" != "$old_id
" ]
}
vanish() {
    for _try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        ask inspect --type container "$1"
        [ "$status" = 0 ] || return 0
        sleep 0.5
    done
    fail "$subject is still there 10 s after its end, though it removes itself: see docker ps -a"
}
# await NAME: wait for the container's end; what it said is the task's output.
await() {
    run cli wait "$1" || broken "wait for $1" "exit $status"
    code=$(stdout)
    run cli logs "$1" || true
    output
    report rc "$code"
}

# prove: the object is now as it should be.
prove() {
    case $proof in
        gone)
            [ "$status" != 0 ] || fail "$subject is still there after it was removed" ;;
        there)
            [ "$status" = 0 ] || fail "$subject is not there right after it was made: $complaint" ;;
        stopped)
            case $answer in
                *'"Running": true'*) fail "$subject still runs after it was stopped" ;;
            esac ;;
        running)
            case $answer in
                *'"Running": true'* | *'"ExitCode": 0'*) ;;
                *) ended ;;
            esac ;;
    esac
}
ended() {
    report answer "$answer"
    run cli logs --tail 20 "$subject" || true
    output
    fail "$subject ended right after its start: its last output is below; see docker logs $subject"
}

on_failure=explain_run complaint=''
eval "set -- $before_steps"
for text in "$@"; do changed "$text"; done
eval "set -- $steps"
for words in "$@"; do
    eval "set -- $words"
    step "$@"
done
[ "$look" = no ] && [ -n "$inspect" ] || return 0
eval "set -- $inspect"
ask "$@"
_what='' && answered "look at $subject"
prove
report answer "$answer"
if [ -n "$code" ]; then
    if [ "$cleanup" = yes ]; then run cli rm -f "$subject" || true; fi
    [ "$code" = 0 ] || fail "$subject ended with exit status $code"
fi
