# End everything that a session runs, for which nothing else is sent: SIGTERM, and SIGKILL for what
# is there 2 s later. $root is the process of the session's shell. What can't be ended is reported
# as `left`: its process ID, user and command.

# processes: set `found` to the processes that have not ended, of those that were found before and
# those below $root or below one of them. A process whose parent ends becomes a child of init: only
# its ID shows then that it belongs to the session. Parents come first, since a script could go on
# when only its command has ended.
processes() {
    found=$(ps -e -o pid= -o ppid= -o stat= | awk -v root="$root" -v before="$found" '
        BEGIN { for (n = split(before, pids); n > 0; n--) known[pids[n]] }
        { parent[$1] = $2; state[$1] = $3 }
        END { for (p in parent) {
                  if (p == root || state[p] ~ /^Z/) continue
                  for (q = p; q in parent && q != root && !(q in known);) q = parent[q]
                  if (q == root || q in known) print p } }' | sort -n | tr '\n' ' ')
}
# send SIGNAL: send it to the processes.
send() {
    # shellcheck disable=SC2086
    kill -s "$1" $found 2>/dev/null
}
# is_over: look for at most 0.2 s whether all processes have ended.
is_over() {
    [ -z "$found" ] || sleep 0.2
    processes
    [ -z "$found" ]
}
found=''
processes
send TERM
for _ in 1 2 3 4 5 6 7 8 9 10; do
    ! is_over || return 0
done
for _ in 1 2 3 4 5 6 7 8 9 10; do
    send KILL
    ! is_over || return 0
done
for _pid in $found; do
    _process=$(ps -o pid= -o user= -o comm= -p "$_pid") && report left "$(echo $_process)"
done
