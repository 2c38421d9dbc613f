# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of every module that writes one whole file: copy, template, lineinfile and others.

# whole_path: $path with the name of the file, where it stands for a directory.
whole_path() {
    case $path in
        */) ;;
        *) [ -d "$path" ] || return 0 ;;
    esac
    if [ -z "$name" ]; then
        report hint "give the name of the file in it"
        fail "$path is a directory: can not use content with a dir as dest"
    fi
    path=${path%"${path##*[!/]}"}
    file_mode=$mode mode=$directory_mode
    [ -z "$path" ] || directories "$path"
    mode=$file_mode path=$path/$name
}

expand path
whole_path
if [ "$follow" = yes ] && [ -L "$path" ]; then
    path=$(readlink -f -- "$path") || fail "$path is a link that leads nowhere: remove it"
fi
report dest "$path" checksum "$content_sha1"
[ -z "$said" ] || report msg "$said"
if [ "$force" = no ] && at "$path"; then
    report_at
    return
fi
if [ "$parents" = yes ]; then
    case $path in */?*) directories_only "${path%/*}" ;; esac
fi
put "$path"
[ "$at_path" = "$path" ] || at "$path"
report_at
