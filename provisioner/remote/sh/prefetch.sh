# What the looks of a frame will ask of the host, asked at once: one process for all of them, not one
# each. Nothing changes between them. Names hold neither white space nor backslashes. What is asked of files
# has numbers, and before each look $_turn says which is its own: searching all answers for a path would
# take longer the more there are, in dash by their square.

# forget_ahead: the answers are old.
forget_ahead() { _turn='' _rpms=''; }
forget_ahead
_asked=0

# ahead PATH...: what `at` will find there. Where nothing is at the first, its look will end the frame.
ahead() {
    _asked=0
    for _path; do
        eval "_path_$_asked=\$_path _said_$_asked='' _sum_$_asked=''"
        _asked=$((_asked + 1))
    done
    [ -z "$_stopped" ] && [ -e "$1" ] || return 0
    set -f
    IFS=$_nl$_tab
    # shellcheck disable=SC2046
    set -- $(stat -c "$_about$_tab%n" -- "$@" </dev/null 2>/dev/null)
    unset IFS
    set +f
    _answered said "$@"
}
# _answered KIND [ANSWER PATH]...: keep the answers, which are in the order of the questions.
_answered() {
    _kind=$1 _number=0
    shift
    while [ $# -gt 1 ] && [ "$_number" -lt "$_asked" ]; do
        if eval "[ \"\$_path_$_number\" = \"\$2\" ]"; then
            eval "_${_kind}_$_number=\$1"
            shift 2
        fi
        _number=$((_number + 1))
    done
}

# ahead_of PATH: what `stat` said of it, into $_stat; false where it was not asked ahead.
ahead_of() {
    [ -n "$_turn" ] && eval "[ \"\$_path_$_turn\" = \"\$1\" ] && _stat=\$_said_$_turn" && [ -n "$_stat" ]
}
# sum_ahead_of PATH: the same of its sum, into $_held.
sum_ahead_of() {
    [ -n "$_turn" ] && eval "[ \"\$_path_$_turn\" = \"\$1\" ] && _held=\$_sum_$_turn" && [ -n "$_held" ]
}

# ahead_sums [SIZE NUMBER]...: the sums of those files that have the size that they shall have.
ahead_sums() {
    _count=$#
    while [ "$_count" -gt 0 ]; do
        eval "_path=\$_path_$2 _stat=\$_said_$2"
        case $_stat in *" $1 "*) [ ! -f "$_path" ] || set -- "$@" "$_path" ;; esac
        shift 2
        _count=$((_count - 2))
    done
    [ $# -gt 0 ] || return 0
    set -f
    # shellcheck disable=SC2046
    set -- $(sha256sum -- "$@" </dev/null 2>/dev/null)
    set +f
    _answered sum "$@"
}

# ahead_rpm NAME...: what rpm says of those packages; nothing where it has trouble.
ahead_rpm() {
    [ -z "$_stopped" ] || return 0
    _rpms=$_nl$(exec </dev/null 2>&1; rpm -q --qf "$_package" -- "$@")$_nl
    case $_rpms in *"${_nl}error: "*) _rpms='' ;; esac
}
_package='%{NAME} %|EPOCH?{%{EPOCH}}:{0}| %{VERSION}-%{RELEASE} %{ARCH}\n'

# rpm_said NAME: the lines about that package, into $_answer; false where rpm was not asked ahead.
rpm_said() {
    _answer=''
    set -f
    IFS=$_nl
    for _told in $_rpms; do
        case $_told in "$1 "* | "package $1 is not installed") _answer=$_answer$_told$_nl ;; esac
    done
    unset IFS
    set +f
    [ -n "$_answer" ]
}
