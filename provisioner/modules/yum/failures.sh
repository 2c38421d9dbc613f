# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of yum, part 3: explain why yum failed.

# database_broken ERROR
database_broken() {
    error=${1#error: }
    fail "rpm's database ($root/var/lib/rpm) can't be read: ${error%%"$nl"*}. It was left alone:" \
        "save a copy of it, then try \`rpm --rebuilddb\`"
}
# pick PATTERN [PATTERN]: the first three lines of yum's output that match, joined, as $picked.
pick() {
    picked='' number=0
    each "$said" pick_one "$1" "${2:-$1}"
}
pick_one() {
    # shellcheck disable=SC2254
    case $3 in $1 | $2) ;; *) return 0 ;; esac
    line=${3#"${3%%[! ]*}"}
    line=${line#- }
    [ "$number" -lt 3 ] || return 0
    case $picked in *"$line"*) return 0 ;; esac
    number=$((number + 1)) picked=$picked${picked:+; }$line
}
# explain: why yum failed and what to do, as $reason.
explain() {
    said=$(stdout; stderr)
    case $said in
        *DB_RUNRECOVERY* | *'rpmdb open failed'* | *'cannot open Packages'* | *'rpmdb: damaged'*)
            pick '*BDB*' '*rpmdb*'
            database_broken "$picked" ;;
        *'No space left on device'* | *'more space needed on'*)
            pick '*[sS]pace*'
            no_room "$picked" ;;
        *'Failed writing received data to disk'*) no_room 'a download could not be written' ;;
        *'GPG check FAILED'* | *' is not signed'* | *'Public key for '* | \
            *'GPG key retrieval failed'* | *'Invalid GPG Key'* | \
            *'not correct for this package'* | *'signature could not be verified'*)
            pick '*is not signed*' '*not correct for*'
            [ -n "$picked" ] || pick '*Public key for *' '*retrieval failed*'
            [ -n "$picked" ] || pick '*GPG*' '*signature*'
            reason="a signature was refused, so nothing was installed: $picked. Import the right"
            reason="$reason key (rpm_key, or gpgkey of the repository) or use a signed package" ;;
        *mirrorlist.centos.org* | *mirror.centos.org*)
            reason="CentOS 7 is at its end of life, and its mirrors are gone: point the"
            reason="$reason repositories at an archive (http://vault.centos.org/7.9.2009/)" ;;
        *'Cannot find a valid baseurl'* | *'Cannot retrieve repository metadata'* | \
            *'No more mirrors to try'* | *'Failed to download'* | \
            *'Could not retrieve mirrorlist'* | *'Error downloading packages'* | \
            *'Cannot download'* | *'Cannot open'*://* | \
            *'repomd.xml does not match'* | *'Error processing'*metadata*)
            pick '*://*' '*Errno*'
            [ -n "$picked" ] || pick '*repo*'
            reason="a repository can't be read: $picked. Check its URL, network and proxy"
            # dnf doesn't say that it could not write what it fetched.
            each "$(df -P / /var/cache/yum /var/cache/dnf /var/tmp /tmp 2>/dev/null)" full_disk ;;
        *'incorrect checksum'* | *'does not match intended download'*)
            pick '*checksum*' '*intended download*'
            reason="a package is not what the metadata says: $picked. Set update_cache: true;"
            reason="$reason if that does not help, the repository itself is broken" ;;
        *' conflicts with '* | *' conflicts between '*)
            pick '*conflicts *'
            reason="packages conflict: $picked. Remove the one that is in the way first" ;;
        *'nothing provides '* | *'Requires: '*)
            pick '*nothing provides*' '*Requires: *'
            reason="something is needed that no enabled repository has: $picked" ;;
        *protected*)
            pick '*protected*'
            reason=$picked ;;
        *'create transaction lock'*)
            reason='another rpm runs on this host: wait until it has ended' ;;
        *'No package '*' available'* | *'No match for argument'* | *'Unable to find a match'* | \
            *'Nothing to do'*)
            no_package ;;
        *)
            pick '*[Ee]rror*'
            reason=${picked:-"yum ended with exit $status"}
            [ "$status" -le 128 ] ||
                reason="yum was killed by signal $((status - 128)): see dmesg, and run again" ;;
    esac
    unfinished
}
no_room() { reason="the disk is full: $1. Make room (yum clean packages, old kernels)"; }
full_disk() {
    case $1 in *' 100% '*) no_room "${1##*% } has no free block" ;; esac
}
# A transaction that was killed leaves its list (yum 3.4; dnf keeps none).
unfinished() {
    for list in "$root"/var/lib/yum/transaction-all.*; do
        [ ! -e "$list" ] || reason="$reason. An earlier transaction was cut off ($list):" \
            reason="$reason see yum-complete-transaction, and \`package-cleanup --dupes\`"
    done
}
no_package() {
    repositories=''
    each "$(yum_ -q repolist 2>/dev/null)" add_repository
    each "$missing" add_missing
    # Ansible's words, which playbooks look for in failed_when.
    reason="No package matching ${unknown:-the name} found available, installed or updated."
    if [ -n "$repositories" ]; then
        reason="$reason The enabled repositories don't have it: $repositories"
    else
        reason="$reason No repository is enabled"
    fi
}
unknown=''
add_missing() { unknown="$unknown${unknown:+, }'$1'"; }
add_repository() {
    id=${1%% *}
    id=${id#!}
    case $1 in
        'repo id'* | 'repolist:'* | ' '* | *': '*) ;;
        *) repositories=$repositories${repositories:+, }${id%%/*} ;;
    esac
}

# finish WHAT: after a transaction, tell what changed, and fail where yum did.
finish() {
    report rc "$status"
    output
    tell
    case $status in
        0) ;;
        *) explain; fail "$1: $reason" ;;
    esac
}
# words LINES: joined for reading.
words() {
    joined=''
    each "$1" add_word
}
add_word() { joined=$joined${joined:+, }$1; }
