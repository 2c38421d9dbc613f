# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of every module that writes one whole file: copy, template, lineinfile and others.

# complete_path: if $path is a directory, append the name of the file.
complete_path() {
    case $path in
        */) ;;
        *) [ -d "$path" ] || return 0 ;;
    esac
    if [ -z "$name" ]; then
        report hint "set dest to the name of a file in it"
        fail "$path is a directory: can not use content with a dir as dest"
    fi
    path=${path%"${path##*[!/]}"}
    file_mode=$mode mode=$directory_mode
    [ -z "$path" ] || directories "$path"
    mode=$file_mode path=$path/$name
}

expand path
complete_path
if [ "$follow" = yes ] && [ -L "$path" ]; then
    target_of "$path" || fail "$path is a link without a target: remove it"
    path=$_target
fi
report dest "$path" checksum "$content_sha1"
[ -z "$message" ] || report msg "$message"
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
