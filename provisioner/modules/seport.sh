# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module seport: set the SELinux type of network ports.

# table: semanage's own, `TYPE PROTO PORT, PORT, LOW-HIGH` a line; its heading fits no PROTO.
table() { if [ "$local" = yes ]; then semanage port -l -C; else semanage port -l; fi; }
# types_of PORT: print the types that have just this port or range, from a table on stdin.
types_of() {
    port=$1 proto=$proto awk '$2 == ENVIRON["proto"] {
        type = $1
        $1 = $2 = ""
        count = split($0, ports, /[ ,]+/)
        for (i = 1; i <= count; i++) if (ports[i] == ENVIRON["port"]) print type
    }'
}
owned() { table | types_of "$1" | grep -qxF -- "$setype"; }
given() { owned "$1"; }
taken() { ! owned "$1"; }
# A port that another type has must be modified, also where the distribution's policy says so.
give() {
    if semanage port -l | types_of "$1" | grep -q .; then manage -m "$1"; else manage -a "$1"; fi
}
take() { manage -d "$1"; }
manage() {
    if [ "$reload" = yes ]; then semanage port "$1" -t "$setype" -p "$proto" "$2"
    else semanage port -N "$1" -t "$setype" -p "$proto" "$2"
    fi
}

if [ ! -e /sys/fs/selinux/enforce ] && [ "$ignore_selinux_state" = no ]; then
    [ "$look" = yes ] || fail 'SELinux is disabled on this host: set ignore_selinux_state: true'
fi
known=''
if command -v semanage >/dev/null; then
    known=$(table) || fail 'semanage port -l failed: the reason is in its output above'
elif [ "$look" = no ]; then
    fail 'semanage is not there: install policycoreutils-python in an earlier task'
fi
eval "set -- $ports"
for port; do
    # One table for all ports: semanage takes seconds.
    if printf '%s\n' "$known" | types_of "$port" | grep -qxF -- "$setype"; then has=yes
    else has=no
    fi
    case $state$has in
        presentno) ensure "give port $port/$proto to $setype" given give "$port" ;;
        absentyes) ensure "take port $port/$proto from $setype" taken take "$port" ;;
    esac
done
