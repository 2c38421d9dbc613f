# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module sefcontext: set the SELinux context of the files below a path.
# semanage needs seconds even to list the rules, so they are read from the files in which it keeps them.

# find_policy: set $type to the name of the policy.
find_policy() {
    type=targeted
    [ -r "$settings/config" ] || return 0
    while IFS='=' read -r key word; do
        [ "$key" != SELINUXTYPE ] || type=$word
    done <"$settings/config"
}
# context_in FILE...: print the context in the last line for the target and type of file.
context_in() {
    cat -- "$@" | target=$target mark=$mark awk '
        $1 == ENVIRON["target"] && (NF == 3 ? $2 : "") == ENVIRON["mark"] { context = $NF }
        END { print context }'
}
is_substituted() {
    [ -r "$folder/file_contexts.subs" ] || return
    while read -r name other; do
        [ "$name" != "$target" ] || [ "$other" != "$substitute" ] || return 0
    done <"$folder/file_contexts.subs"
    return 1
}
# find_context: set $current to the present context and $context to the one of the task. Parts that the
# task does not set stay as they are.
find_context() {
    current=$(context_in "$folder/file_contexts" "$folder/file_contexts.local")
    user=${seuser:-${current%%:*}} range=${current#*:*:*:}
    case $current in
        *:*:*:*) ;;
        *) user=${seuser:-system_u} range=s0 ;;
    esac
    case $setype in
        '<<none>>') context=$setype ;;
        *) context=$user:object_r:$setype:${selevel:-$range} ;;
    esac
}
has_context() { find_context; [ "$current" = "$context" ]; }
set_context() {
    if [ -n "$current" ]; then verb=-m; else verb=-a; fi
    if [ "$setype" = '<<none>>' ]; then manage "$verb" -f "$ftype" -t "$setype" "$target"
    else manage "$verb" -f "$ftype" -s "$user" -r "${selevel:-$range}" -t "$setype" "$target"
    fi
}
has_no_context() { [ -z "$(context_in "$folder/file_contexts.local")" ]; }
remove_context() { manage -d -f "$ftype" "$target"; }
add_substitute() { manage -a -e "$substitute" "$target"; }
lacks_substitute() { ! is_substituted; }
remove_substitute() { manage -d -e "$substitute" "$target"; }
manage() {
    if [ "$reload" = yes ]; then semanage fcontext "$@"; else semanage fcontext -N "$@"; fi
}

find_policy
folder=$settings/$type/contexts/files
if [ ! -e /sys/fs/selinux/enforce ] && [ "$ignore_selinux_state" = no ]; then
    [ "$look" = yes ] || fail 'SELinux is disabled on this host: set ignore_selinux_state: true'
fi
if [ "$look" = no ] && ! command -v semanage >/dev/null; then
    fail 'semanage is not installed: install policycoreutils-python in an earlier task'
fi
if [ -n "$substitute" ]; then
    if [ "$state" = present ]; then
        ensure "label $target as $substitute" is_substituted add_substitute
    else
        ensure "label $target no longer as $substitute" lacks_substitute remove_substitute
    fi
elif [ "$state" = present ]; then
    ensure "set SELinux context of $target: $setype" has_context set_context
else
    ensure "remove SELinux context of $target" has_no_context remove_context
fi
