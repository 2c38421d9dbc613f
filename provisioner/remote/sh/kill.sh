# End everything that a session runs, for which nothing else is sent: first SIGTERM, then SIGKILL.
# $root is the process of the session's shell.

# tree: print the processes below $root. Parents come first, since a script could go on when only its
# command has ended.
tree() {
    ps -e -o pid= -o ppid= | awk -v root="$root" '
        { parent[$1] = $2 }
        END { for (p in parent) { for (q = p; q in parent && q != root;) q = parent[q]
                                  if (q == root && p != root) print p } }' | sort -n
}
for signal in TERM KILL; do
    pids=$(tree)
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086
    kill -s "$signal" $pids 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -n "$(tree)" ] || break
        sleep 0.2
    done
done
