# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module hostname: set the host's name, now and at boot.

named() {
    read -r now </proc/sys/kernel/hostname
    [ "$now" = "$name" ] && kept
}
kept() {
    kept=''
    [ ! -r /etc/hostname ] || read -r kept </etc/hostname || true
    [ "$kept" = "$name" ]
}
# hostnamectl writes the file and tells who wants to know; without systemd there is hostname(1).
rename() {
    hostnamectl set-hostname "$name" && named && return
    hostname "$name"
}
if ! named && [ "$look" = no ]; then
    run rename || broken "set hostname: $name" "exit $status"
    if ! kept; then
        edit /etc/hostname true
        content=$name$nl
        store /etc/hostname "write /etc/hostname"
    fi
    named || fail "the host is still called $now: see \`systemctl status systemd-hostnamed\`"
    changed "set hostname: $name"
elif ! named; then
    changed "set hostname: $name"
fi
