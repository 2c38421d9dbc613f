# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Body of yum, part 1: ask rpm which packages are installed, and in which version.

nl='
'
# The evr of a package, without a zero epoch, as yum shows it.
EVR='%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}'

rpm_() { rpm ${root:+--root "$root"} "$@"; }

# each LINES COMMAND [ARG...]: run the command once a line, with the line as its last argument.
each() {
    _lines=$1
    shift
    set -f
    IFS=$nl
    for _line in $_lines; do
        unset IFS
        set +f
        "$@" "$_line"
    done
    unset IFS
    set +f
}
count() {
    set -f
    IFS=$nl
    # shellcheck disable=SC2086
    set -- $1
    unset IFS
    set +f
    lines=$#
}
# has_line TEXT LINE
has_line() { case $nl$1$nl in *"$nl$2$nl"*) ;; *) return 1 ;; esac; }

# look_up: which of all packages that are asked for are there ($present) and which not ($missing, as
# lines): one process when names say all.
look_up() {
    present='' missing=''
    by_name
    by_version
    by_provides
}
by_name() {
    eval "set -- $names $files"
    [ $# -gt 0 ] || return 0
    for item; do set -- "$@" "${item%%=*}"; shift; done
    rc=0
    ask_ahead "$@" || said=$(rpm_ -q --qf "$_package" -- "$@" 2>&1) || rc=$?
    answered $#
    [ "$state" = absent ] || no_doubles
    eval "set -- $names"
    for item; do
        query=${item%%=*} rest=${item#*=}
        name=${rest%%=*} rest=${rest#*=}
        evr=${rest%%=*}
        spec=${rest#*=}
        if [ "$lines" -eq 0 ] || has_line "$said" "package $query is not installed"; then
            missing=$missing$spec$nl
        else
            case $evr in
                *:*)
                    case $nl$said in
                        *"$nl$name ${evr%%:*} "*) ;;
                        *) missing=$missing$spec$nl; continue ;;
                    esac ;;
            esac
            present=$present$spec$nl
        fi
    done
    eval "set -- $files"
    for item; do
        spec=${item#*=}
        if [ "$lines" -eq 0 ] || has_line "$said" "package ${item%%=*} is not installed"; then
            in_file "$spec" || { missing=$missing$spec$nl; continue; }
        fi
        present=$present$spec$nl
    done
}
# ask_ahead QUERY...: $said is what rpm said before of all of them; false where it was not asked.
ask_ahead() {
    said=''
    for query; do
        prefetched_rpm "$query" || return
        said=$said$_answer
    done
}
# answered COUNT: $said has a line for each, there or not: no other answer may pass for either.
answered() {
    [ -z "$root" ] || [ -d "$root/var/lib/rpm" ] || said=''
    case $rc$nl$said in
        127*) fail 'there is no rpm on the host: is it CentOS?' ;;
        *"${nl}error: "*) database_broken "${said#"${said%%error: *}"}" ;;
    esac
    count "$said"
    [ "$lines" -ge "$1" ] || [ -n "$root" ] || database_broken "rpm gave no answer (exit $rc)"
}
# no_doubles: yum that is killed in an update leaves the old version beside the new one. Kernels and
# their modules are meant to be there more than once.
no_doubles() {
    seen='' doubled=''
    each "$said" double
    [ -z "$doubled" ] ||
        fail "$doubled is there in two versions: an earlier yum was cut off. Nothing was done:" \
            "see \`package-cleanup --dupes\` and \`--cleandupes\`"
}
double() {
    case $1 in 'package '* | kernel* | kmod-* | gpg-pubkey*) return ;; esac
    key=${1%% *}.${1##* }
    case $nl$seen in
        *"$nl$key $1$nl"*) ;;
        *"$nl$key "*) doubled=$key ;;
    esac
    seen=$seen$key\ $1$nl
}
# in_file SPEC: the package in the file is there, or a newer one of it, whatever the file is called.
in_file() {
    [ "$state" != absent ] || return 1
    case $1 in
        # rpm reads the header only, so that curl ends after some kilobytes.
        *://*) inside=$(curl -fsL --max-time 20 -- "$1" | package_in /dev/stdin) ;;
        *) [ -r "$1" ] && inside=$(package_in "$1") ;;
    esac
    [ -n "$inside" ] || return
    for evr in $(rpm_ -q --qf "$EVR\n" -- "${inside%% *}" 2>/dev/null); do
        case $evr in "${inside#* }") return 0 ;; esac
        [ "$allow_downgrade" = no ] || continue
        compare "$evr" "${inside#* }"
        [ "$order" != 1 ] || return 0
    done
    return 1
}
package_in() { rpm -qp --qf "%{NAME}.%{ARCH} $EVR" -- "$1" 2>/dev/null; }

by_version() {
    eval "set -- $versions"
    for spec; do
        if version_there "$spec"; then present=$present$spec$nl; else missing=$missing$spec$nl; fi
    done
}
# version_there "NAME OP EVR": an installed package satisfies it.
version_there() {
    operator=${1#* } wanted=${1##* }
    operator=${operator%% *}
    installed=$(rpm_ -q --qf "$EVR\n" -- "${1%% *}" 2>/dev/null) || return
    for evr in $installed; do
        compare "$evr" "$wanted"
        case $operator$order in
            '=0' | '==0' | '>1' | '<-1' | '>=1' | '>=0' | '<=-1' | '<=0') return 0 ;;
        esac
    done
    return 1
}
# compare EVR EVR: $order is -1, 0 or 1 as the first is older, equal or newer. rpm.vercmp knows one
# part of it at a time (before rpm 4.16); a part that isn't given equals any.
compare() {
    split "$1"
    set -- "$1" "$2" "$epoch" "$version" "$release"
    split "$2"
    [ -n "$release" ] || set -- "$1" "$2" "$3" "$4" ''
    [ -n "$5" ] || release=''
    # An epoch that is not written is any: docker-ce-26.1.4 means 3:26.1.4.
    case $2 in *:*) ;; *) epoch=$3 ;; esac
    order=$(rpm --eval "%{lua:
        function c(a, b) return rpm.vercmp(a, b) end
        local r = c('$3', '$epoch')
        if r == 0 then r = c('$4', '$version') end
        if r == 0 then r = c('${5:-0}', '${release:-0}') end
        print(r)}" 2>/dev/null) || :
    order=${order%%"$nl"*}
}
split() {
    case $1 in *:*) epoch=${1%%:*} ;; *) epoch=0 ;; esac
    version=${1#*:} release=''
    case $version in *-*) release=${version#*-} version=${version%%-*} ;; esac
}

# by_provides: capabilities, and names that another package provides.
by_provides() {
    wanted_names=''
    if [ "$state" != absent ]; then each "$missing" wanted_name; fi
    eval "set -- $provided $wanted_names"
    [ $# -gt 0 ] || return 0
    said=$(rpm_ -q --whatprovides --qf '%{NAME}\n' -- "$@" 2>&1) || :
    for spec; do
        case $nl$said$nl in
            *"no package provides $spec$nl"* | *"file $spec: "* | *"file $spec is not owned"*)
                has_line "$missing" "$spec" || missing=$missing$spec$nl ;;
            *)
                has_line "$missing" "$spec" && drop "$spec"
                present=$present$spec$nl ;;
        esac
    done
}
# A plain name or path: no version, nothing to quote.
wanted_name() {
    case $1 in
        *[!A-Za-z0-9._+-]*) ;;
        *) has_line "$wanted_names" "$1" || wanted_names="$wanted_names $1" ;;
    esac
}
# drop LINE: take it out of $missing.
drop() {
    before_it=${missing%%"$1$nl"*}
    missing=$before_it${missing#"$before_it$1$nl"}
}
