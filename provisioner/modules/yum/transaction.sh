# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of yum, part 2: run yum under its lock, and report what that changed.

# From EL8 on, yum is dnf. This directory belongs to the program yum 3.
dnf=yes
if [ -d /usr/share/yum-cli ]; then dnf=no; fi

# yum_ ARG...: run yum with the options of the task; it does not wait for its lock.
yum_() {
    eval "set -- \"\$@\" $options"
    if [ "$dnf" = yes ]; then eval "set -- \"\$@\" $dnf_options"; fi
    yum --setopt=exit_on_lock=1 "$@"
}
# nothing_to_do COMMAND SPECS: true if yum itself says that it would change nothing. It may refresh
# its cache. With exit status 1 it does not know the name, which is something else.
nothing_to_do() {
    rc=0
    answer=$(with_specs "$2" yum_ --assumeno "$1" 2>&1) || rc=$?
    case $rc$answer in
        0*'Nothing to do'* | 0*'No Packages marked for'*) return ;;
        # dnf marks a group as installed even if all of its packages are installed already.
        *[0-9]' Package'*) return 1 ;;
        *'Installing Groups:'*) return ;;
    esac
    return 1
}
# with_specs LINES COMMAND [ARG...]: run the command with each line as one more argument.
with_specs() {
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
# find_lock_holder: set $holder to the process that holds a lock of yum or dnf; false if there is
# none. The pid file of a process that has ended does not count.
find_lock_holder() {
    for lock in "$root/var/run/yum.pid" "$root/var/cache/dnf/metadata_lock.pid" \
        "$root/var/cache/dnf/download_lock.pid" "$root/var/lib/dnf/rpmdb_lock.pid"; do
        holder=''
        [ ! -s "$lock" ] || read -r holder <"$lock" || :
        if [ -n "$holder" ] && read -r program 2>/dev/null <"/proc/$holder/comm"; then return; fi
    done
    holder=''
    return 1
}
lock_was_held() {
    case $(stdout; stderr) in
        *'holding the yum lock'* | *'Failed to obtain the transaction lock'*) ;;
        *) [ "$status" -eq 200 ] ;;
    esac
}
# transaction COMMAND SPECS: run yum, waiting at most $lock_timeout seconds for its lock.
transaction() {
    waited=0
    while :; do
        if ! find_lock_holder; then
            run with_specs "$2" yum_ -y "$1" || :
            if [ "$status" -eq 0 ] || ! lock_was_held; then return 0; fi
            find_lock_holder || :
        fi
        [ "$waited" -lt "$lock_timeout" ] || break
        waited=$((waited + 1))
        sleep 1
    done
    who=${holder:+by PID $holder${program:+ ($program, $lock)}}
    fail "yum is locked ${who:-by another process}, still after $waited s: wait until it ends, or" \
        'set lock_timeout higher. Nothing was changed'
}

packages() { rpm_ -qa --qf "%{NAME}.%{ARCH} $EVR\n" 2>/dev/null; }

remember_packages() {
    old=$(packages) || old=''
    [ -n "$old" ] || [ -n "$root" ] || database_broken 'it lists nothing'
}
# report_changes: report each package that has changed since remember_packages.
report_changes() {
    new=$(packages) || :
    differing=$(printf '%s\n' "$old" "$new" | sort | uniq -u)
    each "$differing" report_package
}
verb=update
report_package() {
    package=${1%% *} evr=${1#* }
    name=${package%.*}
    earlier=''
    each "$differing" find_earlier "$1" "$package"
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
# find_earlier LINE PACKAGE OTHER: set $earlier to the version in OTHER, if it is the same package.
find_earlier() {
    if [ "$3" != "$1" ] && [ "${3%% *}" = "$2" ]; then earlier=${3#* }; fi
}
