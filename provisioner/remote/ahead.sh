# What the looks of a frame will ask of the host, asked at once: one process for all of them, not one
# each. Nothing changes between them. Names hold neither white space nor backslashes.

# forget_ahead: the answers are old.
forget_ahead() { _ahead='' _sums='' _rpms=''; }
forget_ahead

# ahead PATH...: what `at` will find there. Where nothing is at the first, its look will end the frame.
ahead() {
    [ -z "$_stopped" ] && [ -e "$1" ] || return 0
    _ahead=$_nl$(stat -c "%n$_tab$_about" -- "$@" </dev/null 2>/dev/null)$_nl
}

# ahead_of PATH: what `stat` said of it, into $_stat; false where it was not asked ahead.
ahead_of() {
    case $_ahead in *"$_nl$1$_tab"*) ;; *) return 1 ;; esac
    _stat=${_ahead#*"$_nl$1$_tab"} _stat=${_stat%%"$_nl"*}
}

# ahead_sums SIZE PATH...: the sums of those files that have the size that they shall have.
ahead_sums() {
    [ -n "$_ahead" ] || return 0
    _count=$#
    while [ "$_count" -gt 0 ]; do
        if ahead_of "$2"; then
            case $_stat in *" $1 "*) [ ! -f "$2" ] || set -- "$@" "$2" ;; esac
        fi
        shift 2
        _count=$((_count - 2))
    done
    [ $# -eq 0 ] || _sums=$_nl$(sha256sum -- "$@" </dev/null 2>/dev/null)$_nl
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
    case $_rpms in
        *"${_nl}package $1 is not installed$_nl"*) _answer="package $1 is not installed$_nl"; return ;;
        *"$_nl$1 "*) ;;
        *) return 1 ;;
    esac
    _answer='' _left=$_rpms
    while :; do
        case $_left in *"$_nl$1 "*) ;; *) return 0 ;; esac
        _left=${_left#*"$_nl$1 "}
        _answer=$_answer$1\ ${_left%%"$_nl"*}$_nl
        _left=$_nl${_left#*"$_nl"}
    done
}
