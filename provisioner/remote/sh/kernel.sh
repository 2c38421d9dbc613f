# The kernel: the functions that all module bodies use. POSIX sh (EL7: bash 4.2 as sh; also dash and busybox),
# defined once in a session. No `local`, no arrays. Names that begin with _ belong to the kernel.
#
# File descriptors in a program: 0, 1 and 2 are /dev/null, 3 is the report, 4 is the control stream, from which
# only requested content is read. Commands that change something get neither 3 nor 4.

exec 3>&1
_nl='
'
_tab='	'

# Variables of the login's profile that would change what commands print, or that would end the `read` of the
# shell while it waits for its next frame (TMOUT, which hardening guides set).
unset TMOUT GREP_OPTIONS TAR_OPTIONS GZIP TIME_STYLE QUOTING_STYLE COLUMNS
unset BLOCKSIZE BLOCK_SIZE DF_BLOCK_SIZE DU_BLOCK_SIZE LS_BLOCK_SIZE

# The PATH of a login on EL7 has no sbin, and su (util-linux 2.23) keeps it. Modules need their tools all the
# same.
_login_path=$PATH
case :$PATH: in :: | *:/usr/sbin:*) ;; *) PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin ;; esac
_wide_path=$PATH
# login_path: set the PATH of the login, or of the task's environment, for programs that the playbook names.
login_path() { [ "$PATH" != "$_wide_path" ] || PATH=$_login_path; }

# set_umask MODE: set the umask of the following commands.
set_umask() { _umask=$1; umask "$1"; }
set_umask 022

# report KEY VALUE...: add records to the report. They are gathered until `say`, since each write is a packet
# and wakes both ends. A backslash in a value would have a meaning in printf's %b.
report() {
    while [ $# -gt 0 ]; do
        case $2 in
            *\\*) say; printf '%s=%s\0' "$1" "$2" >&3 ;;
            *) _gathered=$_gathered$1=$2'\0000' ;;
        esac
        shift 2
    done
}

# say: write the gathered records, after those of the tasks before. A subshell that reports must call it.
say() {
    if [ -n "$_was_sent" ]; then
        [ -z "$_gathered" ] || printf '%b' "$_gathered" >&3
    else
        printf '%b' "$_unsent$_begin_mark$_gathered" >&3
        _was_sent=sent
    fi
    _gathered=''
}

# fail TEXT...: end the program as failed, with this reason.
fail() { report failed "$*"; _leave 82; }

# _leave STATUS: write the rest of the report and end the program.
_leave() { say; exit "$1"; }

# assume TEXT: continue in check mode in spite of the problem TEXT, which an earlier task of a real run may
# solve. The controller reports it as a failure if no earlier task would have changed anything and the playbook
# handles failures itself (failed_when, ignore_errors).
assume() { [ -z "$checking" ] || report assumed "$*"; }

# changed WHAT: report that WHAT was changed, or would be changed in a look.
changed() {
    noted "$1"
    [ "$look" = yes ] || say
}
# noted WHAT: the same, but without `say`, where little remains to be done before the end of the program.
noted() { _changed=yes; report changed "$1"; }

# ensure WHAT TEST APPLY [ARG...]: if TEST fails, run APPLY, and TEST again. Both get the ARGs.
ensure() { ensure_by run "$@"; }
ensure_by() {
    _runner=$1 _what=$2 _test=$3 _apply=$4; shift 4
    "$_test" "$@" && return
    if [ "$look" = no ]; then
        "$_runner" "$_apply" "$@" || broken "$_what" "exit $status"
        "$_test" "$@" || broken "$_what" 'the change had no effect'
    fi
    if [ "$_runner" = quick ]; then noted "$_what"; else changed "$_what"; fi
}

# act WHAT COMMAND [ARG...]: run a command that always counts as a change.
act() {
    _what=$1; shift
    if [ "$look" = no ]; then
        run "$@" || broken "$_what" "exit $status"
    fi
    changed "$_what"
}

# run COMMAND [ARG...]: run it with empty stdin. Its output goes into two unlinked files, open as 8 and 9: they
# vanish with the last process, and a daemon that keeps them open does not delay the task. Returns the exit
# status and leaves it in $status.
run() {
    _keep_output
    "$@" </dev/null >&8 2>&9 3>&- 4<&- 8>&- 9>&- || status=$?
    return "$status"
}
# run_program NAME [ARG...]: the same for a program, even if a function or a builtin has its name.
run_program() {
    _keep_output
    (_environment; exec "$@" </dev/null >&8 2>&9 3>&- 4<&- 8>&- 9>&-) || status=$?
    return "$status"
}
# _environment: export those variables of the task's environment whose names the kernel may use (defined by
# shell.py).
_environment() { :; }
# in_environment NAME: print the variable of the task's environment; false where it is not set.
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

# quick COMMAND [ARG...]: run a command that changes files, leaves no process behind, and can be run again. If
# it fails, it is run a second time to get its output, so that a success needs no process for that. A command
# that was ended by a signal is not run again.
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
# open_scratch: the same, in the first directory with room for a byte; false where there is none.
open_scratch() {
    _tries=$((_tries + 1))
    for _dir in /tmp /var/tmp /dev/shm /run "$HOME"; do
        _name=$_dir/.provision-$token-$_tries
        # -C opens with O_EXCL: no existing file or link is used. `command` keeps a failure from ending the
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

# share: open 8 and 9 in the session's shell, for all programs that change nothing. Such a program leaves no
# process behind that could write to them later.
share() {
    [ "$_shared" = yes ] && return
    _scratched='' _tries=0
    ! open_scratch || _shared=yes
}
_shared=''
# empty: empty the shared files of the last program's output. The count of written bytes starts again.
empty() {
    true >/proc/self/fd/8 2>/proc/self/fd/9
    exec 8>>/proc/self/fd/8 9>>/proc/self/fd/9
}

# output: report the output of the last `run` as stdout and stderr, of each the last $keep bytes.
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

# text_of PATH SIZE: set $_text to the content of a file of about SIZE bytes. For a small file the shell's own
# read, byte by byte, takes less time than a process. False for a larger file, and where a NUL was lost.
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

# report_text KEY: report $_text as a value that may have any bytes: `#KEY KEPT TOTAL` and the bytes.
report_text() {
    case $_text in
        *\\*) say; printf '#%s %d %d\0%s' "$1" "${#_text}" "${#_text}" "$_text" >&3 ;;
        *) _gathered="$_gathered#$1 ${#_text} ${#_text}\0000$_text" ;;
    esac
}

# blob KEY FD: report the content of an open file. If it is small, it is reported as a text: fdinfo has the
# number of bytes that were written to it.
blob() {
    _text=''
    if [ -s "/proc/self/fd/$2" ]; then
        read -r _ _size <"/proc/self/fdinfo/$2"
        { [ "$_size" -gt 0 ] && text_of "/proc/self/fd/$2" "$_size"; } || { _stream "$@"; return; }
    fi
    report_text "$1"
}

# _stream KEY FD: report it as `#KEY MARK`, the first $keep bytes, MARK. If there are more, `#KEY KEPT TOTAL`
# and the last KEPT bytes follow. To ask for its length first would take a process.
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

# broken WHAT WHY: end the program as failed, with the output of the command that failed. A body may set
# $on_failure to a function that reports more (the journal of a unit that did not start).
broken() {
    report rc "$status"
    output
    [ -z "$on_failure" ] || "$on_failure"
    [ -z "$_refused" ] || fail "$_refused"
    fail "$1: $2"
}

# stdout, stderr: print the output of the last `run`. All output of the last `quick` is in stderr.
stdout() { [ -n "$_quick" ] || cat /proc/self/fd/8; }
stderr() { if [ -n "$_quick" ]; then echo "$_printed"; else cat /proc/self/fd/9; fi; }

# task ID MODE TOLERANT TIMED STAYS [LOCK...]: run the program _p in a subshell, so that it changes nothing in this shell.
# Modes: `look` tests only, and stops the frame where something would change; `check` tests only; `apply`
# changes; `read` runs a program that changes nothing. A failure stops the frame unless TOLERANT is yes. Exit
# statuses of a program that ran to its end: 81, 80 for a change, 82 for a failure. The begin of a task is
# written at once if it is TIMED, and for the first task of a session.
#
# The program returns its unsent report by its stdout, to be sent with the next records. A program that STAYS,
# with a subshell that continues, cannot: the command substitution would wait for it.
#
# With LOCK, the arguments of take_lock (lock.sh), the program does not run while another run holds the lock.
task() {
    [ -z "$_stopped" ] || return 0
    _begin_mark="$nonce begin $1 $$\0000"
    [ "$4$_begin_was_sent" = noyes ] || { mark "$_begin_mark"; _begin_mark='' _begin_was_sent=yes; }
    [ $# -le 5 ] || _task_lock "$@" || return 0
    case $2 in apply) forget_prefetched ;; read) forget_prefetched; share ;; esac
    if [ "$5" = yes ]; then
        _program_output=sent
        (_program "$@") >/dev/null 2>&1
    else
        _program_output=$(_program "$@" 2>/dev/null)
    fi
    _status=$?
    case $_status in
        80 | 81)
            case $_program_output in
                *sent) _unsent='' _begin_mark='' _program_output=${_program_output%sent} ;;
                *) _program_output=${_program_output%.} ;;
            esac
            _program_output=${_program_output}done'=\0000'
            [ "$_status$2" != 80look ] || _stopped=yes
            [ "$_status" = 80 ] || _status=0
            ;;
        *)
            # A program that died has not sent the earlier records either.
            _program_output=''
            [ "$_status" != 82 ] || _status=1 _unsent='' _begin_mark=''
            [ "$3" = yes ] || _stopped=yes
            ;;
    esac
    _unsent="$_unsent$_begin_mark$_program_output$nonce end $1 $_status\0000"
    ! _is_late || mark ''
}
_begin_was_sent=''

# _task_lock ID MODE TOLERANT TIMED STAYS LOCK...: take the lock; end the task and the frame where that fails.
_task_lock() {
    _lock_task=$1
    shift 5
    _lock_answer=''
    take_lock "$@" && _begin_mark=$_begin_mark$_lock_answer && return
    _unsent="$_unsent$_begin_mark$_lock_answer$nonce end $_lock_task 1\0000"
    _stopped=yes
    return 1
}

_program() {
    look=yes checking='' tolerant=$3 on_failure='' _changed='' _scratched='' _quick='' _tries=0 status=0 _refused='' _gathered='' _was_sent=''
    case $2 in
        read) look=no _scratched=${_shared:+shared} ;;
        apply) look=no ;;
        check) checking=yes ;;
    esac
    [ -n "$_scratched" ] || exec 8>&- 9>&-
    exec 4<&0  # also for a trap at the end
    # No process of the program can keep its stdout open, which the command substitution waits for.
    _p </dev/null >/dev/null
    [ "$5" != yes ] || say
    [ "$_scratched" != shared ] || empty
    printf '%s%s' "$_gathered" "${_was_sent:-.}"
    [ -z "$_changed" ] || exit 80
    exit 81
}

# _is_late: the unsent records are long, or of an earlier second.
_is_late() {
    [ "${#_unsent}" -le 4096 ] || return 0
    [ ! -r /proc/uptime ] || read -r _now _ </proc/uptime
    : "${_second:=${_now%.*}}"
    [ "${_now%.*}" != "$_second" ]
}
_now='' _second=''

# mark RECORD: write the unsent records of the tasks before, and RECORD.
mark() {
    printf '%b' "$_unsent$1"
    _unsent='' _second=''
}
