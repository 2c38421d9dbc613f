"""Fake LVM commands: one script under all their names, which keeps its state below $HOME."""

from __future__ import annotations

from typing import Any

from tests.modules.conftest import Host

SCRIPT = r"""
s=$HOME/lvm; mkdir -p $s/pv $s/vg
free() {
    used=0
    for f in $s/vg/$1/*; do [ ! -f "$f" ] || read -r n <"$f" && used=$((used + n)); done
    echo $(($(total "$1") - used))
}
total() {
    n=0
    for f in $s/pv/*; do [ "$(cat "$f")" != "$1" ] || n=$((n + 1)); done
    echo $((n << 30))
}
for last; do :; done
want=''
for word; do
    case $before in -L | -V) want=${word%b} ;; -n) name=$word ;; -l) share=$word ;; esac
    before=$word
done
case ${0##*/} in
    pvcreate) : >$s/pv/${last##*/} ;;
    vgcreate)
        while [ ! -e "$1" ]; do vg=$1; shift; done; mkdir $s/vg/$vg
        for d; do echo "$vg" >$s/pv/${d##*/}; done ;;
    vgextend) echo "$1" >$s/pv/${2##*/} ;;
    vgreduce) : >$s/pv/${last##*/} ;;
    vgremove) rm -r $s/vg/$last; for f in $s/pv/*; do : >$f; done ;;
    vgs)
        [ -d $s/vg/$last ] || exit 5
        case "$*" in
            *lv_count*) echo "  $(ls $s/vg/$last | wc -l)" ;;
            *vg_size*) echo "  $(total $last) $(free $last) 4194304" ;;
        esac ;;
    pvs)
        case "$*" in
            *pv_name,vg_name*)
                for f in $s/pv/*; do echo "  $HOME/../root/${f##*/} $(cat $f)"; done ;;
            *) cat $s/pv/${last##*/} || exit 5 ;;
        esac ;;
    lvcreate)
        vg=$last
        case $share in
            *%FREE) want=$(free "$vg") ;;
            *%VG) want=$(($(total "$vg") * ${share%\%*} / 100)) ;;
        esac
        echo "$want" >$s/vg/$vg/$name; : >$HOME/active.$name ;;
    lvextend | lvreduce) for w; do case $w in */*) echo "$want" >$s/vg/$w ;; esac; done ;;
    lvremove) rm $s/vg/$last ;;
    lvchange)
        if [ "$1" = -ay ]; then : >$HOME/active.${last#*/}; else rm $HOME/active.${last#*/}; fi ;;
    lvs)
        [ -f $s/vg/$last ] || exit 5
        case "$*" in
            *lv_size*) echo "  $(cat $s/vg/$last)" ;;
            *lv_attr*)
                if [ -e $HOME/active.${last#*/} ]; then echo "  -wi-a-----"
                else echo "  -wi-------"
                fi ;;
        esac ;;
esac
"""

COMMANDS = (
    "pvcreate pvs vgcreate vgextend vgreduce vgremove vgs "
    "lvcreate lvextend lvreduce lvremove lvchange lvs"
)


def install(host: Host, *devices: str) -> list[str]:
    """Put the commands on the host and create `devices` of 1 GiB; return the devices' paths."""
    for name in COMMANDS.split():
        host.fake(name, SCRIPT)
    for device in devices:
        (host.root / device).touch()
    return [str(host.root / device) for device in devices]


def changes_once(host: Host, module: str, **arguments: Any) -> tuple[str, ...]:
    """Return the changes of one run. A look before it reports changes too; a second does not."""
    look = host.look(module, **arguments)
    assert look.failed is None
    report = host.run(module, **arguments)
    assert report.failed is None
    assert bool(look.changes) == bool(report.changes)
    again = host.look(module, **arguments).changes, host.run(module, **arguments).changes
    assert again == ((), ())
    return report.changes
