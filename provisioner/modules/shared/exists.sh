# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Check a path or glob.

# exists GLOB: something matches. The pattern is expanded unquoted on purpose, with no splitting.
exists() {
    IFS=''
    # shellcheck disable=SC2086
    set -- $1
    unset IFS
    [ -e "$1" ] || [ -L "$1" ]
}
