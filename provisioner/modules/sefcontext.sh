# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module sefcontext: set the SELinux context of the files below a path.
# semanage needs seconds even to list the rules, so they are read from the files in which it keeps them.

policy() {
    type=targeted
    [ -r "$settings/config" ] || return 0
    while IFS='=' read -r key word; do
        [ "$key" != SELINUXTYPE ] || type=$word
    done <"$settings/config"
}
# defined FILE...: print the context that the last line about target and type of file gives.
defined() {
    cat -- "$@" | target=$target mark=$mark awk '
        $1 == ENVIRON["target"] && (NF == 3 ? $2 : "") == ENVIRON["mark"] { context = $NF }
        END { print context }'
}
substituted() {
    [ -r "$folder/file_contexts.subs" ] || return
    while read -r name other; do
        [ "$name" != "$target" ] || [ "$other" != "$substitute" ] || return 0
    done <"$folder/file_contexts.subs"
    return 1
}
# wanted: the context, with what is not given as it is now.
wanted() {
    now=$(defined "$folder/file_contexts" "$folder/file_contexts.local")
    user=${seuser:-${now%%:*}} range=${now#*:*:*:}
    case $now in
        *:*:*:*) ;;
        *) user=${seuser:-system_u} range=s0 ;;
    esac
    case $setype in
        '<<none>>') context=$setype ;;
        *) context=$user:object_r:$setype:${selevel:-$range} ;;
    esac
}
set_right() { wanted; [ "$now" = "$context" ]; }
set_it() {
    if [ -n "$now" ]; then verb=-m; else verb=-a; fi
    if [ "$setype" = '<<none>>' ]; then manage "$verb" -f "$ftype" -t "$setype" "$target"
    else manage "$verb" -f "$ftype" -s "$user" -r "${selevel:-$range}" -t "$setype" "$target"
    fi
}
not_set() { [ -z "$(defined "$folder/file_contexts.local")" ]; }
unset_it() { manage -d -f "$ftype" "$target"; }
substitute_it() { manage -a -e "$substitute" "$target"; }
not_substituted() { ! substituted; }
keep_it() { manage -d -e "$substitute" "$target"; }
manage() {
    if [ "$reload" = yes ]; then semanage fcontext "$@"; else semanage fcontext -N "$@"; fi
}

policy
folder=$settings/$type/contexts/files
if [ ! -e /sys/fs/selinux/enforce ] && [ "$ignore_selinux_state" = no ]; then
    [ "$look" = yes ] || fail 'SELinux is disabled on this host: set ignore_selinux_state: true'
fi
if [ "$look" = no ] && ! command -v semanage >/dev/null; then
    fail 'semanage is not there: install policycoreutils-python in an earlier task'
fi
if [ -n "$substitute" ]; then
    if [ "$state" = present ]; then
        ensure "label $target as $substitute" substituted substitute_it
    else
        ensure "label $target no longer as $substitute" not_substituted keep_it
    fi
elif [ "$state" = present ]; then
    ensure "set SELinux context of $target: $setype" set_right set_it
else
    ensure "remove SELinux context of $target" not_set unset_it
fi
