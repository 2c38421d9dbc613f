# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of yum, part 3: explain why yum failed.

# database_broken ERROR: fail because rpm can't read its database.
database_broken() {
    error=${1#error: }
    fail "rpm's database ($root/var/lib/rpm) can't be read: ${error%%"$nl"*}. It was not changed:" \
        "save a copy of it, then try \`rpm --rebuilddb\`"
}
# pick PATTERN [PATTERN]: set $picked to the first three lines of yum's output that match, joined.
pick() {
    picked='' number=0
    each "$yum_output" pick_one "$1" "${2:-$1}"
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
# explain: set $reason to why yum failed, and what to do.
explain() {
    yum_output=$(stdout; stderr)
    case $yum_output in
        *DB_RUNRECOVERY* | *'rpmdb open failed'* | *'cannot open Packages'* | *'rpmdb: damaged'*)
            pick '*BDB*' '*rpmdb*'
            database_broken "$picked" ;;
        *'No space left on device'* | *'more space needed on'*)
            pick '*[sS]pace*'
            explain_no_space "$picked" ;;
        *'Failed writing received data to disk'*) explain_no_space 'a download could not be written' ;;
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
            # dnf does not report that it could not write a download.
            each "$(df -P / /var/cache/yum /var/cache/dnf /var/tmp /tmp 2>/dev/null)" check_full_disk ;;
        *'incorrect checksum'* | *'does not match intended download'*)
            pick '*checksum*' '*intended download*'
            reason="a package does not match the metadata: $picked. Set update_cache: true;"
            reason="$reason if that does not help, the repository itself is broken" ;;
        *' conflicts with '* | *' conflicts between '*)
            pick '*conflicts *'
            reason="packages conflict: $picked. Remove the one that is in the way first" ;;
        *'nothing provides '* | *'Requires: '*)
            pick '*nothing provides*' '*Requires: *'
            reason="no enabled repository has a package that is required: $picked" ;;
        *protected*)
            pick '*protected*'
            reason=$picked ;;
        *'create transaction lock'*)
            reason='another rpm is running on this host: wait until it ends' ;;
        *'No package '*' available'* | *'No match for argument'* | *'Unable to find a match'* | \
            *'Nothing to do'*)
            explain_no_package ;;
        *)
            pick '*[Ee]rror*'
            reason=${picked:-"yum ended with exit $status"}
            [ "$status" -le 128 ] ||
                reason="yum was killed by signal $((status - 128)): see dmesg, and run again" ;;
    esac
    mention_interrupted
}
explain_no_space() { reason="the disk is full: $1. Make room (yum clean packages, old kernels)"; }
check_full_disk() {
    case $1 in *' 100% '*) explain_no_space "${1##*% } has no free block" ;; esac
}
# mention_interrupted: add to $reason that an earlier transaction was killed. yum 3.4 leaves its list
# then; dnf does not.
mention_interrupted() {
    for list in "$root"/var/lib/yum/transaction-all.*; do
        [ ! -e "$list" ] || reason="$reason. An earlier transaction was interrupted ($list):" \
            reason="$reason see yum-complete-transaction, and \`package-cleanup --dupes\`"
    done
}
explain_no_package() {
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

# finish WHAT: report what a transaction changed, and fail if yum failed.
finish() {
    report rc "$status"
    output
    report_changes
    case $status in
        0) ;;
        *) explain; fail "$1: $reason" ;;
    esac
}
# join_lines LINES: set $joined to the lines, with commas between them.
join_lines() {
    joined=''
    each "$1" add_line
}
add_line() { joined=$joined${joined:+, }$1; }
