"""Fake getent and account commands that keep passwd, group and shadow in a folder."""

from __future__ import annotations

from pathlib import Path

from tests.modules.conftest import Host

GETENT = r"""
db=$1; shift; rc=0
for key; do grep -E "^$key:|^[^:]*:[^:]*:$key:" "$etc/$db" || rc=2; done
exit $rc
"""

USERADD = r"""
uid=1001 gid=1001 comment= home= shell=/bin/bash
while [ $# -gt 1 ]; do
    case $1 in
        -u) uid=$2 gid=$2; shift ;; -g) gid=$2; shift ;; -c) comment=$2; shift ;;
        -d) home=$2; shift ;;
        -s) shell=$2; shift ;; -G) groups=$2; shift ;; -e | -k | -K | -Z) shift ;;
    esac
    shift
done
echo "$1:x:$uid:$gid:$comment:${home:=$etc/home/$1}:$shell" >>"$etc/passwd"
echo "$1:!!:1:0:99999:7:::" >>"$etc/shadow"
mkdir -p "$home"
for g in $(echo "$groups" | tr , ' '); do sed -i "s/^\($g:.*:\)$/\1$1/" "$etc/group"; done
"""

USERMOD = r"""
while [ $# -gt 1 ]; do
    case $1 in
        -a | -m | -o) ;;
        -L) sed -i 's/^\([^:]*\):\([^!]\)/\1:!\2/' "$etc/shadow" ;;
        -U) sed -i 's/^\([^:]*\):!/\1:/' "$etc/shadow" ;;
        -G) user=; for user; do :; done
            for g in $(echo "$2" | tr , ' '); do sed -i "s/^\($g:.*:\)$/\1$user/" "$etc/group"; done
            shift ;;
        -s) sed -i "s|[^:]*\$|$2|" "$etc/passwd"; shift ;;
        -c) sed -i "s|^\(\([^:]*:\)\{4\}\)[^:]*|\1$2|" "$etc/passwd"; shift ;;
        -e) days=; [ -z "$2" ] || days=21915
            sed -i "s/^\(\([^:]*:\)\{7\}\)[^:]*/\1$days/" "$etc/shadow"; shift ;;
        *) shift ;;
    esac
    shift
done
"""


def install(host: Host) -> Path:
    """Put the commands on the host; return the folder. It has one group, docker (GID 990)."""
    folder = host.root / "etc"
    folder.mkdir()
    (folder / "passwd").touch()
    (folder / "shadow").touch()
    (folder / "group").write_text("docker:x:990:\n")
    scripts = {
        "getent": GETENT,
        "useradd": USERADD,
        "usermod": USERMOD,
        "userdel": r'for u; do :; done; sed -i "/^$u:/d" "$etc/passwd"',
        "chpasswd": r'IFS=: read -r u h; sed -i "s|^$u:[^:]*|$u:$h|" "$etc/shadow"',
        "groupadd": r'for g; do :; done; echo "$g:x:${2:-991}:" >>"$etc/group"',
        "groupmod": r'sed -i "s/^$3:x:[0-9]*/$3:x:$2/" "$etc/group"',
        "groupdel": r'sed -i "/^$1:/d" "$etc/group"',
        "id": r"""
            awk -F: -v n="$3" '$1 == n { print $4 }' "$etc/passwd"
            awk -F: -v n="$3" '$4 == n { print $1 }' "$etc/group"
        """,
        "chage": r'sed -i "s/:99999:/:$2:/" "$etc/shadow"',
    }
    for name, script in scripts.items():
        host.fake(name, f"etc={folder}\n{script}")
    return folder
