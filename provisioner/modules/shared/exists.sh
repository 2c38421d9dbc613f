# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Check a path or glob.

# exists GLOB: a path matches. The glob is unquoted on purpose; IFS is empty, so that it is not split.
exists() {
    IFS=''
    # shellcheck disable=SC2086
    set -- $1
    unset IFS
    [ -e "$1" ] || [ -L "$1" ]
}
