# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Body of yum, part 1: ask rpm which packages are installed, and in which version.

nl='
'
# The epoch, version and release of a package; like in yum's output, an epoch of 0 is left out.
EVR='%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}'

rpm_() { rpm ${root:+--root "$root"} "$@"; }

# each LINES COMMAND [ARG...]: run the command for each line, with the line as its last argument.
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
# has_line TEXT LINE: true if one of the lines of TEXT is LINE.
has_line() { case $nl$1$nl in *"$nl$2$nl"*) ;; *) return 1 ;; esac; }

# look_up: sort the packages of the task into installed ones ($present) and others ($missing), one
# on each line. It takes one process if all of them are plain names.
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
    use_prefetched "$@" || rpm_output=$(rpm_ -q --qf "$_package" -- "$@" 2>&1) || rc=$?
    check_rpm_output $#
    [ "$state" = absent ] || fail_on_duplicates
    eval "set -- $names"
    for item; do
        query=${item%%=*} rest=${item#*=}
        name=${rest%%=*} rest=${rest#*=}
        evr=${rest%%=*}
        spec=${rest#*=}
        if [ "$lines" -eq 0 ] || has_line "$rpm_output" "package $query is not installed"; then
            missing=$missing$spec$nl
        else
            case $evr in
                *:*)
                    case $nl$rpm_output in
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
        if [ "$lines" -eq 0 ] || has_line "$rpm_output" "package ${item%%=*} is not installed"; then
            file_is_installed "$spec" || { missing=$missing$spec$nl; continue; }
        fi
        present=$present$spec$nl
    done
}
# use_prefetched QUERY...: set $rpm_output to the answers that were read before for all tasks of the
# frame; false if one of them is missing.
use_prefetched() {
    rpm_output=''
    for query; do
        prefetched_rpm "$query" || return
        rpm_output=$rpm_output$_answer
    done
}
# check_rpm_output COUNT: fail unless $rpm_output has a line for each of COUNT queries, so that no
# error of rpm is taken for a missing package.
check_rpm_output() {
    [ -z "$root" ] || [ -d "$root/var/lib/rpm" ] || rpm_output=''
    case $rc$nl$rpm_output in
        127*) fail 'rpm is not installed on this host: yum needs CentOS or a similar system' ;;
        *"${nl}error: "*) database_broken "${rpm_output#"${rpm_output%%error: *}"}" ;;
    esac
    count "$rpm_output"
    [ "$lines" -ge "$1" ] || [ -n "$root" ] || database_broken "rpm gave no answer (exit $rc)"
}
# fail_on_duplicates: fail if a package is installed in two versions, which happens if yum is killed
# during an update. Several kernels and kernel modules are normal.
fail_on_duplicates() {
    seen='' duplicate=''
    each "$rpm_output" note_duplicate
    [ -z "$duplicate" ] ||
        fail "$duplicate is installed in two versions: an earlier yum was interrupted. Nothing was done:" \
            "see \`package-cleanup --dupes\` and \`--cleandupes\`"
}
note_duplicate() {
    case $1 in 'package '* | kernel* | kmod-* | gpg-pubkey*) return ;; esac
    key=${1%% *}.${1##* }
    case $nl$seen in
        *"$nl$key $1$nl"*) ;;
        *"$nl$key "*) duplicate=$key ;;
    esac
    seen=$seen$key\ $1$nl
}
# file_is_installed SPEC: true if the package in the rpm file is installed in this or a newer version,
# whatever the name of the file is.
file_is_installed() {
    [ "$state" != absent ] || return 1
    case $1 in
        # rpm reads the header only, so curl is stopped after a few kilobytes.
        *://*) inside=$(curl -fsL --max-time 20 -- "$1" | package_in_file /dev/stdin) ;;
        *) [ -r "$1" ] && inside=$(package_in_file "$1") ;;
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
package_in_file() { rpm -qp --qf "%{NAME}.%{ARCH} $EVR" -- "$1" 2>/dev/null; }

by_version() {
    eval "set -- $versions"
    for spec; do
        if version_is_installed "$spec"; then present=$present$spec$nl; else missing=$missing$spec$nl; fi
    done
}
# version_is_installed "NAME OPERATOR EVR": true if an installed version fulfils the condition.
version_is_installed() {
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
# compare EVR EVR: set $order to -1, 0 or 1 if the first is older, equal or newer. rpm.vercmp compares
# one part at a time (before rpm 4.16); a part that is not given equals any.
compare() {
    split "$1"
    set -- "$1" "$2" "$epoch" "$version" "$release"
    split "$2"
    [ -n "$release" ] || set -- "$1" "$2" "$3" "$4" ''
    [ -n "$5" ] || release=''
    # An epoch that is not given equals any: docker-ce-26.1.4 means 3:26.1.4.
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

# by_provides: look up capabilities and files, and names that another package provides.
by_provides() {
    plain_names=''
    if [ "$state" != absent ]; then each "$missing" add_plain_name; fi
    eval "set -- $provided $plain_names"
    [ $# -gt 0 ] || return 0
    rpm_output=$(rpm_ -q --whatprovides --qf '%{NAME}\n' -- "$@" 2>&1) || :
    for spec; do
        case $nl$rpm_output$nl in
            *"no package provides $spec$nl"* | *"file $spec: "* | *"file $spec is not owned"*)
                has_line "$missing" "$spec" || missing=$missing$spec$nl ;;
            *)
                has_line "$missing" "$spec" && drop_missing "$spec"
                present=$present$spec$nl ;;
        esac
    done
}
# add_plain_name LINE: add a missing plain name or path to $plain_names. It needs no quotes.
add_plain_name() {
    case $1 in
        *[!A-Za-z0-9._+-]*) ;;
        *) has_line "$plain_names" "$1" || plain_names="$plain_names $1" ;;
    esac
}
# drop_missing LINE: remove the line from $missing.
drop_missing() {
    before_it=${missing%%"$1$nl"*}
    missing=$before_it${missing#"$before_it$1$nl"}
}
