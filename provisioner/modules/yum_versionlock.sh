# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module yum_versionlock: keep packages at their installed version.

# find_file: set $file to the file of locks. Its lines are EPOCH:NAME-VERSION-RELEASE.ARCH (with dnf
# NAME-EPOCH:VERSION-RELEASE.ARCH).
file=''
find_file() {
    eval "set -- $configurations"
    for conf; do
        [ -r "$conf" ] || continue
        while IFS='=' read -r key value; do
            case $key in
                locklist | 'locklist '*) file=${value#"${value%%[! ]*}"}; return ;;
            esac
        done <"$conf"
    done
}
# locked SPEC: a line of the file matches SPEC, which may have wildcards.
locked() {
    [ -r "$file" ] || return
    while read -r entry; do
        case $entry in '' | '#'* | '!'*) ;; *) ! matches "$1" || return 0 ;; esac
    done <"$file"
    return 1
}
# matches SPEC: the lock in $entry is for SPEC.
matches() {
    release=${entry##*-} rest=${entry%-*}
    version=${rest##*-} name=${rest%-*}
    version=${version#*:}
    case $name in *:*) name=${name#*:} ;; esac
    number=$version-${release%.*}
    # shellcheck disable=SC2254
    case $1 in $name | "$name-$version" | "$name-$number" | "$name-$number".*) return 0 ;; esac
    # shellcheck disable=SC2254
    case $name in $1) return 0 ;; esac
    # shellcheck disable=SC2254
    case $name-$number in $1) ;; *) return 1 ;; esac
}
unlocked() { ! locked "$1"; }
lock() { find_file && yum -q versionlock add "$1"; }
unlock() { yum -q versionlock delete "$1"; }

explain() {
    case $(stderr) in
        *'No such command'*)
            fail "yum can't lock versions: install yum-plugin-versionlock in an earlier task" ;;
    esac
}

on_failure=explain
find_file
eval "set -- $specs"
for spec; do
    case $state in
        present) ensure "lock $spec" locked lock "$spec" ;;
        absent) ensure "unlock $spec" unlocked unlock "$spec" ;;
    esac
    report package "$spec"
done
