# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC3013,SC2154,SC2317,SC2329
# Body of systemd, part 2: compare what systemd has loaded with the files on disk.

# is_up_to_date: true if systemd has loaded the files on disk: those of the unit, or of all units if
# the task names none.
is_up_to_date() {
    if [ -z "$name" ]; then
        shown=$(control show -p Id -p FragmentPath -p DropInPaths -p NeedDaemonReload '*' \
            2>/dev/null) || :
        generators_are_up_to_date
    else
        unit_exists
    fi && case $nl$shown in *"${nl}NeedDaemonReload=yes"*) false ;; esac &&
        has_no_new_file
}
# has_no_new_file: NeedDaemonReload (in 219 and in 252) does not notice new files: the first drop-in
# of a unit, and a unit file in /etc that replaces the one in /usr.
has_no_new_file() {
    eval "set -- $folders"
    for folder; do
        for path in "$folder"/*.d/*.conf; do
            file=${path##*/} unit=${path%.d/*}
            unit=${unit##*/}
            ! is_loaded "$unit" || is_in_answer "$folder/$unit.d/$file" || return
        done
        for path in "$folder"/*.*; do
            if [ -f "$path" ] && [ ! -L "$path" ] && is_loaded "${path##*/}"; then
                is_in_answer "$path" || return
            fi
        done
    done
}
is_loaded() { case $nl$shown$nl in *"${nl}Id=$1$nl"*) ;; *) return 1 ;; esac; }
is_in_answer() { case $shown$nl in *[=\ ]"$1"[\ "$nl"]*) ;; *) return 1 ;; esac; }
# generators_are_up_to_date: true if no file that a generator reads is newer than its output.
generators_are_up_to_date() {
    eval "set -- $generated"
    while [ $# -gt 0 ]; do
        ! is_newer "$1" "$2" || return
        shift 2
    done
}
is_newer() { [ -e "$1" ] && [ -e "$2" ] && [ "$1" -nt "$2" ]; }
