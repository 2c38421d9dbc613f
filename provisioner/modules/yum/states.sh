# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of yum, part 4: apply the state that the task asks for.

install() {
    look_up
    # Globs and groups: only yum knows, a second at least.
    eval "set -- $asked"
    for spec; do nothing_to_do install "$spec" || missing=$missing$spec$nl; done
    keep_newer
    [ -n "$missing" ] || return 0
    report to_install "$missing"
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

# newer_there ITEM: a newer version of it is there, $installed; $spec is how it was asked for.
newer_there() {
    rest=${1#*=}
    name=${rest%%=*} rest=${rest#*=}
    evr=${rest%%=*} spec=${rest#*=}
    if [ -z "$evr" ] || ! has_line "$missing" "$spec"; then return 1; fi
    # Kernels are there side by side.
    case $name in kernel* | kmod-*) return 1 ;; esac
    installed=$(rpm_ -q --qf "$EVR\n" -- "$name" 2>/dev/null) || return
    installed=${installed##*"$nl"}
    compare "$installed" "$evr"
    [ "$order" = 1 ]
}
# keep_newer: as with Ansible, what is there and newer stays, but not without a word.
keep_newer() {
    [ "$allow_downgrade" = no ] || return 0
    eval "set -- $names"
    for item; do
        newer_there "$item" || continue
        drop "$spec"
        text="$name $installed is there and newer than $spec, so it stays"
        report warning "$text: allow_downgrade: true goes back"
    done
}
# older: go back to the older versions that are asked for.
older() {
    [ "$allow_downgrade" = yes ] || return 0
    eval "set -- $names"
    for item; do
        newer_there "$item" || continue
        verb=downgrade
        transaction downgrade "$spec"
        finish "downgrade to $spec"
        all=$spec$nl
        prove_installed "downgrade to $spec"
        old=$new verb=update
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
    if [ "$update_only" = yes ]; then report left "$missing"; missing=''; fi
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
    keep_newer
    each "$present" not_file
    [ "$outdated" = '*' ] || outdated=$updatable
    [ "$look" = yes ] || refresh
    [ -z "$outdated" ] || check_update
    [ -n "$missing$updates" ] || return 0
    report to_install "$missing"
    report to_update "$updates"
    if [ "$look" = yes ]; then
        each "$missing" would install
        each "$updates" would update
        return
    fi
    remember
    older
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
    # Longer lines are broken after the name; sentences have no dot in their first word.
    case $1 in *.*) ;; *) return 0 ;; esac
    case $#$2 in
        3[0-9]*) updates="$updates${1%.*} to $2$nl" ;;
        1) updates=$updates${1%.*}$nl ;;
    esac
}

remove() {
    look_up
    checked=$missing
    eval "set -- $asked"
    for spec; do
        case $spec in
            @*) nothing_to_do remove "$spec" && found='' || found=$spec ;;
            *) found=$(rpm_ -qa --qf '%{NAME}\n' -- "$spec") ;;
        esac
        if [ -n "$found" ]; then present=$present$found$nl; else checked=$checked$spec$nl; fi
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
    report to_remove "$present"
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
    found='' where=${download_dir:-/var/cache/yum /var/cache/dnf}
    # shellcheck disable=SC2086
    case $1 in
        *[/@]*) ;;
        *) found=$(find $where -name "$1*.rpm" 2>/dev/null) ;;
    esac
    [ -n "$found" ] || needed=$needed$1$nl
}

query() {
    case $list in
        installed) report installed_list "$(list_rpm -qa)" ;;
        repos | repositories) report repos "$(yum_ -q repolist all 2>/dev/null)" ;;
        updates | available) report "list" "$(yum_ -q list "$list" 2>/dev/null)" ;;
        *)
            report installed_list "$(list_rpm -qa -- "$list")"
            report "list" "$(yum_ -q --showduplicates list available "$list" 2>/dev/null)" ;;
    esac
}
list_rpm() {
    option=$1
    shift
    format='%{NAME} %|EPOCH?{%{EPOCH}}:{0}| %{VERSION} %{RELEASE} %{ARCH}\n'
    rpm_ "$option" --qf "$format" "$@" 2>/dev/null | grep -v ' is not installed$'
}

unset checked
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
report checked "${checked-$present}"
