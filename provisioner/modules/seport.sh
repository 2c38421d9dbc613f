# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module seport: set the SELinux type of network ports.

# table: print semanage's table: lines `TYPE PROTO PORT, PORT, LOW-HIGH`, after a heading.
table() { if [ "$local" = yes ]; then semanage port -l -C; else semanage port -l; fi; }
# types_of PORT: read a table and print the types that have exactly this port or range.
types_of() {
    port=$1 proto=$proto awk '$2 == ENVIRON["proto"] {
        type = $1
        $1 = $2 = ""
        count = split($0, ports, /[ ,]+/)
        for (i = 1; i <= count; i++) if (ports[i] == ENVIRON["port"]) print type
    }'
}
has_type() { table | types_of "$1" | grep -qxF -- "$setype"; }
lacks_type() { ! has_type "$1"; }
# set_type: a port that has another type, also from the distribution's policy, must be modified.
set_type() {
    if semanage port -l | types_of "$1" | grep -q .; then manage -m "$1"; else manage -a "$1"; fi
}
remove_type() { manage -d "$1"; }
manage() {
    if [ "$reload" = yes ]; then semanage port "$1" -t "$setype" -p "$proto" "$2"
    else semanage port -N "$1" -t "$setype" -p "$proto" "$2"
    fi
}

if [ ! -e /sys/fs/selinux/enforce ] && [ "$ignore_selinux_state" = no ]; then
    [ "$look" = yes ] || fail 'SELinux is disabled on this host: set ignore_selinux_state: true'
fi
ports_table=''
if command -v semanage >/dev/null; then
    ports_table=$(table) || fail 'semanage port -l failed: the reason is in its output above'
elif [ "$look" = no ]; then
    fail 'semanage is not installed: install policycoreutils-python in an earlier task'
fi
eval "set -- $ports"
for port; do
    # One table is used for all ports: semanage needs seconds.
    if printf '%s\n' "$ports_table" | types_of "$port" | grep -qxF -- "$setype"; then has=yes
    else has=no
    fi
    case $state$has in
        presentno) ensure "set type of port $port/$proto: $setype" has_type set_type "$port" ;;
        absentyes) ensure "remove type of port $port/$proto: $setype" lacks_type remove_type "$port" ;;
    esac
done
