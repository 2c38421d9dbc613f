"""creates and removes: a path or glob that says whether a task is still to be done."""

from __future__ import annotations

EXISTS = r"""
# exists GLOB: something matches. The pattern is expanded unquoted on purpose, with no splitting.
exists() {
    IFS=''
    # shellcheck disable=SC2086
    set -- $1
    unset IFS
    [ -e "$1" ] || [ -L "$1" ]
}
"""

DUE = (
    EXISTS
    + r"""
# due: neither $creates nor $removes stands against it; else why not is reported.
due() {
    if [ -n "$creates" ] && exists "$creates"; then report skip "$creates exists"; return 1; fi
    if [ -n "$removes" ] && ! exists "$removes"; then
        report skip "$removes does not exist"
        return 1
    fi
}
"""
)
