# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC3013,SC2154,SC2317,SC2329
# Body of systemd, part 2: compare what systemd has loaded with the files on disk.

# fresh: systemd knows what is on disk: of the unit, or of all where none is named.
fresh() {
    if [ -z "$name" ]; then
        shown=$(control show -p Id -p FragmentPath -p DropInPaths -p NeedDaemonReload '*' \
            2>/dev/null) || :
        generators_ran
    else
        there
    fi && case $nl$shown in *"${nl}NeedDaemonReload=yes"*) false ;; esac &&
        no_new_file
}
# NeedDaemonReload (219 and 252 alike) doesn't see new files: the first drop-in of a unit, and a
# unit's file in /etc that takes the place of the one in /usr.
no_new_file() {
    eval "set -- $folders"
    for folder; do
        for path in "$folder"/*.d/*.conf; do
            known=${path##*/} unit=${path%.d/*}
            unit=${unit##*/}
            ! loaded "$unit" || mentioned "$folder/$unit.d/$known" || return
        done
        for path in "$folder"/*.*; do
            if [ -f "$path" ] && [ ! -L "$path" ] && loaded "${path##*/}"; then
                mentioned "$path" || return
            fi
        done
    done
}
loaded() { case $nl$shown$nl in *"${nl}Id=$1$nl"*) ;; *) return 1 ;; esac; }
mentioned() { case $shown$nl in *[=\ ]"$1"[\ "$nl"]*) ;; *) return 1 ;; esac; }
generators_ran() {
    eval "set -- $generated"
    while [ $# -gt 0 ]; do
        ! newer "$1" "$2" || return
        shift 2
    done
}
newer() { [ -e "$1" ] && [ -e "$2" ] && [ "$1" -nt "$2" ]; }
