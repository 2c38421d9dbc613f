# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of yum, part 4: apply the state that the task asks for.

install() {
    look_up
    # Only yum knows what globs and groups mean. It takes a second at least.
    eval "set -- $asked"
    for spec; do nothing_to_do install "$spec" || missing=$missing$spec$nl; done
    keep_newer
    [ -n "$missing" ] || return 0
    report to_install "$missing"
    if [ "$look" = yes ]; then each "$missing" would_change install; return; fi
    remember_packages
    refresh
    downgrade
    all=$missing
    [ -n "$all" ] || return 0
    join_lines "$all"
    what="install $joined"
    transaction install "$all"
    finish "$what"
    prove_installed "$what"
}
would_change() { changed "$1 $2"; }

# newer_is_installed ITEM: true if a newer version is installed ($installed). $spec is the name in
# the playbook.
newer_is_installed() {
    rest=${1#*=}
    name=${rest%%=*} rest=${rest#*=}
    evr=${rest%%=*} spec=${rest#*=}
    if [ -z "$evr" ] || ! has_line "$missing" "$spec"; then return 1; fi
    # Several kernels are installed side by side.
    case $name in kernel* | kmod-*) return 1 ;; esac
    installed=$(rpm_ -q --qf "$EVR\n" -- "$name" 2>/dev/null) || return
    installed=${installed##*"$nl"}
    compare "$installed" "$evr"
    [ "$order" = 1 ]
}
# keep_newer: keep packages that are installed in a newer version, as Ansible does, with a warning.
keep_newer() {
    [ "$allow_downgrade" = no ] || return 0
    eval "set -- $names"
    for item; do
        newer_is_installed "$item" || continue
        drop_missing "$spec"
        text="$name $installed is installed and newer than $spec, so it is kept"
        report warning "$text: set allow_downgrade: true to downgrade it"
    done
}
# downgrade: install the older versions that the task asks for.
downgrade() {
    [ "$allow_downgrade" = yes ] || return 0
    eval "set -- $names"
    for item; do
        newer_is_installed "$item" || continue
        verb=downgrade
        transaction downgrade "$spec"
        finish "downgrade to $spec"
        all=$spec$nl
        prove_installed "downgrade to $spec"
        old=$new verb=update
        drop_missing "$spec"
    done
}
# prove_installed WHAT: fail if a package is still missing: yum 3.4 ignores unknown names and exits
# with 0 if it installs any other package.
prove_installed() {
    [ -n "$all" ] || return 0
    kept=$all
    look_up
    each "$kept" note_unproved
    [ -z "$unproved" ] || { missing=$unproved; explain_no_package; mention_interrupted; fail "$1: $reason"; }
}
unproved=''
note_unproved() {
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
    each "$present" add_updatable
    [ "$outdated" = '*' ] || outdated=$updatable
    [ "$look" = yes ] || refresh
    [ -z "$outdated" ] || check_update
    [ -n "$missing$updates" ] || return 0
    report to_install "$missing"
    report to_update "$updates"
    if [ "$look" = yes ]; then
        each "$missing" would_change install
        each "$updates" would_change update
        return
    fi
    remember_packages
    downgrade
    all=$missing
    if [ -n "$missing" ]; then
        join_lines "$missing"
        transaction install "$missing"
        finish "install $joined"
        prove_installed "install $joined"
        old=$new
    fi
    [ -n "$updates" ] || return 0
    join_lines "$updates"
    [ "$outdated" != '*' ] || outdated=''
    transaction update "$outdated"
    finish "update $joined"
}
updatable='' updates=''
add_updatable() { case $1 in *://* | *.rpm | @*) ;; *) updatable=$updatable$1$nl ;; esac; }
# check_update: set $updates to lines "NAME to EVR" for packages that have a newer version.
check_update() {
    specs=$outdated
    [ "$specs" != '*' ] || specs=''
    rc=0
    answer=$(with_specs "$specs" yum_ -q check-update 2>/dev/null) || rc=$?
    case $rc in
        0) return 0 ;;
        100) each "${answer%%"$nl"Obsoleting*}" add_update ;;
    esac
    # If the check fails, the update itself reports the reason.
    [ -n "$updates" ] || updates=$outdated
}
add_update() {
    case $1 in ' '*) return 0 ;; esac
    # shellcheck disable=SC2086
    set -- $1
    # yum breaks long lines after the name. Other lines have no dot in their first word.
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
            @*) nothing_to_do remove "$spec" && matching='' || matching=$spec ;;
            *) matching=$(rpm_ -qa --qf '%{NAME}\n' -- "$spec") ;;
        esac
        if [ -n "$matching" ]; then present=$present$matching$nl; else checked=$checked$spec$nl; fi
    done
    present=${present#"$nl"}
    command=remove
    if [ "$autoremove" = yes ]; then
        command=autoremove
        if [ -z "$names$files$versions$provided$asked" ]; then
            ! nothing_to_do autoremove '' || return 0
            [ "$look" = no ] || { changed 'remove packages that nothing needs'; return 0; }
            remember_packages
            transaction autoremove ''
            finish 'remove packages that nothing needs'
            return
        fi
    fi
    [ -n "$present" ] || return 0
    report to_remove "$present"
    if [ "$look" = yes ]; then each "$present" would_change remove; return; fi
    remember_packages
    join_lines "$present"
    what="remove $joined"
    transaction "$command" "$present"
    finish "$what"
    gone=$present
    look_up
    each "$gone" fail_if_installed
}
fail_if_installed() {
    ! has_line "$present" "$1" || fail "$what: yum reported success, but $1 is still installed"
}

download() {
    look_up
    eval "set -- $asked"
    for spec; do missing=$missing$spec$nl; done
    each "$missing" add_needed
    [ -n "$needed" ] || return 0
    if [ "$look" = yes ]; then each "$needed" would_change download; return; fi
    join_lines "$needed"
    what="download $joined"
    transaction install "$needed"
    report rc "$status"
    output
    # yum 3.4 exits with 1 after a successful download without installation.
    case $status$(stdout; stderr) in
        0* | *'"Download Only" specified'*) each "$needed" would_change download ;;
        *) explain; fail "$what: $reason" ;;
    esac
}
needed=''
add_needed() {
    matching='' where=${download_dir:-/var/cache/yum /var/cache/dnf}
    # shellcheck disable=SC2086
    case $1 in
        *[/@]*) ;;
        *) matching=$(find $where -name "$1*.rpm" 2>/dev/null) ;;
    esac
    [ -n "$matching" ] || needed=$needed$1$nl
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
        # New metadata is not a change of the host, but a look can't download it.
        if [ "$look" = yes ]; then changed 'refresh the metadata'; return; fi
        if [ "$dnf" = yes ]; then transaction makecache ''; else transaction makecache fast; fi
        report rc "$status"
        output
        [ "$status" -eq 0 ] || { explain; fail "refresh the metadata: $reason"; } ;;
esac
report checked "${checked-$present}"
