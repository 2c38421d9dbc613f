"""The sh body of `yum`.

Its variables: `names` are items QUERY=NAME=EVR=SPEC (SPEC as the user gave it, QUERY what `rpm -q`
calls it), `files` items QUERY=SPEC (rpms by path or URL), `versions` items NAME OP EVR, `provided`
capabilities, `asked` what only yum understands: globs and groups.
"""

from __future__ import annotations

BODY = r"""
nl='
'
# -- asking rpm

# The evr of a package, without a zero epoch, as yum shows it.
EVR='%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}'

rpm_() { rpm ${root:+--root "$root"} "$@"; }

# each LINES COMMAND [ARG...]: run the command once a line, with the line as its last argument.
each() {
    _lines=$1
    shift
    set -f
    IFS=$nl
    for _line in $_lines; do
        unset IFS
        set +f
        "$@" "$_line"
    done
    unset IFS
    set +f
}
count() {
    set -f
    IFS=$nl
    # shellcheck disable=SC2086
    set -- $1
    unset IFS
    set +f
    lines=$#
}
# has_line TEXT LINE
has_line() { case $nl$1$nl in *"$nl$2$nl"*) ;; *) return 1 ;; esac; }

# look_up: which of all packages that are asked for are there ($present) and which not ($missing, as
# lines): one process when names say all.
look_up() {
    present='' missing=''
    by_name
    by_version
    by_provides
}
by_name() {
    eval "set -- $names $files"
    [ $# -gt 0 ] || return 0
    for item; do set -- "$@" "${item%%=*}"; shift; done
    said=$(rpm_ -q --qf '%{NAME} %|EPOCH?{%{EPOCH}}:{0}|\n' -- "$@" 2>/dev/null) || :
    count "$said"
    # Each one has its line, there or not: silence must not count as "there".
    [ "$lines" -ge $# ] || [ "$look" = yes ] || database_broken
    eval "set -- $names"
    for item; do
        query=${item%%=*} rest=${item#*=}
        name=${rest%%=*} rest=${rest#*=}
        evr=${rest%%=*}
        spec=${rest#*=}
        if [ "$lines" -eq 0 ] || has_line "$said" "package $query is not installed"; then
            missing=$missing$spec$nl
        else
            case $evr in
                *:*) has_line "$said" "$name ${evr%%:*}" || { missing=$missing$spec$nl; continue; } ;;
            esac
            present=$present$spec$nl
        fi
    done
    eval "set -- $files"
    for item; do
        spec=${item#*=}
        if [ "$lines" -eq 0 ] || has_line "$said" "package ${item%%=*} is not installed"; then
            in_file "$spec" || { missing=$missing$spec$nl; continue; }
        fi
        present=$present$spec$nl
    done
}
# in_file SPEC: the package in the file is there, whatever the file is called.
in_file() {
    [ "$state" != absent ] || return 1
    case $1 in
        # rpm reads the header only, so that curl ends after some kilobytes.
        *://*) inside=$(curl -fsL --max-time 20 -- "$1" | rpm -qp --qf "$NEVRA" /dev/stdin 2>/dev/null) ;;
        *) [ -r "$1" ] && inside=$(rpm -qp --qf "$NEVRA" -- "$1" 2>/dev/null) ;;
    esac
    [ -n "$inside" ] && rpm_ -q -- "$inside" >/dev/null 2>&1
}
NEVRA='%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}'

by_version() {
    eval "set -- $versions"
    for spec; do
        if version_there "$spec"; then present=$present$spec$nl; else missing=$missing$spec$nl; fi
    done
}
# version_there "NAME OP EVR": an installed package satisfies it.
version_there() {
    operator=${1#* } wanted=${1##* }
    operator=${operator%% *}
    installed=$(rpm_ -q --qf "$EVR\n" -- "${1%% *}" 2>/dev/null) || return
    for evr in $installed; do
        compare "$evr" "$wanted"
        case $operator$order in
            '=0' | '==0' | '>1' | '<-1' | '>=1' | '>=0' | '<=-1' | '<=0') return 0 ;;
        esac
    done
    return 1
}
# compare EVR EVR: $order is -1, 0 or 1 as the first is older, equal or newer. rpm.vercmp knows one
# part of it at a time (before rpm 4.16); a part that isn't given equals any.
compare() {
    split "$1"
    set -- "$1" "$2" "$epoch" "$version" "$release"
    split "$2"
    [ -n "$release" ] || set -- "$1" "$2" "$3" "$4" ''
    [ -n "$5" ] || release=''
    order=$(rpm --eval "%{lua:
        function c(a, b) return rpm.vercmp(a, b) end
        local r = c('$3', '$epoch')
        if r == 0 then r = c('$4', '$version') end
        if r == 0 then r = c('$5', '$release') end
        print(r)}" 2>/dev/null) || :
    order=${order%%"$nl"*}
}
split() {
    case $1 in *:*) epoch=${1%%:*} ;; *) epoch=0 ;; esac
    version=${1#*:} release=''
    case $version in *-*) release=${version#*-} version=${version%%-*} ;; esac
}

# by_provides: capabilities, and names that another package provides.
by_provides() {
    eval "set -- $provided"
    if [ "$state" != absent ]; then each "$missing" wanted_name; fi
    eval "set -- $provided $wanted_names"
    [ $# -gt 0 ] || return 0
    said=$(rpm_ -q --whatprovides --qf '%{NAME}\n' -- "$@" 2>&1) || :
    for spec; do
        case $nl$said$nl in
            *"no package provides $spec$nl"* | *"file $spec: "* | *"file $spec is not owned"*)
                has_line "$missing" "$spec" || missing=$missing$spec$nl ;;
            *)
                has_line "$missing" "$spec" && drop "$spec"
                present=$present$spec$nl ;;
        esac
    done
}
wanted_names=''
# A plain name or path: no version, nothing to quote.
wanted_name() {
    case $1 in
        *[!A-Za-z0-9._+-]*) ;;
        *) has_line "$wanted_names" "$1" || wanted_names="$wanted_names $1" ;;
    esac
}
# drop LINE: take it out of $missing.
drop() {
    before_it=${missing%%"$1$nl"*}
    missing=$before_it${missing#"$before_it$1$nl"}
}

# -- asking and running yum

# $dnf: yum is a link to dnf from EL8 on.
dnf=no
yum_path=$(command -v yum) || :
if [ -L "$yum_path" ]; then dnf=yes; fi

yum_() {
    eval "set -- \"\$@\" $options"
    if [ "$dnf" = yes ]; then eval "set -- \"\$@\" $dnf_options"; fi
    yum --setopt=exit_on_lock=1 "$@"
}
# nothing_to_do COMMAND SPECS: yum itself would change nothing. It may refresh its cache, no more.
nothing_to_do() {
    answer=$(each_spec "$2" yum_ --assumeno "$1" 2>&1) || :
    case $answer in *'Nothing to do'* | *'No Packages marked for'*) ;; *) return 1 ;; esac
}
# each_spec LINES COMMAND [ARG...]: run the command with all lines as further arguments.
each_spec() {
    _specs=$1
    shift
    set -f
    IFS=$nl
    # shellcheck disable=SC2086
    set -- "$@" $_specs
    unset IFS
    set +f
    "$@"
}
# holder: who holds yum's or dnf's lock, as $holder; a pid file of a dead process is stale.
holder() {
    for lock in "$root/var/run/yum.pid" "$root/var/cache/dnf/metadata_lock.pid" \
        "$root/var/cache/dnf/download_lock.pid" "$root/var/lib/dnf/rpmdb_lock.pid"; do
        holder=''
        [ ! -s "$lock" ] || read -r holder <"$lock" || :
        if [ -n "$holder" ] && read -r program 2>/dev/null <"/proc/$holder/comm"; then return; fi
    done
    holder=''
    return 1
}
locked() {
    case $(stdout; stderr) in
        *'holding the yum lock'* | *'Failed to obtain the transaction lock'*) ;;
        *) [ "$status" -eq 200 ] ;;
    esac
}
# transaction COMMAND SPECS: run yum, waiting for its lock as long as is allowed.
transaction() {
    waited=0
    while :; do
        if ! holder; then
            run each_spec "$2" yum_ -y "$1" || :
            if [ "$status" -eq 0 ] || ! locked; then return 0; fi
            holder || :
        fi
        [ "$waited" -lt "$lock_timeout" ] || break
        waited=$((waited + 1))
        sleep 1
    done
    who=${holder:+by PID $holder${program:+ ($program, $lock)}}
    fail "yum is locked ${who:-by another process}, after $waited s still: let it end, or set" \
        'lock_timeout higher. Nothing was changed'
}

# -- what a transaction changed

packages() { rpm_ -qa --qf "%{NAME}.%{ARCH} $EVR\n" 2>/dev/null; }

remember() {
    old=$(packages) || old=''
    [ -n "$old" ] || [ -n "$root" ] || database_broken
}
# tell: report every package that is another than before.
tell() {
    new=$(packages) || :
    differing=$(printf '%s\n' "$old" "$new" | sort | uniq -u)
    each "$differing" tell_one
}
tell_one() {
    package=${1%% *} evr=${1#* }
    name=${package%.*}
    earlier=''
    each "$differing" find_other "$1" "$package"
    if has_line "$new" "$1"; then
        if [ -n "$earlier" ] && has_line "$old" "$package $earlier"; then
            report updated "$name $earlier $evr"
            changed "update $name $earlier to $evr"
        else
            report installed "$name $evr"
            changed "install $name $evr"
        fi
    elif [ -z "$earlier" ] || ! has_line "$new" "$package $earlier"; then
        report removed "$name $evr"
        changed "remove $name $evr"
    fi
}
# find_other LINE PACKAGE OTHER: another version of it among the differences, as $earlier.
find_other() {
    if [ "$3" != "$1" ] && [ "${3%% *}" = "$2" ]; then earlier=${3#* }; fi
}

# -- failures

database_broken() {
    error=$(rpm_ -q rpm 2>&1) || :
    fail "rpm's database ($root/var/lib/rpm) can't be read: ${error%%"$nl"*}. It was left alone:" \
        'save a copy of it, then try `rpm --rebuilddb`'
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
    [ "$number" -lt 3 ] || return 0
    case $picked in *"$line"*) return 0 ;; esac
    number=$((number + 1)) picked=$picked${picked:+; }$line
}
# explain: why yum failed and what to do, as $reason.
explain() {
    said=$(stdout; stderr)
    case $said in
        *DB_RUNRECOVERY* | *'rpmdb open failed'* | *'cannot open Packages'* | *'rpmdb: damaged'*)
            database_broken ;;
        *'No space left on device'* | *'more space needed on'*)
            pick '*[sS]pace*'
            reason="the disk is full: $picked. Make room (yum clean packages, old kernels)" ;;
        *'GPG check FAILED'* | *' is not signed'* | *'Public key for '* | \
            *'GPG key retrieval failed'* | *'Invalid GPG Key'* | \
            *'not correct for this package'* | *'signature could not be verified'*)
            pick '*[Gg][Pp][Gg]*' '*sign*'
            reason="a signature was refused, so nothing was installed: $picked. Import the right key"
            reason="$reason (rpm_key, or gpgkey of the repository) or use a signed package" ;;
        *mirrorlist.centos.org* | *mirror.centos.org*)
            reason="CentOS 7 is at its end of life, and its mirrors are gone: point the repositories"
            reason="$reason at an archive (http://vault.centos.org/7.9.2009/ or a mirror of it)" ;;
        *'Cannot find a valid baseurl'* | *'Cannot retrieve repository metadata'* | \
            *'No more mirrors to try'* | *'Failed to download'* | *'Could not retrieve mirrorlist'* | \
            *'Error downloading packages'* | *'Cannot download'* | *'Cannot open'*://* | \
            *'repomd.xml does not match'* | *'Error processing'*metadata*)
            pick '*://*' '*Errno*'
            [ -n "$picked" ] || pick '*repo*'
            reason="a repository can't be read: $picked. Check its URL, the network and the proxy" ;;
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
        *'No package '*' available'* | *'No match for argument'* | *'Unable to find a match'*)
            no_package ;;
        *)
            pick '*[Ee]rror*'
            reason=${picked:-"yum ended with exit $status"} ;;
    esac
    unfinished
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
    if [ -n "$repositories" ]; then
        reason="no such package: ${unknown:-see stderr}. The enabled repositories don't have it:"
        reason="$reason $repositories"
    else
        reason="no such package: ${unknown:-see stderr}. No repository is enabled"
    fi
}
unknown=''
add_missing() { unknown=$unknown${unknown:+, }$1; }
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

# -- the states

install() {
    look_up
    # Globs and groups: only yum knows, a second at least.
    eval "set -- $asked"
    for spec; do nothing_to_do install "$spec" || missing=$missing$spec$nl; done
    [ -n "$missing" ] || return 0
    if [ "$look" = yes ]; then each "$missing" would install; return; fi
    remember
    refresh
    older
    all=$missing
    [ -n "$all" ] || return 0
    words "$all"
    what="install $joined"
    transaction install "$all"
    finish "$what"
    prove_installed "$what"
}
would() { changed "$1 $2"; }

# older: a version that is older than what is there is refused, or taken by `downgrade`.
older() {
    eval "set -- $names"
    for item; do
        rest=${item#*=}
        name=${rest%%=*} rest=${rest#*=}
        evr=${rest%%=*} spec=${rest#*=}
        [ -n "$evr" ] && has_line "$missing" "$spec" || continue
        installed=$(rpm_ -q --qf "$EVR\n" -- "$name" 2>/dev/null) || continue
        compare "${installed##*"$nl"}" "$evr"
        [ "$order" = 1 ] || continue
        [ "$allow_downgrade" = yes ] ||
            fail "install $spec: $name ${installed##*"$nl"} is there and newer. To go back set" \
                'allow_downgrade: true'
        transaction downgrade "$spec"
        finish "downgrade to $spec"
        old=$new
        drop "$spec"
    done
}
# yum 3.4 skips unknown names and exits 0 if it installs another one.
prove_installed() {
    [ -n "$all" ] || return 0
    kept=$all
    look_up
    each "$kept" still_missing
    [ -z "$unproved" ] || { missing=$unproved; no_package; unfinished; fail "$1: $reason"; }
}
unproved=''
still_missing() {
    case $1 in *://* | *.rpm) return 0 ;; esac
    has_line "$missing" "$1" || return 0
    unproved=$unproved$1$nl
}

refresh() { [ "$update_cache" = no ] || run yum_ -q clean expire-cache || :; }

latest() {
    look_up
    outdated=''
    [ "$update_only" = no ] || missing=''
    eval "set -- $asked"
    for spec; do
        case $spec in
            '*') outdated='*' ;;
            @*) nothing_to_do install "$spec" || missing=$missing$spec$nl ;;
            *)
                if [ -n "$(rpm_ -qa --qf x -- "$spec")" ]; then present=$present$spec$nl
                elif [ "$update_only" = no ]; then missing=$missing$spec$nl
                fi ;;
        esac
    done
    each "$present" not_file
    [ "$outdated" = '*' ] || outdated=$updatable
    [ "$look" = yes ] || refresh
    [ -z "$outdated" ] || check_update
    if [ "$look" = yes ]; then
        each "$missing" would install
        each "$updates" would update
        return
    fi
    [ -n "$missing$updates" ] || return 0
    remember
    all=$missing
    if [ -n "$missing" ]; then
        words "$missing"
        transaction install "$missing"
        finish "install $joined"
        prove_installed "install $joined"
        old=$new
    fi
    [ -n "$updates" ] || return 0
    words "$updates"
    [ "$outdated" != '*' ] || outdated=''
    transaction update "$outdated"
    finish "update $joined"
}
updatable='' updates=''
not_file() { case $1 in *://* | *.rpm | @*) ;; *) updatable=$updatable$1$nl ;; esac; }
# check_update: what has a newer version, as lines "NAME to EVR" in $updates.
check_update() {
    specs=$outdated
    [ "$specs" != '*' ] || specs=''
    rc=0
    answer=$(each_spec "$specs" yum_ -q check-update 2>/dev/null) || rc=$?
    case $rc in
        0) return 0 ;;
        100) each "${answer%%"$nl"Obsoleting*}" add_update ;;
    esac
    # Yum itself will say what is wrong when it applies.
    [ -n "$updates" ] || updates=$outdated
}
add_update() {
    case $1 in ' '*) return 0 ;; esac
    # shellcheck disable=SC2086
    set -- $1
    [ $# -ge 2 ] || return 0
    case $2 in [0-9]*) updates="$updates${1%.*} to $2$nl" ;; *) updates=$updates${1%.*}$nl ;; esac
}

remove() {
    look_up
    eval "set -- $asked"
    for spec; do
        case $spec in
            @*) nothing_to_do remove "$spec" || present=$present$spec$nl ;;
            *) present=$present$(rpm_ -qa --qf '%{NAME}\n' -- "$spec")$nl ;;
        esac
    done
    present=${present#"$nl"}
    command=remove
    if [ "$autoremove" = yes ]; then
        command=autoremove
        if [ -z "$names$files$versions$provided$asked" ]; then
            ! nothing_to_do autoremove '' || return 0
            [ "$look" = no ] || { changed 'remove packages that nothing needs'; return 0; }
            remember
            transaction autoremove ''
            finish 'remove packages that nothing needs'
            return
        fi
    fi
    [ -n "$present" ] || return 0
    if [ "$look" = yes ]; then each "$present" would remove; return; fi
    remember
    words "$present"
    what="remove $joined"
    transaction "$command" "$present"
    finish "$what"
    gone=$present
    look_up
    each "$gone" still_there
}
still_there() {
    ! has_line "$present" "$1" || fail "$what: yum said that it did, but $1 is still installed"
}

download() {
    look_up
    eval "set -- $asked"
    for spec; do missing=$missing$spec$nl; done
    each "$missing" not_downloaded
    [ -n "$needed" ] || return 0
    if [ "$look" = yes ]; then each "$needed" would download; return; fi
    words "$needed"
    what="download $joined"
    transaction install "$needed"
    report rc "$status"
    output
    # yum 3.4 ends with 1 when it has only downloaded, as it was told.
    case $status$(stdout; stderr) in
        0* | *'"Download Only" specified'*) each "$needed" would download ;;
        *) explain; fail "$what: $reason" ;;
    esac
}
needed=''
not_downloaded() {
    found=''
    # shellcheck disable=SC2086
    case $1 in
        *[/@]*) ;;
        *) found=$(find ${download_dir:-/var/cache/yum /var/cache/dnf} -name "$1*.rpm" 2>/dev/null) ;;
    esac
    [ -n "$found" ] || needed=$needed$1$nl
}

query() {
    case $list in
        installed) report installed_list "$(list_rpm -qa)" ;;
        repos | repositories) report repos "$(yum_ -q repolist all 2>/dev/null)" ;;
        updates | available) report "list" "$(yum_ -q list "$list" 2>/dev/null)" ;;
        *)
            report installed_list "$(list_rpm -q -- "$list")"
            report "list" "$(yum_ -q --showduplicates list available "$list" 2>/dev/null)" ;;
    esac
}
list_rpm() {
    option=$1
    shift
    rpm_ "$option" --qf '%{NAME} %|EPOCH?{%{EPOCH}}:{0}| %{VERSION} %{RELEASE} %{ARCH}\n' "$@" 2>/dev/null |
        grep -v ' is not installed$'
}

if [ -n "$list" ]; then query; return; fi
case $state in
    present) if [ "$download_only" = yes ]; then download; else install; fi ;;
    latest) if [ "$download_only" = yes ]; then download; else latest; fi ;;
    absent) remove ;;
    cache)
        # Fresh metadata is no change of the host, but only applying fetches it.
        if [ "$look" = yes ]; then changed 'refresh the metadata'; return; fi
        if [ "$dnf" = yes ]; then transaction makecache ''; else transaction makecache fast; fi
        report rc "$status"
        output
        [ "$status" -eq 0 ] || { explain; fail "refresh the metadata: $reason"; } ;;
esac
report checked "$present"
"""
