# The lock on the host: two runs must not change it at the same time. Sent before the first change of a session.
#
# A file has one line for each session that changes the host, and a line counts as long as the shell of its
# session lives. So nothing has to be removed, and a crash of the controller, the connection or the host frees
# the lock. flock(1) is held only while the file is read and written: programs of a task never inherit it.
#
# A line: provision-lock PID START BOOT SINCE RUN MACHINE KEY WHO CONTROLLER_PID PLAYBOOKS
#   PID, START   the shell of the session, and its start time (field 22 of /proc/PID/stat): pids are used again
#   BOOT         boot id and start time of process 1: pids of another boot or container mean nothing here
#   SINCE        uptime in seconds, as the clock may be wrong
#   RUN          sorts by the start time of the run
#   MACHINE, KEY the inventory name of the host and the hash of its ssh host key

# take_lock RUN MACHINE KEY WHO CONTROLLER_PID PLAYBOOKS: take the lock for this session, or find that another run
# holds it. False where the change must not be made. $_lock_answer is a record for the report:
#   lock_held=NOW SINCE RUN WHO CONTROLLER_PID PLAYBOOKS   another run holds it
#   lock_held=                                             another session is using the file: try again
#   lock_twin=MACHINE                                      this run holds it under another name of this machine
#   lock_off=REASON                                        the host cannot lock; the change is made all the same
take_lock() {
    _lock_answer=''
    _lock_reason='/proc is not mounted'
    if ! { _lock_read_boot && _lock_start_of $$ && _lock_open; }; then
        _unlocked "$_lock_reason"
        return
    fi
    # Not each flock (busybox) has -w.
    flock -n 7 </dev/null >/dev/null 2>&1 || flock -w 2 7 </dev/null >/dev/null 2>&1
    case $? in
        0) _lock_check "$@" ;;
        1) _lock_answer='lock_held=\0000' ;;
        127) _unlocked 'flock (util-linux) is not installed' ;;
        *) _unlocked "flock does not work on $_lock_file" ;;
    esac
    exec 7>&-
    case $_lock_answer in lock_held=* | lock_twin=*) return 1 ;; esac
}

_unlocked() { _lock_answer="lock_off=$1\\0000"; }

_lock_read_boot() {
    _lock_boot='' _lock_now=''
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r _lock_boot </proc/sys/kernel/random/boot_id
    [ ! -r /proc/uptime ] || read -r _lock_now _ </proc/uptime
    _lock_start_of 1 || _lock_began='-'
    _lock_boot=$_lock_boot/$_lock_began
    [ "$_lock_boot" != "/$_lock_began" ] && [ -n "$_lock_now" ]
}

# _lock_start_of PID: set $_lock_began to the start time of a process; false where it does not live.
_lock_start_of() {
    _lock_began='' _lock_stat=''
    [ -r "/proc/$1/stat" ] && read -r _lock_stat 2>/dev/null <"/proc/$1/stat" || return
    # The name in parentheses may contain anything.
    _lock_stat=${_lock_stat##*') '}
    # shellcheck disable=SC2086
    set -- $_lock_stat
    case ${1-} in Z | X | '') return 1 ;; esac
    _lock_began=${20-}
    [ -n "$_lock_began" ]
}

# _lock_open: open the lock file of this user as descriptor 7. In a directory of others, only a regular file that
# belongs to this user is used: others cannot replace it there. Where another user has taken the name, the next
# directory is used.
_lock_open() {
    _lock_reason='/proc/self/status cannot be read'
    _lock_user=''
    while read -r _lock_word _ _lock_user _; do
        [ "$_lock_word" != Uid: ] || break
    done 2>/dev/null </proc/self/status
    [ "$_lock_word" = Uid: ] || return
    _lock_reason='no directory for the lock file is writable'
    for _lock_folder in /run /dev/shm "$HOME"; do
        _lock_file=$_lock_folder/.provision-$_lock_user.lock
        if [ "$_lock_folder" = /run ]; then
            [ "$_lock_user" = 0 ] || continue
            _lock_file=/run/provision.lock
        fi
        _lock_may_use && command exec 7>>"$_lock_file" && return
    done 2>/dev/null
    return 1
}
# shellcheck disable=SC3065,SC3067  # the sh of every target knows [ -k FILE ] and [ -O FILE ]
_lock_may_use() {
    [ -d "$_lock_folder" ] && { [ -O "$_lock_folder" ] || [ -k "$_lock_folder" ]; } || return
    if [ ! -e "$_lock_file" ] && [ ! -L "$_lock_file" ]; then
        umask 077
        set -C
        true 2>/dev/null >"$_lock_file"
        set +C
        umask "$_umask"
    fi
    [ ! -L "$_lock_file" ] && [ -f "$_lock_file" ] && [ -O "$_lock_file" ]
}

# _lock_check RUN MACHINE KEY WHO CONTROLLER_PID PLAYBOOKS: find the first line that counts, and add the line of this
# session unless it belongs to another run. All lines that count belong to the same run. Nothing is removed while
# one does, so a crash here loses none.
_lock_check() {
    while read -r _lock_word _lock_pid _lock_start _lock_line_boot _lock_since _lock_run _lock_machine _lock_key \
        _lock_who; do
        [ -n "$_lock_word" ] || continue
        [ "$_lock_word" = provision-lock ] || { _unlocked "$_lock_file has unknown content"; return; }
        _lock_lives || continue
        if [ "$_lock_run" != "$1" ]; then
            _lock_answer="lock_held=$_lock_now $_lock_since $_lock_run $_lock_who\\0000"
        elif [ "$_lock_key" = "$3" ] && [ "$3" != - ] && [ "$_lock_machine" != "$2" ]; then
            _lock_answer="lock_twin=$_lock_machine\\0000"
        else
            _lock_add "$@"
        fi
        return
    done <"$_lock_file"
    true >"$_lock_file"
    _lock_add "$@"
}
_lock_add() {
    _lock_start_of $$
    printf '\n%s\n' "provision-lock $$ $_lock_began $_lock_boot $_lock_now $*" >&7 2>/dev/null ||
        _unlocked "there is no room for $_lock_file"
}

# _lock_lives: whether the session of the line lives. A line that a report could not hold is none of ours.
_lock_lives() {
    [ "$_lock_line_boot" = "$_lock_boot" ] || return
    case $_lock_pid in '' | *[!0-9]*) return 1 ;; esac
    case $_lock_since$_lock_run$_lock_machine$_lock_who in *\\*) return 1 ;; esac
    [ "${#_lock_machine}" -le 3000 ] && [ "${#_lock_who}" -le 3000 ] || return
    _lock_start_of "$_lock_pid" && [ "$_lock_began" = "$_lock_start" ]
}
