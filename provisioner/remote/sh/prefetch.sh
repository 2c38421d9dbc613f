# Ask at once for the paths and packages of several looks in a frame: one process instead of one for each.
# Nothing changes between these looks. The paths contain no white space and no backslash. Each path has a
# number, and before each look $_path_number is set to its own: to search all answers would take longer for each
# more, in dash quadratically.

# forget_prefetched: the answers are no longer valid.
forget_prefetched() { _path_number='' _rpm_answers=''; }
forget_prefetched
_path_count=0

# prefetch_paths PATH...: ask what `at` asks. If nothing exists at the first path, its look will end the frame.
prefetch_paths() {
    _path_count=0
    for _path; do
        eval "_path_$_path_count=\$_path _stat_$_path_count='' _sum_$_path_count=''"
        _path_count=$((_path_count + 1))
    done
    [ -z "$_stopped" ] && [ -e "$1" ] || return 0
    set -f
    IFS=$_nl$_tab
    # shellcheck disable=SC2046
    set -- $(stat -c "$_about$_tab%n" -- "$@" </dev/null 2>/dev/null)
    unset IFS
    set +f
    _keep_answers stat "$@"
}
# _keep_answers KIND [ANSWER PATH]...: keep the answers, which have the order of the paths.
_keep_answers() {
    _kind=$1 _number=0
    shift
    while [ $# -gt 1 ] && [ "$_number" -lt "$_path_count" ]; do
        if eval "[ \"\$_path_$_number\" = \"\$2\" ]"; then
            eval "_${_kind}_$_number=\$1"
            shift 2
        fi
        _number=$((_number + 1))
    done
}

# prefetched_stat PATH: set $_stat to the answer of `stat`; false where there is none.
prefetched_stat() {
    [ -n "$_path_number" ] && eval "[ \"\$_path_$_path_number\" = \"\$1\" ] && _stat=\$_stat_$_path_number" && [ -n "$_stat" ]
}
# prefetched_sum PATH: set $_sum_there to its sum; false where there is none.
prefetched_sum() {
    [ -n "$_path_number" ] && eval "[ \"\$_path_$_path_number\" = \"\$1\" ] && _sum_there=\$_sum_$_path_number" && [ -n "$_sum_there" ]
}

# prefetch_sums [SIZE NUMBER]...: compute the sums of those files that have the expected size.
prefetch_sums() {
    _count=$#
    while [ "$_count" -gt 0 ]; do
        eval "_path=\$_path_$2 _stat=\$_stat_$2"
        case $_stat in *" $1 "*) [ ! -f "$_path" ] || set -- "$@" "$_path" ;; esac
        shift 2
        _count=$((_count - 2))
    done
    [ $# -gt 0 ] || return 0
    set -f
    # shellcheck disable=SC2046
    set -- $(sha256sum -- "$@" </dev/null 2>/dev/null)
    set +f
    _keep_answers sum "$@"
}

# prefetch_rpm NAME...: ask rpm for those packages; its answer is not used if it reports an error.
prefetch_rpm() {
    [ -z "$_stopped" ] || return 0
    _rpm_answers=$_nl$(exec </dev/null 2>&1; rpm -q --qf "$_package" -- "$@")$_nl
    case $_rpm_answers in *"${_nl}error: "*) _rpm_answers='' ;; esac
}
_package='%{NAME} %|EPOCH?{%{EPOCH}}:{0}| %{VERSION}-%{RELEASE} %{ARCH}\n'

# prefetched_rpm NAME: set $_answer to the lines about that package; false where there are none.
prefetched_rpm() {
    _answer=''
    set -f
    IFS=$_nl
    for _rpm_line in $_rpm_answers; do
        case $_rpm_line in "$1 "* | "package $1 is not installed") _answer=$_answer$_rpm_line$_nl ;; esac
    done
    unset IFS
    set +f
    [ -n "$_answer" ]
}
