# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Put a new container in the place of an old one; replacement.py describes the steps.

stopped='' moved='' placed=''
[ "$replaces" = no ] || undo=put_back

# need TYPE NAME...: fail if docker has no such image, network or container; with the type `running`,
# also if one of the containers does not run. Nothing has been changed before.
need() {
    _type=$1 _format='{{.Id}}'
    shift
    case $_type in
        running) _type='container' _format='{{if not .State.Running}}{{.Name}}{{end}}' ;;
        container) _format='' ;;
    esac
    ask inspect --type "$_type" --format "$_format" "$@"
    need_answer "$what" || return 0
    if [ "$status" != 0 ]; then
        lacks "what the new container needs does not exist: $error"
    elif [ "$_type" = container ]; then
        _idle=$(printf '%s' "${answer%%"$separator"*}" | tr -d '/\n')
        [ -z "$_idle" ] || lacks "the new container needs $_idle, which is not running"
    fi
}
# lacks REASON: fail; in check mode an earlier task may change that.
lacks() {
    [ "$look" = yes ] || fail "$1: create or start it in an earlier task. Nothing was changed."
    assume "$1"
}

# stop_old ARG...: stop the old container.
stop_old() {
    stopped=yes
    act "$what" cli "$@"
}

# put_in_place: give the old container another name, and its name to the new one.
put_in_place() {
    [ "$look" = no ] || return 0
    _what="rename container $subject"
    if [ "$stopped$old_vanishes" != yesyes ]; then
        run cli rename "$old_container" "$kept_name" || broken "$_what" "exit $status"
        moved=yes
    fi
    run cli rename "$new_name" "$subject" || broken "$_what" "exit $status"
    placed=yes
}

# check_new: the new container is as it should be, so that the old one may be removed.
check_new() {
    [ "$look" = no ] || return 0
    inspect_subject
    inspected=yes undo=''
}
# remove_old ARG...: remove the old container. What docker says about the new one stays the same.
remove_old() { act "$what" cli "$@"; }

# put_back: remove the new container and restore the old one. $undone tells what came of it.
put_back() {
    undo=''
    if [ -n "$placed" ]; then ask rm --force --volumes "$subject"
    else ask rm --force --volumes "$new_name"
    fi
    if [ -z "$stopped$moved" ]; then
        undone=". The old container $old_name is unchanged"
    elif [ "$stopped$old_vanishes" = yesyes ]; then
        undone=". The old container $old_name can't be restored: docker removed it when it was stopped (auto_remove)"
    else
        restore_old
    fi
}
restore_old() {
    undone=". The old container $old_name is back"
    if [ -n "$moved" ]; then
        ask rename "$old_container" "$old_name"
        [ "$status" = 0 ] ||
            undone=". The old container could not get its name back, and is left as $kept_name: $(asked_error)"
    fi
    [ -n "$stopped" ] || return 0
    ask start "$old_container"
    if [ "$status" = 0 ]; then undone="$undone, and running"
    else undone="$undone. It could not be started again: $(asked_error)"
    fi
    [ "$old_paused" = no ] || ask pause "$old_container"
}
