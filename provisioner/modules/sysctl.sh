# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module sysctl: set a kernel parameter in a file for the next boot, and now.

# same_words A B: A and B have the same words, with any white space between them.
same_words() {
    set -f
    # shellcheck disable=SC2086
    set -- "$2" $1
    first=$1; shift
    words_of_a="$*"
    # shellcheck disable=SC2086
    set -- $first
    set +f
    [ "$words_of_a" = "$*" ]
}
# edit_line: keep $line, or correct it if it sets the parameter.
edit_line() {
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
        corrected=yes
    elif same_words "${line#*=}" "$value" && [ -z "$corrected" ]; then
        keep_line "$line"; written=yes
    elif [ -z "$written" ]; then
        keep_line "$name=$value"; written=yes corrected=yes
    fi
}
# is_set: the kernel has the value now.
is_set() { current=''; read_key && same_words "$current" "$value"; }
read_key() {
    [ -e "$path" ] || return
    current=''
    while read -r part || [ -n "$part" ]; do current="$current $part"; done <"$path"
}
set_now() { sysctl ${ignoreerrors_flag:+-e} -w "$name=$value"; }
reload_file() { sysctl ${ignoreerrors_flag:+-e} -p "$sysctl_file"; }

# fail_missing: fail because the kernel does not have the parameter, and say how to get it.
fail_missing() {
    case $slashed in
        net/bridge/*) module=br_netfilter ;;
        net/netfilter/* | net/nf_conntrack_max) module=nf_conntrack ;;
        net/ipv6/*) fail "the kernel has no $name: IPv6 is switched off (ipv6.disable=1)" ;;
        fs/nfs/*) module=lockd ;;
        sunrpc/*) module=sunrpc ;;
        *) fail "the kernel has no $name: see \`sysctl -a\`, or load the kernel module that has it" ;;
    esac
    fail "the kernel has no $name yet: load $module in an earlier task (module modprobe)"
}

ignoreerrors_flag=''
[ "$ignoreerrors" != yes ] || ignoreerrors_flag=yes
if [ "$look$ignoreerrors$state" = nonopresent ] && [ ! -e "$path" ]; then
    [ "$reload$sysctl_set" = nono ] || fail_missing
fi
if [ -L "$sysctl_file" ]; then sysctl_file=$(readlink -f -- "$sysctl_file"); fi
written='' corrected=''
edit "$sysctl_file" edit_line
before_file=$text
if [ "$state" = present ]; then
    [ -n "$written" ] || keep_line "$name=$value"
    store "$sysctl_file" "set $name = $value in $sysctl_file"
    if [ "$sysctl_set" = yes ] && { [ -e "$path" ] || [ "$ignoreerrors" = no ]; }; then
        ensure "set $name = $value now" is_set set_now
    fi
else
    store "$sysctl_file" "remove $name from $sysctl_file"
fi
if [ "$look$reload" = noyes ] && [ "$content" != "$before_file" ]; then
    run reload_file || [ "$ignoreerrors" = yes ] ||
        broken "load $sysctl_file" "sysctl -p: exit $status"
    if [ "$state" = present ] && ! is_set; then
        report msg "$name: the kernel has the value${current:- (none)}, not $value"
    fi
fi
