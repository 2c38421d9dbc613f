# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Body of the module copy with remote_src: copy a file or directory within the host.

# content_of FILE: what `put` needs to know of it.
content_of() {
    seen "$1"
    content_from=$at_path
    [ "$preserve" != yes ] || mode=0$at_mode
    content_size=$at_size
    content_sha256=$(sha256 "$1") || fail "$1 can't be read by this user: add become"
}
# seen FILE: `at`, of what a link leads to.
seen() {
    if [ -L "$1" ]; then at "$(readlink -f -- "$1")"; else at "$1"; fi ||
        fail "$1 vanished while it was copied"
}
# keep_mode SOURCE TARGET: what is new gets the mode of its source, unless another is given.
keep_mode() {
    [ -z "$mode" ] && ! [ -e "$2" ] || return 0
    seen "$1"
    mode=0$at_mode
}
# below TYPE: what is below the source, as words for eval; a quote in a name is closed around.
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
        seen "$source"
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
    [ "$look" = yes ] || fail "$source is not there (remote_src means a file of the host)"
    changed "copy $source"
    return
fi
