# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module setup: report the texts from which provisioner/facts builds the facts.

# emit KEY COMMAND...: report the output of COMMAND as one record, without a further process.
emit() {
    key=$1; shift
    say
    { printf '%s=' "$key"; "$@" 4<&-; printf '\0'; } >&3
}
# texts FILE...: print every line with its path before it, without the long lines of cpuinfo.
texts() { grep -asHvE '^(flags|vmx flags|bugs|bogomips|power management)[[:space:]]*:' "$@"; }
user() {
    while read -r label _ uid _; do
        if [ "$label" = Uid: ]; then getent passwd "$uid"; break; fi
    done </proc/self/status
}
# python: print the path and version of Python. Roles choose packages by it.
python() {
    for program in /usr/bin/python /usr/bin/python3 /usr/libexec/platform-python; do
        if [ -x "$program" ]; then
            printf '%s ' "$program"
            "$program" -V 2>&1
            break
        fi
    done
}
# moments: print the time and time zone, now and in six months: one of them may have daylight saving.
moments() { printf 'now\n6 months\n' | date -f - '+%s %N %z %Z'; }
# addresses: ask ip three questions in one process. With -force it goes on if a route does not exist.
addresses() { printf 'addr\nroute get %s\nroute get %s\n' "$ipv4" "$ipv6" | ip -force -batch -; }
# flag FILE...: report the files that exist.
flag() { for file; do [ ! -e "$file" ] || report present "$file"; done; }

# mounted: print the size of every mounted file system. A network file system gets a process of its own
# with a timeout, as it may hang. cat, not read: bash seeks back after each line, which goes wrong if the
# table changes meanwhile.
mounted() {
    set --
    set -f
    IFS=$_nl
    # shellcheck disable=SC2013
    for line in $(cat /proc/mounts); do
        device=${line%% *} line=${line#* }
        point=${line%% *} line=${line#* }
        kind=${line%% *}
        case $point in *\\*) point=$(unescape "$point") ;; esac
        case $device:$kind in
            *:none) ;;
            *:/*:*) timeout "$gather_timeout" stat -f -c "$sizes" "$point" ;;
            /*) set -- "$@" "$point" ;;
        esac
    done
    unset IFS
    set +f
    [ $# -eq 0 ] || stat -f -c "$sizes" "$@"
}
# unescape PATH: replace octal escapes such as \040.
unescape() { printf '%b' "$(printf '%s' "$1" | sed 's/\\\([0-7]\)/\\0\1/g')"; }

# local_facts: run the executable ones, read the others.
local_facts() {
    for file in "$fact_path"/*.fact; do
        rc=0
        if [ ! -e "$file" ]; then
            [ -L "$file" ] || continue
            rc=missing text=''
        elif [ -d "$file" ]; then
            continue
        elif [ -x "$file" ]; then
            text=$("$file" 3>&- 4<&- 2>&1) || rc=$?
        else
            text=$(cat "$file") || rc=$?
        fi
        report local "$file
$rc
$text"
    done
}

wants() { case " $parts " in *" $1 "*) ;; *) false ;; esac; }

sizes='%S %b %f %a %c %d %s %n'
if wants env; then say; (_environment; exec grep -azsH '' /proc/self/environ >&3); fi
set --
if wants min; then
    set -- /etc/os-release /usr/lib/os-release /etc/redhat-release /etc/centos-release \
        /etc/oracle-release /etc/system-release /etc/debian_version /etc/lsb-release \
        /proc/1/comm /proc/cmdline /etc/resolv.conf /etc/hosts /etc/machine-id \
        /var/lib/dbus/machine-id /proc/sys/crypto/fips_enabled /sys/fs/selinux/enforce \
        /sys/fs/selinux/policyvers /etc/selinux/config /etc/ssh/ssh_host_*_key.pub
    flag /run/systemd/system /run/ostree-booted /usr/bin/dnf /usr/bin/yum /usr/bin/apt-get \
        /usr/bin/zypper /sbin/apk /usr/bin/pacman /usr/bin/emerge /etc/init.d \
        /sys/kernel/security/apparmor
    # shellcheck disable=SC3013
    if [ -e /proc/1/root/. ] && ! [ / -ef /proc/1/root/. ]; then report present chroot; fi
    emit passwd user
    emit date moments
    emit uname uname -snrvm
    if wants python; then emit python python; fi
    read -r node </proc/sys/kernel/hostname
    case $node in *.*) ;; *) emit fqdn timeout 5 hostname -f ;; esac
    local_facts
fi
if wants hardware || wants virtual; then
    set -- "$@" /proc/cpuinfo /sys/devices/virtual/dmi/id/*_* /proc/modules /proc/1/cgroup \
        /run/systemd/container /sys/hypervisor/type /proc/xen/capabilities
    flag /.dockerenv /run/.containerenv /proc/vz /proc/bc /dev/kvm
fi
links=''
if wants hardware; then
    set -- "$@" /proc/meminfo /proc/uptime /proc/loadavg /proc/mounts /sys/block/*/size \
        /sys/block/*/removable /sys/block/*/queue/rotational /sys/block/*/queue/scheduler \
        /sys/block/*/queue/logical_block_size /sys/block/*/queue/discard_granularity \
        /sys/block/*/device/vendor /sys/block/*/device/model /sys/block/*/*/start \
        /sys/block/*/*/size
    links='/dev/disk/by-* /dev/mapper /sys/block /sys/block/*/slaves'
    emit sizes mounted
fi
if wants network; then
    set -- "$@" /sys/class/net/*/address /sys/class/net/*/operstate /sys/class/net/*/flags \
        /sys/class/net/*/type \
        /sys/class/net/*/speed /sys/class/net/*/bridge/bridge_id /sys/class/net/*/bridge/stp_state \
        /sys/class/net/*/bonding/* /etc/iscsi/initiatorname.iscsi /etc/nvme/hostnqn
    links="$links /sys/class/net/*/device /sys/class/net/*/device/driver/module"
    emit addresses addresses
fi
[ $# -eq 0 ] || emit texts texts /proc/self/status "$@"
# shellcheck disable=SC2086
[ -z "$links" ] || emit links find $links -maxdepth 1 -type l -printf '%p\t%l\n'
