#!/bin/bash
# make demo: install Docker on three hosts of the lab, run again (nothing changes), and show docker's
# own output. The lab is always removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

name=demo-$$
work=$(mktemp -d)

lab() { .venv/bin/python tests/lab/lab.py "$@"; }
# Print the command as one would type it, then run it.
show() { printf '\n$ %s\n' "${*/#.venv\/bin\//}"; "$@"; }
clean() { lab down --name "$name" 2>/dev/null || true; rm -rf "$work"; }
trap clean EXIT

echo 'Starting three hosts (the first time this takes some minutes) ...'
lab up --name "$name" 3 >/dev/null
inventory=$work/hosts.yml
lab inventory --name "$name" >"$inventory"

show .venv/bin/provision "$inventory"
show .venv/bin/provision "$inventory"

for host in el7-1 el7-2 el7-3; do
    printf '\n--- %s\n' "$host"
    for words in version info images 'ps -a'; do
        printf '\n[root@%s ~]# docker %s\n' "$host" "$words"
        lab sh --name "$name" "$host" "docker $words"
    done
done
