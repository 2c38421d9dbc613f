# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Body of the module copy with remote_src: copy a file or directory within the host.

# content_of FILE: set the variables with which `put` copies FILE.
content_of() {
    at_target "$1"
    content_from=$at_path
    [ "$preserve" != yes ] || mode=0$at_mode
    content_size=$at_size
    content_sha256=$(sha256 "$1") || fail "$1 can't be read by this user: add become"
}
# at_target FILE: call `at`, for a link on its target.
at_target() {
    if [ -L "$1" ]; then at "$(readlink -f -- "$1")"; else at "$1"; fi ||
        fail "$1 was removed while it was copied"
}
# keep_mode SOURCE TARGET: set $mode for a new TARGET to the mode of SOURCE, unless the task sets one.
keep_mode() {
    [ -z "$mode" ] && ! [ -e "$2" ] || return 0
    at_target "$1"
    mode=0$at_mode
}
# below TYPE: print the paths below the source as quoted words for eval.
below() {
    cd "$source" && find "$links" . -mindepth 1 -type "$1" -printf '%P\0' |
        sed -z "s/'/'\\\\''/g; s/^/'/; s/\$/' /" | tr -d '\0'
}
copy_directory() {
    expand path
    case $source in */) ;; *) path=${path%"${path##*[!/]}"}/${source##*/} ;; esac
    links=-P file_mode=$mode mode=$directory_mode content_sha1=''
    [ "$local_follow" = no ] || links=-L
    if [ "$preserve" = yes ]; then
        at_target "$source"
        mode=0$at_mode
    fi
    directories "$path"
    [ "$preserve" != yes ] || attributes "$path"
    eval "set -- $(below d)"
    for item in "$@"; do
        mode=$directory_mode
        keep_mode "$source/$item" "$path/$item"
        directories "$path/$item"
    done
    eval "set -- $(below f)"
    for item in "$@"; do
        mode=$file_mode
        keep_mode "$source/$item" "$path/$item"
        content_of "$source/$item"
        put "$path/$item"
    done
    eval "set -- $(below l)"
    for item in "$@"; do ensure "link $path/$item" linked link "$path/$item" "$source/$item"; done
    report dest "$path"
    at "$path" || true
    report_at
}
linked() { [ -L "$1" ] && [ "$(readlink -- "$1")" = "$(readlink -- "$2")" ]; }
link() { rm -f -- "$1" && cp -P -- "$2" "$1"; }
copy_file() {
    name=${source##*/}
    content_of "$source"
    content_sha1=$(sha1sum <"$source") content_sha1=${content_sha1%% *}
    [ -z "$wanted_sha1" ] || [ "$wanted_sha1" = "$content_sha1" ] ||
        fail "$source has the checksum $content_sha1, not $wanted_sha1"
}

expand source
report src "$source"
if [ -d "$source" ]; then
    copy_directory
    return
elif [ -f "$source" ]; then
    copy_file
else
    [ "$look" = yes ] || fail "$source does not exist (with remote_src it is a file of the host)"
    changed "copy $source"
    return
fi
