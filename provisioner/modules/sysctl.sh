# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module sysctl: set a kernel parameter in a file for the next boot, and now.

# same A B: the same words, whatever is between them.
same() {
    set -f
    # shellcheck disable=SC2086
    set -- "$2" $1
    first=$1; shift
    left="$*"
    # shellcheck disable=SC2086
    set -- $first
    set +f
    [ "$left" = "$*" ]
}
# one_line: keep $line, unless it sets the key otherwise than it should be.
one_line() {
    key=${line%%=*}
    set -f
    # shellcheck disable=SC2086
    set -- $key
    set +f
    key=${1#-}
    case $line in *=*) ;; *) key='' ;; esac
    case $key in
        "$dotted" | "$slashed") ;;
        *) keep_line "$line"; return ;;
    esac
    if [ "$state" = absent ]; then
        others=yes
    elif same "${line#*=}" "$value" && [ -z "$others" ]; then
        keep_line "$line"; written=yes
    elif [ -z "$written" ]; then
        keep_line "$name=$value"; written=yes others=yes
    fi
}
# proved: the kernel has the value now.
proved() { current=''; read_key && same "$current" "$value"; }
read_key() {
    [ -e "$path" ] || return
    current=''
    while read -r part || [ -n "$part" ]; do current="$current $part"; done <"$path"
}
set_now() { sysctl ${ignoreerrors_flag:+-e} -w "$name=$value"; }
reload_file() { sysctl ${ignoreerrors_flag:+-e} -p "$sysctl_file"; }

# missing: why the key is not there, and what brings it.
missing() {
    case $slashed in
        net/bridge/*) module=br_netfilter ;;
        net/netfilter/* | net/nf_conntrack_max) module=nf_conntrack ;;
        net/ipv6/*) fail "the kernel has no $name: IPv6 is switched off (ipv6.disable=1)" ;;
        fs/nfs/*) module=lockd ;;
        sunrpc/*) module=sunrpc ;;
        *) fail "the kernel has no $name: see \`sysctl -a\`, or load the module that brings it" ;;
    esac
    fail "the kernel has no $name yet: first \`modprobe $module\` (module modprobe)"
}

ignoreerrors_flag=''
[ "$ignoreerrors" != yes ] || ignoreerrors_flag=yes
if [ "$look$ignoreerrors$state" = nonopresent ] && [ ! -e "$path" ]; then
    [ "$reload$sysctl_set" = nono ] || missing
fi
if [ -L "$sysctl_file" ]; then sysctl_file=$(readlink -f -- "$sysctl_file"); fi
written='' others=''
edit "$sysctl_file" one_line
before_file=$text
if [ "$state" = present ]; then
    [ -n "$written" ] || keep_line "$name=$value"
    store "$sysctl_file" "set $name = $value in $sysctl_file"
    if [ "$sysctl_set" = yes ] && { [ -e "$path" ] || [ "$ignoreerrors" = no ]; }; then
        ensure "set $name = $value now" proved set_now
    fi
else
    store "$sysctl_file" "remove $name from $sysctl_file"
fi
if [ "$look$reload" = noyes ] && [ "$content" != "$before_file" ]; then
    run reload_file || [ "$ignoreerrors" = yes ] ||
        broken "load $sysctl_file" "sysctl -p: exit $status"
    if [ "$state" = present ] && ! proved; then
        report msg "$name: the kernel has taken${current:- nothing}, not $value"
    fi
fi
