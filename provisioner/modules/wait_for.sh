# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module wait_for: wait until a port, file or text is there or gone.

# clock: set $now to the seconds since boot. This needs no process, and a change of the time of day has no
# effect on it.
clock() { read -r now _ </proc/uptime; now=${now%%.*}; }

# connects: the port accepts a connection. bash is called by name, because only it has /dev/tcp. Host and
# port are arguments, so they can't be executed as code.
connects() {
    if command -v bash; then
        # shellcheck disable=SC2016
        timeout "$connect_timeout" bash -c 'exec 5<>"/dev/tcp/$1/$2"' bash "$host" "$port"
    else
        timeout "$connect_timeout" nc -z "$host" "$port"
    fi
}
# greeting_matches: a line that the port sends matches; it is set in $found.
greeting_matches() {
    # shellcheck disable=SC2016
    found=$(timeout $((connect_timeout * 2)) bash -c '
        exec 5<>"/dev/tcp/$1/$2" || exit
        while IFS= read -r -t "$3" line <&5 || [ -n "$line" ]; do
            printf "%s\n" "$line" | grep -m1 -P -e "$4" && exit
        done
        exit 1' bash "$host" "$port" "$connect_timeout" "$search_regex")
}
matches() { found=$(grep -a -m1 -P -e "$search_regex" -- "$path"); }

# drained: no connection to the port is in one of the states, apart from those of the excluded hosts. awk,
# not read: bash seeks back after each line, which goes wrong if the table changes meanwhile.
drained() {
    set --
    for table in /proc/net/tcp /proc/net/tcp6; do [ ! -r "$table" ] || set -- "$@" "$table"; done
    awk -v port="$port_hex" -v any="$any_host" -v hosts="$host_hex" -v states="$states_hex" \
        -v excluded="$excluded_hex" '
        function among(word, list) { return index(" " list " ", " " word " ") }
        {
            split($2, own, ":")
            split($3, other, ":")
            if (own[2] == port && (any == "yes" || among(own[1], hosts)) && among($4, states) &&
                !among(other[1], excluded)) { found = 1; exit }
        }
        END { exit found }' "$@" </dev/null
}
is_reached() {
    found=''
    case $state in
        drained) drained ;;
        started | present)
            if [ -n "$path" ]; then
                [ -e "$path" ] || return
                [ -z "$search_regex" ] || matches
            elif [ -n "$search_regex" ]; then greeting_matches
            else connects
            fi
            ;;
        stopped | absent)
            if [ -n "$path" ]; then
                [ -e "$path" ] || return 0
                [ -n "$search_regex" ] && ! matches
            else ! connects
            fi
            ;;
    esac
}

clock; start=$now
if [ "$look" = yes ]; then
    # If the state is reached already, there is nothing to wait for. Otherwise report the wait.
    if [ "$delay" -eq 0 ] && [ -n "$path$port" ] && is_reached; then
        report elapsed 0
        report found "$found"
    else
        report check ''
        changed "wait for $subject"
    fi
    return
fi
sleep "$delay"
if [ -z "$path$port" ]; then
    sleep "$timeout"
else
    until is_reached; do
        clock
        if [ $((now - start)) -ge "$timeout" ]; then
            report elapsed $((now - start))
            fail "${msg:-Timeout when waiting for $awaited}"
        fi
        sleep "$sleep"
    done
fi
clock
report elapsed $((now - start))
report found "$found"
