# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module selinux: set SELinux's mode and policy, now and at boot.

one_line() {
    case $line in
        SELINUX=*) said_state=yes; keep_line "SELINUX=$state" ;;
        SELINUXTYPE=*)
            said_policy=yes
            if [ -n "$policy" ]; then keep_line "$line_policy"; else keep_line "$line"; fi
            ;;
        *) keep_line "$line" ;;
    esac
}
enforcing() { read -r mode </sys/fs/selinux/enforce && [ "$mode" = "$wanted" ]; }
enforce() { setenforce "$wanted"; }
booted_so() {
    args=$(grubby --info=ALL) || return
    case $args in *selinux=0*) [ "$state" = disabled ] ;; *) [ "$state" != disabled ] ;; esac
}
boot_so() {
    if [ "$state" = disabled ]; then grubby --update-kernel=ALL --args=selinux=0
    else grubby --update-kernel=ALL --remove-args=selinux=0
    fi
}

line_policy=SELINUXTYPE=$policy said_state='' said_policy=''
if [ "$look" = no ] && [ ! -e "$configfile" ] && [ "$state" != disabled ]; then
    fail "$configfile is not there: install selinux-policy-targeted first"
fi
if [ -L "$configfile" ]; then configfile=$(readlink -f -- "$configfile"); fi
if [ -n "$policy" ] && [ "$look" = no ] && [ ! -d "/etc/selinux/$policy" ]; then
    fail "the policy $policy is not installed: install selinux-policy-$policy first"
fi
edit "$configfile" one_line
if [ -n "$text" ] || [ "$state" != disabled ]; then
    [ -n "$said_state" ] || keep_line "SELINUX=$state"
    [ -n "$said_policy$policy" ] && [ -z "$said_policy" ] && keep_line "$line_policy"
    store "$configfile" "set SELinux to $state in $configfile"
fi
wanted=0
[ "$state" != enforcing ] || wanted=1
if [ -e /sys/fs/selinux/enforce ]; then
    ensure "set SELinux to ${now_word} now" enforcing enforce
    [ "$state" != disabled ] || report reboot yes
elif [ "$state" != disabled ]; then
    report reboot yes
fi
if [ "$update_kernel_param" = yes ]; then
    ensure "set selinux=0 for the kernel: $state" booted_so boot_so
fi
