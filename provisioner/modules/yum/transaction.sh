# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of yum, part 2: run yum under its lock, and report what that changed.

# From EL8 on yum is dnf. This directory is that of yum 3's own program.
dnf=yes
if [ -d /usr/share/yum-cli ]; then dnf=no; fi

yum_() {
    eval "set -- \"\$@\" $options"
    if [ "$dnf" = yes ]; then eval "set -- \"\$@\" $dnf_options"; fi
    yum --setopt=exit_on_lock=1 "$@"
}
# nothing_to_do COMMAND SPECS: yum itself would change nothing. It may refresh its cache, no more.
# With exit 1 yum has nothing to do since it doesn't know the name.
nothing_to_do() {
    rc=0
    answer=$(each_spec "$2" yum_ --assumeno "$1" 2>&1) || rc=$?
    case $rc$answer in
        0*'Nothing to do'* | 0*'No Packages marked for'*) return ;;
        # dnf marks a group as installed though all of its packages are there.
        *[0-9]' Package'*) return 1 ;;
        *'Installing Groups:'*) return ;;
    esac
    return 1
}
# each_spec LINES COMMAND [ARG...]: run the command with all lines as further arguments.
each_spec() {
    _specs=$1
    shift
    set -f
    IFS=$nl
    # shellcheck disable=SC2086
    set -- "$@" $_specs
    unset IFS
    set +f
    "$@"
}
# holder: who holds yum's or dnf's lock, as $holder; a pid file of a dead process is stale.
holder() {
    for lock in "$root/var/run/yum.pid" "$root/var/cache/dnf/metadata_lock.pid" \
        "$root/var/cache/dnf/download_lock.pid" "$root/var/lib/dnf/rpmdb_lock.pid"; do
        holder=''
        [ ! -s "$lock" ] || read -r holder <"$lock" || :
        if [ -n "$holder" ] && read -r program 2>/dev/null <"/proc/$holder/comm"; then return; fi
    done
    holder=''
    return 1
}
locked() {
    case $(stdout; stderr) in
        *'holding the yum lock'* | *'Failed to obtain the transaction lock'*) ;;
        *) [ "$status" -eq 200 ] ;;
    esac
}
# transaction COMMAND SPECS: run yum, waiting for its lock as long as is allowed.
transaction() {
    waited=0
    while :; do
        if ! holder; then
            run each_spec "$2" yum_ -y "$1" || :
            if [ "$status" -eq 0 ] || ! locked; then return 0; fi
            holder || :
        fi
        [ "$waited" -lt "$lock_timeout" ] || break
        waited=$((waited + 1))
        sleep 1
    done
    who=${holder:+by PID $holder${program:+ ($program, $lock)}}
    fail "yum is locked ${who:-by another process}, after $waited s still: let it end, or set" \
        'lock_timeout higher. Nothing was changed'
}

packages() { rpm_ -qa --qf "%{NAME}.%{ARCH} $EVR\n" 2>/dev/null; }

remember() {
    old=$(packages) || old=''
    [ -n "$old" ] || [ -n "$root" ] || database_broken 'it lists nothing'
}
# tell: report every package that is another than before.
tell() {
    new=$(packages) || :
    differing=$(printf '%s\n' "$old" "$new" | sort | uniq -u)
    each "$differing" tell_one
}
verb=update
tell_one() {
    package=${1%% *} evr=${1#* }
    name=${package%.*}
    earlier=''
    each "$differing" find_other "$1" "$package"
    if has_line "$new" "$1"; then
        if [ -n "$earlier" ] && has_line "$old" "$package $earlier"; then
            report updated "$name $earlier $evr"
            changed "$verb $name $earlier to $evr"
        else
            report installed "$name $evr"
            case $name in
                # yum imports the key that a repository's gpgkey names.
                gpg-pubkey) changed "import key ${evr%-*}" ;;
                *) changed "install $name $evr" ;;
            esac
        fi
    elif [ -z "$earlier" ] || ! has_line "$new" "$package $earlier"; then
        report removed "$name $evr"
        changed "remove $name $evr"
    fi
}
# find_other LINE PACKAGE OTHER: another version of it among the differences, as $earlier.
find_other() {
    if [ "$3" != "$1" ] && [ "${3%% *}" = "$2" ]; then earlier=${3#* }; fi
}
