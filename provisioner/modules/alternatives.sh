# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module alternatives: choose the program that a generic name such as java starts.

tool=alternatives
command -v alternatives || tool=update-alternatives
display() { display_text=$("$tool" --display "$name"); }
listed() { display; case "$nl$display_text" in *"$nl$path - "*) ;; *) false ;; esac; }
unlisted() { ! listed; }
selected() { [ "$(readlink "/etc/alternatives/$name")" = "$path" ] && ! automatic; }
automatic() {
    display
    first=${display_text%%"$nl"*}
    case $first in *'status is auto'* | *'auto mode'*) ;; *) false ;; esac
}
add() {
    target=$link
    if [ -z "$target" ]; then
        # The first line of this file is the mode (auto or manual), the second is the generic path.
        file=/var/lib/alternatives/$name
        [ -r "$file" ] || file=/var/lib/dpkg/alternatives/$name
        [ ! -r "$file" ] || { read -r _; read -r target; } <"$file"
    fi
    [ -n "$target" ] || { echo "$name is new: set link to the generic path" >&2; return 1; }
    eval "set -- $slaves"
    "$tool" --install "$target" "$name" "$path" "$priority" "$@"
}
choose() { "$tool" --set "$name" "$path"; }
automate() { "$tool" --auto "$name"; }
remove() { "$tool" --remove "$name" "$path"; }
nl='
'
if [ "$look" = no ] && [ "$state" != absent ] && [ ! -e "$path" ]; then
    fail "$path does not exist: install its package in an earlier task"
fi
case $state in
    absent) ensure "remove alternative $path of $name" unlisted remove ;;
    present) ensure "add alternative $path of $name" listed add ;;
    auto)
        ensure "add alternative $path of $name" listed add
        ensure "choose $name automatically" automatic automate
        ;;
    selected)
        ensure "add alternative $path of $name" listed add
        ensure "set $name to $path" selected choose
        ;;
esac
