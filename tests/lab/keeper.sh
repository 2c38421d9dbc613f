#!/bin/bash
# Keep one host running: keeper.sh ROOT LOWER UPPER WORK NSPAWN-WORD...
# It is started in a mount namespace of its own: the mount disappears when this script ends.
# systemd-nspawn and the host always end together with this script.
# When the host reboots, systemd-nspawn exits with 133 and is started again.
set -u
mount -t overlay -o "lowerdir=$2,upperdir=$3,workdir=$4" lab "$1" || exit 1
shift 4
# A cgroup for this host in each tree that systemd may use. Hosts that share a cgroup would remove
# the cgroups of each other's services.
for word; do case $word in --machine=*) name=${word#*=} ;; esac; done
for tree in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ -e "$tree/cgroup.procs" ] || continue
    group=$tree/provision-lab/$name
    find "$group" -depth -mindepth 1 -type d -exec rmdir {} + 2>/dev/null
    mkdir -p "$group" && echo $$ >"$group/cgroup.procs" || exit 1
done
while :; do
    setpriv --pdeathsig KILL "$@" </dev/null
    [ $? -eq 133 ] || break
done
