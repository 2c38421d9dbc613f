# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module selinux: set SELinux's mode and policy, now and at boot.

edit_line() {
    case $line in
        SELINUX=*) has_state=yes; keep_line "SELINUX=$state" ;;
        SELINUXTYPE=*)
            has_policy=yes
            if [ -n "$policy" ]; then keep_line "$line_policy"; else keep_line "$line"; fi
            ;;
        *) keep_line "$line" ;;
    esac
}
has_mode() { read -r mode </sys/fs/selinux/enforce && [ "$mode" = "$enforce" ]; }
set_mode() { setenforce "$enforce"; }
has_argument() {
    args=$(grubby --info=ALL) || return
    case $args in *selinux=0*) [ "$state" = disabled ] ;; *) [ "$state" != disabled ] ;; esac
}
set_argument() {
    if [ "$state" = disabled ]; then grubby --update-kernel=ALL --args=selinux=0
    else grubby --update-kernel=ALL --remove-args=selinux=0
    fi
}

line_policy=SELINUXTYPE=$policy has_state='' has_policy=''
if [ "$look" = no ] && [ ! -e "$configfile" ] && [ "$state" != disabled ]; then
    fail "$configfile does not exist: install selinux-policy-targeted in an earlier task"
fi
if [ -L "$configfile" ]; then configfile=$(readlink -f -- "$configfile"); fi
if [ -n "$policy" ] && [ "$look" = no ] && [ ! -d "/etc/selinux/$policy" ]; then
    fail "the policy $policy is not installed: install selinux-policy-$policy in an earlier task"
fi
edit "$configfile" edit_line
if [ -n "$text" ] || [ "$state" != disabled ]; then
    [ -n "$has_state" ] || keep_line "SELINUX=$state"
    [ -n "$has_policy$policy" ] && [ -z "$has_policy" ] && keep_line "$line_policy"
    store "$configfile" "set SELinux to $state in $configfile"
fi
enforce=0
[ "$state" != enforcing ] || enforce=1
if [ -e /sys/fs/selinux/enforce ]; then
    ensure "set SELinux to ${now_word} now" has_mode set_mode
    [ "$state" != disabled ] || report reboot yes
elif [ "$state" != disabled ]; then
    report reboot yes
fi
if [ "$update_kernel_param" = yes ]; then
    ensure "set selinux=0 for the kernel: $state" has_argument set_argument
fi
