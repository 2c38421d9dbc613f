# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# The parameters creates and removes: skip a task whose result is there already. Needs exists.sh.

# due: the task is to be run. Otherwise report why it is skipped.
due() {
    if [ -n "$creates" ] && exists "$creates"; then report skip "$creates exists"; return 1; fi
    if [ -n "$removes" ] && ! exists "$removes"; then
        report skip "$removes does not exist"
        return 1
    fi
}
