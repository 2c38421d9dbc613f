# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module firewalld: set what a zone allows, now and after a restart.

# wall WHERE OPTION...: call firewalld's command. WHERE is now (the running firewall) or kept (its
# configuration files).
wall() {
    where=$1; shift
    [ -z "$zone" ] || [ "$zoneless" = yes ] || set -- "--zone=$zone" "$@"
    if [ "$where" = now ]; then firewall-cmd "$@"
    elif [ "$running" = yes ]; then firewall-cmd --permanent "$@"
    else firewall-offline-cmd "$@"
    fi
}
holds_all() {
    eval "set -- \"\$1\" $queries"
    where=$1; shift
    for query; do
        wall "$where" "$query" || return
    done
}
is_right() { if [ "$enable" = yes ]; then holds_all "$1"; else ! holds_all "$1"; fi; }
change() {
    eval "set -- \"\$1\" $changes"
    where=$1; shift
    if [ "$where" = now ] && [ "$timeout" -gt 0 ] && [ "$enable" = yes ]; then
        set -- "$@" "--timeout=$timeout"
    fi
    wall "$where" "$@"
}
has_target() { [ "$(wall kept --get-target)" = "$wanted_target" ]; }
set_target() { wall kept "--set-target=$wanted_target"; }
zone_is_right() {
    zoneless=yes
    zones=$(wall kept --get-zones)
    zoneless=no
    case " $zones " in *" $zone "*) [ "$enable" = yes ] ;; *) [ "$enable" = no ] ;; esac
}
make_zone() {
    zoneless=yes
    verb=--delete-zone
    [ "$enable" = no ] || verb=--new-zone
    wall kept "$verb=$zone"
    code=$?
    zoneless=no
    return "$code"
}

running=yes zoneless=no
if ! command -v firewall-cmd; then
    missing='firewalld is not installed: install the package firewalld in an earlier task'
    [ "$look" = yes ] || fail "$missing"
    assume "$missing"
    changed "$what"
    return
fi
firewall-cmd --state || running=no
if [ "$running" = no ] && [ "$kept" = no ] && [ "$look" = no ]; then
    fail 'firewalld is not running: start it first (module service), or set permanent: true'
fi
case $kind in
    zone) ensure "$what" zone_is_right make_zone ;;
    target) ensure "$what" has_target set_target ;;
    *)
        if [ "$kept" = yes ]; then ensure "$what (permanent)" is_right change kept; fi
        if [ "$now" = yes ]; then
            if [ "$running" = yes ]; then ensure "$what" is_right change now
            elif [ "$look" = yes ]; then changed "$what"
            elif [ "$offline" != yes ] && [ "$given_now" = yes ]; then
                fail 'firewalld is not running, which immediate: true needs: start it first (module service)'
            fi
        fi
        ;;
esac
