#!/bin/bash
# Keep one host running: keeper.sh ROOT LOWER UPPER WORK NSPAWN-WORD...
# Started in a mount namespace of its own, so that the mount goes when this ends.
# However this ends, systemd-nspawn ends with it, and the host with that.
# A reboot inside ends systemd-nspawn with 133: start it again.
set -u
mount -t overlay -o "lowerdir=$2,upperdir=$3,workdir=$4" lab "$1" || exit 1
shift 4
# A cgroup of its own, in whatever tree systemd uses: hosts that shared one would take away the
# groups of each other's services.
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
