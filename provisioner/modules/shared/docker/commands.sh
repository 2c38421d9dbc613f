# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Run the docker commands that the controller has computed, and check the result.

# run_command KIND WHAT ARG...: make one change, which WHAT describes. By KIND:
#   act           run docker
#   create        the same, with the container's environment on stdin
#   pull          a change only if docker has fetched something
#   rebuild       a change only if the image $subject is another one afterwards
#   push          a change only if docker has sent something
#   wait          wait until the container ends
#   wait_removed  wait until a container that removes itself is gone
#   call          call a function of the module's body, which uses $what
run_command() {
    kind=$1 what=$2
    shift 2
    [ "$kind" = call ] || inspected=''
    case $kind in
        create) act "$what" with_environment "$@" ;;
        pull) run_and_test "$what" was_fetched "$@" ;;
        rebuild) run_and_test "$what" is_another_image "$@" ;;
        push) run_and_test "$what" was_sent "$@" ;;
        wait) [ "$look" = yes ] || wait_for_end "$@" ;;
        wait_removed) [ "$look" = yes ] || wait_until_removed "$@" ;;
        call) "$@" ;;
        *) act "$what" cli "$@" ;;
    esac
}
# with_environment ARG...: run docker with the lines of $environment on its stdin, so that no value
# is in its arguments. Values that a line can't hold are passed in docker's own environment.
with_environment() {
    export_variables
    printf '%s' "$environment" | cli "$@"
}
export_variables() {
    eval "set -- $exported"
    for _pair in "$@"; do export "${_pair?}"; done
}
# run_and_test WHAT TEST ARG...: run docker; it is a change if TEST is true afterwards.
run_and_test() {
    _what=$1 _test=$2
    shift 2
    if [ "$look" = no ]; then
        run cli "$@" || broken "$_what" "exit $status"
        "$_test" || return 0
    fi
    changed "$_what"
}
was_fetched() { case $(stdout) in *'Image is up to date'*) return 1 ;; esac; }
was_sent() { case $(stdout) in *': Pushed'* | *'Mounted from'*) ;; *) return 1 ;; esac; }
is_another_image() {
    built=$(stdout | tail -c 200000)
    report built "$built"
    ask inspect --type image --format '{{.Id}}' "$subject"
    [ "${answer%%"$separator"*}" != "$old_id
" ]
}
wait_until_removed() {
    for _try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        ask inspect --type container "$1"
        [ "$status" = 0 ] || return 0
        sleep 0.5
    done
    refuse "$subject still exists 10 s after its end, although it removes itself: see docker ps -a"
}
# wait_for_end NAME: wait until the container ends; its output becomes the task's output.
wait_for_end() {
    run cli wait "$1" || broken "wait for $1" "exit $status"
    code=$(stdout)
    run cli logs "$1" || true
    output
    report rc "$code"
}

# inspect_subject: leave in $answer what docker says about the subject, and check its state.
inspect_subject() {
    eval "set -- $inspect"
    ask "$@"
    _what='' && need_answer "look at $subject"
    check_result
}
# check_result: fail if the subject does not have the state $expect.
check_result() {
    case $expect in
        absent)
            [ "$status" != 0 ] || refuse "$subject still exists after it was removed" ;;
        present)
            [ "$status" = 0 ] || refuse "$subject does not exist right after it was created: $error" ;;
        stopped)
            case $answer in
                *'"Running": true'*) refuse "$subject is still running after it was stopped" ;;
            esac ;;
        running)
            case $answer in
                *'"Running": true'* | *'"ExitCode": 0'*) ;;
                *) fail_ended ;;
            esac ;;
    esac
}
fail_ended() {
    report answer "$answer"
    run cli logs --tail 20 "$subject" || true
    output
    _logs="; see docker logs $subject"
    [ -z "$undo" ] || _logs=''
    refuse "$subject ended right after its start: its last output is below$_logs"
}

on_failure=explain_run error='' inspected=''
eval "set -- $changes_before"
for text in "$@"; do changed "$text"; done
eval "set -- $commands"
for words in "$@"; do
    eval "set -- $words"
    run_command "$@"
done
[ "$look" = no ] && [ -n "$inspect" ] || return 0
[ -n "$inspected" ] || inspect_subject
report answer "$answer"
if [ -n "$code" ]; then
    if [ "$cleanup" = yes ]; then run cli rm -f "$subject" || true; fi
    [ "$code" = 0 ] || fail "$subject ended with exit status $code"
fi
