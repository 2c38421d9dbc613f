# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module hostname: set the host's name, now and at boot.

has_name() {
    read -r current </proc/sys/kernel/hostname
    [ "$current" = "$name" ] && has_file
}
has_file() {
    line=''
    [ ! -r /etc/hostname ] || read -r line </etc/hostname || true
    [ "$line" = "$name" ]
}
# hostnamectl also writes /etc/hostname and informs other services. Without systemd there is hostname(1).
rename() {
    hostnamectl set-hostname "$name" && has_name && return
    hostname "$name"
}
if ! has_name && [ "$look" = no ]; then
    run rename || broken "set hostname: $name" "exit $status"
    if ! has_file; then
        edit /etc/hostname true
        content=$name$nl
        store /etc/hostname "write /etc/hostname"
    fi
    has_name || fail "the hostname is still $current: see \`systemctl status systemd-hostnamed\`"
    changed "set hostname: $name"
elif ! has_name; then
    changed "set hostname: $name"
fi
