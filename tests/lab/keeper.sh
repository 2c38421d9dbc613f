#!/bin/bash
# Keep one host running: keeper.sh ROOT LOWER UPPER WORK NSPAWN-WORD...
# Started in a mount namespace of its own, so that the mount goes when this ends.
# However this ends, systemd-nspawn ends with it, and the host with that.
# A reboot inside ends systemd-nspawn with 133: start it again.
set -u
mount -t overlay -o "lowerdir=$2,upperdir=$3,workdir=$4" lab "$1" || exit 1
shift 4
while :; do
    setpriv --pdeathsig KILL "$@" </dev/null
    [ $? -eq 133 ] || break
done
