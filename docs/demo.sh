#!/bin/bash
# make demo: Docker on three hosts of the lab, a second run that changes nothing, and what docker
# says there. Takes its lab down at the end, whatever happens.
set -euo pipefail
cd "$(dirname "$0")/.."

name=demo-$$
work=$(mktemp -d)

lab() { .venv/bin/python tests/lab/lab.py "$@"; }
# The command is shown as it would be typed, then run.
show() { printf '\n$ %s\n' "${*/#.venv\/bin\//}"; "$@"; }
clean() { lab down --name "$name" 2>/dev/null || true; rm -rf "$work"; }
trap clean EXIT

echo 'Three hosts come up (the first time ever, what they are made of is built: some minutes) ...'
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
