# The kernel: what every module body stands on. One POSIX sh (EL7: bash 4.2 as sh; also dash and
# busybox), started once a session. No `local`, no arrays; names that begin with _ are its own.
#
# File descriptors inside a program: 3 the report, 4 the control stream (for uploads only),
# 0, 1 and 2 /dev/null. Commands that change something never see 3 and 4.

exec 3>&1
_nl='
'
_tab='	'

# What the login's profile may set and would change what commands print, or end a `read` of the shell that
# waits for its next frame (TMOUT, which hardening guides ask for).
unset TMOUT GREP_OPTIONS TAR_OPTIONS GZIP TIME_STYLE QUOTING_STYLE COLUMNS
unset BLOCKSIZE BLOCK_SIZE DF_BLOCK_SIZE DU_BLOCK_SIZE LS_BLOCK_SIZE

# EL7 logs in with a PATH without sbin, and su (util-linux 2.23) keeps it: modules find their tools
# all the same.
_login_path=$PATH
case :$PATH: in :: | *:/usr/sbin:*) ;; *) PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin ;; esac
_wide_path=$PATH
# login_path: what the playbook itself runs has the PATH of the login, or of its environment.
login_path() { [ "$PATH" != "$_wide_path" ] || PATH=$_login_path; }

# set_umask MODE: the umask of what follows.
set_umask() { _umask=$1; umask "$1"; }
set_umask 022

# report KEY VALUE...: records of the report. They are gathered, for `say` to write: each write is a packet
# and wakes both ends. printf's %b would take what is behind a backslash for something else.
report() {
    while [ $# -gt 0 ]; do
        case $2 in
            *\\*) say; printf '%s=%s\0' "$1" "$2" >&3 ;;
            *) _gathered=$_gathered$1=$2'\0000' ;;
        esac
        shift 2
    done
}

# say: write what was reported, first what is due of the tasks before. It is for whoever reports in a subshell
# of their own, too.
say() {
    if [ -n "$_spoken" ]; then
        [ -z "$_gathered" ] || printf '%b' "$_gathered" >&3
    else
        printf '%b' "$_due$_begin$_gathered" >&3
        _spoken=said
    fi
    _gathered=''
}

# fail TEXT...: end the program as failed, with the reason.
fail() { report failed "$*"; _leave 82; }

# _leave STATUS: end the program; its whole report is out.
_leave() { say; exit "$1"; }

# assume TEXT: go on in check mode although TEXT is so, for an earlier task may have mended that by then;
# the controller makes a failure of it where none would have changed anything and the playbook minds failures
# itself (failed_when, ignore_errors).
assume() { [ -z "$checking" ] || report assumed "$*"; }

# changed WHAT: say that WHAT was changed, or would be when only looking.
changed() {
    noted "$1"
    [ "$look" = yes ] || say
}
# noted WHAT: the same for what little is done behind: it is said together with that.
noted() { _changed=yes; report changed "$1"; }

# ensure WHAT TEST APPLY [ARG...]: make TEST true and prove it; ARG reaches both.
ensure() { ensure_by run "$@"; }
ensure_by() {
    _runner=$1 _what=$2 _test=$3 _apply=$4; shift 4
    "$_test" "$@" && return
    if [ "$look" = no ]; then
        "$_runner" "$_apply" "$@" || broken "$_what" "exit $status"
        "$_test" "$@" || broken "$_what" 'still untrue afterwards'
    fi
    if [ "$_runner" = quick ]; then noted "$_what"; else changed "$_what"; fi
}

# act WHAT COMMAND [ARG...]: an event, hence always a change.
act() {
    _what=$1; shift
    if [ "$look" = no ]; then
        run "$@" || broken "$_what" "exit $status"
    fi
    changed "$_what"
}

# run COMMAND [ARG...]: run it with stdin empty and its output kept, unseen by anyone else, in two
# unlinked files behind 8 and 9: nothing is left behind whatever dies, and a daemon that keeps them
# open can't hold the task up. Leaves the exit status in $status; returns it.
run() {
    _keep_output
    "$@" </dev/null >&8 2>&9 3>&- 4<&- 8>&- 9>&- || status=$?
    return "$status"
}
# run_program NAME [ARG...]: the same of the program of that name, be there a function here or a builtin that is
# called so.
run_program() {
    _keep_output
    (_environment; exec "$@" </dev/null >&8 2>&9 3>&- 4<&- 8>&- 9>&-) || status=$?
    return "$status"
}
# _environment: what the task's environment has that may bear the name of a variable of ours.
_environment() { :; }
# in_environment NAME: print what the task's environment has of that name; false where it has nothing.
in_environment() { (_environment; exec printenv "$1"); }
_keep_output() {
    say
    case $_scratched in
        shared) empty ;;
        yes) exec 8>&- 9>&-; scratch ;;
        *) scratch ;;
    esac
    _quick='' status=0
}

# quick COMMAND [ARG...]: the same for what changes files and leaves nothing running, and may be tried again: that
# is how its output is learnt where it fails, which costs no process where it does not. What a signal ended is
# not tried again.
quick() {
    [ -z "$_changed" ] || say
    _quick=yes status=0 at_path='' _printed=''
    "$@" </dev/null >/dev/null 2>&1 3>&- 4<&- || status=$?
    [ "$status" -gt 0 ] && [ "$status" -le 128 ] || return "$status"
    status=0
    _printed=$("$@" 2>&1 </dev/null 3>&- 4<&-) || status=$?
    return "$status"
}

# scratch: open 8 and 9 on new unlinked files.
scratch() {
    _scratched=''
    open_scratch || fail 'no room for temporary files: /tmp, /var/tmp, /dev/shm and /run are full or not writable'
}
# open_scratch: the same, in the first directory that has room for a byte; false where none has.
open_scratch() {
    _tries=$((_tries + 1))
    for _dir in /tmp /var/tmp /dev/shm /run "$HOME"; do
        _name=$_dir/.provision-$token-$_tries
        # -C opens with O_EXCL: nobody's file or link is followed. `command` keeps a failure from ending the
        # shell.
        umask 077
        set -C
        command exec 8>"$_name.out" 9>"$_name.err" && printf x >&8 && printf x >&9 && _scratched=yes
        set +C
        umask "$_umask"
        if [ -n "$_scratched" ]; then
            exec 8>>"$_name.out" 9>>"$_name.err"
            true >"$_name.out" 2>"$_name.err"
            rm -f "$_name.out" "$_name.err"
            return
        fi
        rm -f "$_name.out" "$_name.err"
    done
    return 1
}

# share: open them in the session's shell, for all that is declared to change nothing: what leaves nothing
# running writes nothing later either.
share() {
    [ "$_shared" = yes ] && return
    _scratched='' _tries=0
    ! open_scratch || _shared=yes
}
_shared=''
# empty: what shared files hold of the program before. What is written to them is counted from here on.
empty() {
    true >/proc/self/fd/8 2>/proc/self/fd/9
    exec 8>>/proc/self/fd/8 9>>/proc/self/fd/9
}

# output: the kept output of the last `run` as stdout and stderr, each its last $keep bytes.
output() {
    if [ -n "$_quick" ]; then
        _text=$_printed
        _gathered="$_gathered#stdout 0 0\0000"
        report_text stderr
        return
    fi
    [ -n "$_scratched" ] || return 0
    blob stdout 8
    blob stderr 9
}

# text_of PATH SIZE: $_text is what the file holds, of some SIZE bytes. The shell reads it itself, byte by
# byte, which is less than a process where they are few; false where they are not, or not all arrived: a
# NUL is lost.
text_of() {
    _text='' _line='' _read=''
    [ "$2" -le "$_small" ] || return
    {
        while [ "${#_text}" -le "$_small" ] && IFS= read -r _line; do _text=$_text$_line$_nl; done
        _text=$_text$_line
        read -r _ _read </proc/self/fdinfo/6
    } <"$1" 6<&0
    [ "${#_text}" -le "$_small" ] && [ "${#_text}" = "$_read" ]
}
_small=2048

# report_text KEY: $_text as a record that may hold any byte: `#KEY KEPT TOTAL` and the bytes.
report_text() {
    case $_text in
        *\\*) say; printf '#%s %d %d\0%s' "$1" "${#_text}" "${#_text}" "$_text" >&3 ;;
        *) _gathered="$_gathered#$1 ${#_text} ${#_text}\0000$_text" ;;
    esac
}

# blob KEY FD: the same of an open file, which is a text where it is small: fdinfo says how much was written
# to it.
blob() {
    _text=''
    if [ -s "/proc/self/fd/$2" ]; then
        read -r _ _size <"/proc/self/fdinfo/$2"
        { [ "$_size" -gt 0 ] && text_of "/proc/self/fd/$2" "$_size"; } || { _stream "$@"; return; }
    fi
    report_text "$1"
}

# _stream KEY FD: a blob as `#KEY MARK`, the first $keep bytes, then MARK; behind it, of what was longer, `#KEY
# KEPT TOTAL` and the last KEPT bytes. Its length is not asked for in advance: that would cost a process.
_stream() {
    _gathered="$_gathered#$1 $nonce\0000"
    say
    _copied=$(dd bs=65536 iflag=count_bytes,fullblock count="$keep" <"/proc/self/fd/$2" 2>&1 >&3)
    _gathered=$nonce'\0000'
    case $_copied in *"$_nl$keep bytes "*) _end "$@" ;; esac
}
_end() {
    _total=$(stat -L -c %s "/proc/self/fd/$2") && [ "$_total" -gt "$keep" ] || return 0
    _gathered="$_gathered#$1 $keep $_total\0000"
    say
    dd bs=65536 iflag=skip_bytes,count_bytes,fullblock \
        skip=$((_total - keep)) count="$keep" <"/proc/self/fd/$2" 2>/dev/null >&3
}

# broken WHAT WHY: end the program as failed, with the output of the command that did not do it. A body
# may name in $on_failure a function that reports more (the journal of a unit that did not start).
broken() {
    report rc "$status"
    output
    [ -z "$on_failure" ] || "$on_failure"
    fail "$1: $2"
}

# stdout, stderr: the output of the last `run`, for a body that decides by it; that of the last `quick` is
# all in stderr.
stdout() { [ -n "$_quick" ] || cat /proc/self/fd/8; }
stderr() { if [ -n "$_quick" ]; then echo "$_printed"; else cat /proc/self/fd/9; fi; }

# task ID MODE TOLERANT TIMED STAYS: run the program _p in a subshell of its own, which can change nothing
# here. Modes: `look` tests only and stops the frame where something would change; `check` tests
# only and goes on; `apply` changes; `read` runs what is declared to change nothing. A failure stops the frame,
# unless TOLERANT is yes. That the program came to its end is known by its exit status alone: 81, 80 where it
# changed something, 82 where it failed. That a task begins is said at once where it is TIMED, and once a
# session.
#
# What it has not said itself it hands back, to go with what comes next; not so where it STAYS, in a subshell
# that goes on by itself: that would be waited for.
task() {
    [ -z "$_stopped" ] || return 0
    _begin="$nonce begin $1 $$\0000"
    [ "$4$_begun" = noyes ] || { mark "$_begin"; _begin='' _begun=yes; }
    case $2 in apply) forget_ahead ;; read) forget_ahead; share ;; esac
    if [ "$5" = yes ]; then
        _told=said
        (_program "$@") >/dev/null 2>&1
    else
        _told=$(_program "$@" 2>/dev/null)
    fi
    _status=$?
    case $_status in
        80 | 81)
            case $_told in
                *said) _due='' _begin='' _told=${_told%said} ;;
                *) _told=${_told%.} ;;
            esac
            _told=${_told}done'=\0000'
            [ "$_status$2" != 80look ] || _stopped=yes
            [ "$_status" = 80 ] || _status=0
            ;;
        *)
            # Whoever died without a word did not say what was due either.
            _told=''
            [ "$_status" != 82 ] || _status=1 _due='' _begin=''
            [ "$3" = yes ] || _stopped=yes
            ;;
    esac
    _due="$_due$_begin$_told$nonce end $1 $_status\0000"
    ! _is_late || mark ''
}
_begun=''

_program() {
    look=yes checking='' tolerant=$3 on_failure='' _changed='' _scratched='' _quick='' _tries=0 status=0 _gathered='' _spoken=''
    case $2 in
        read) look=no _scratched=${_shared:+shared} ;;
        apply) look=no ;;
        check) checking=yes ;;
    esac
    [ -n "$_scratched" ] || exec 8>&- 9>&-
    exec 4<&0  # for a trap at the end, too
    # Where stdout leads meanwhile no process can see, hence none can hold it open.
    _p </dev/null >/dev/null
    [ "$5" != yes ] || say
    [ "$_scratched" != shared ] || empty
    printf '%s%s' "$_gathered" "${_spoken:-.}"
    [ -z "$_changed" ] || exit 80
    exit 81
}

# _is_late: what is due is much, or of another second.
_is_late() {
    [ "${#_due}" -le 4096 ] || return 0
    [ ! -r /proc/uptime ] || read -r _now _ </proc/uptime
    : "${_second:=${_now%.*}}"
    [ "${_now%.*}" != "$_second" ]
}
_now='' _second=''

# mark RECORD: write what is still to be said of the tasks before, and RECORD.
mark() {
    printf '%b' "$_due$1"
    _due='' _second=''
}
