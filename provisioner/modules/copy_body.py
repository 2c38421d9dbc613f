"""The sh bodies of copy for more than one file: a tree from here, a file or tree of the host."""

from __future__ import annotations

from provisioner.modules.shared.content import DIRECTORIES, WRITE

TREE = (
    DIRECTORIES
    + r"""
# each CALL: CALL with $number $target $content_size $content_sha256 of every file set.
each() {
    number=0 place=0
    eval "set -- \"\$1\" $files"
    call=$1; shift
    for word in "$@"; do
        case $place in
            0) target=$path/$word place=1 ;;
            1) content_size=$word place=2 ;;
            2) content_sha256=$word place=3 ;;
            3)
                [ "$preserve" != yes ] || mode=$word
                place=0
                "$call"
                number=$((number + 1))
                ;;
        esac
    done
}
is_there() { [ -f "$target" ] && { [ "$follow" = yes ] || ! [ -L "$target" ]; }; }
name_it() { ! is_there || printf '%s\0' "$target"; }

# One sha256sum and one stat for all files; which are not right comes out as their numbers.
other_content() { each name_it | xargs -0 -r sha256sum | each compare_content; }
compare_content() {
    if is_there; then
        IFS=' ' read -r sum _ || sum=''
        [ "$force" = no ] || [ "${sum#\\}" = "$content_sha256" ] || echo "$number"
    elif [ "$force" = yes ] || ! [ -e "$target" ]; then
        echo "$number"
    fi
}
other_attributes() {
    each name_it | xargs -0 -r stat -L -c '%a %u %g %s %U %G' | each compare_attributes
}
compare_attributes() {
    is_there || return 0
    at_kind='file' at_path=$target
    IFS=' ' read -r at_mode at_uid at_gid at_size at_user at_group || return 0
    if [ -n "$mode" ]; then _wanted_mode; else _wanted=$((0$at_mode)); fi
    if { [ -z "$owner" ] || _owned "$target"; } && { [ -z "$group" ] || _grouped "$target"; } &&
        _moded "$target" && [ -z "$attributes$seuser$serole$setype$selevel" ]; then return; fi
    echo "$number"
}

# next_is_this: the file of `each` is the first of the numbers in $todo, which it leaves.
next_is_this() { case $todo in "$number "*) todo=${todo#* } ;; *) return 1 ;; esac; }
ask_for_content() { ! next_is_this || order "$content_size" "$number"; }
write_content() {
    next_is_this || return 0
    resolve
    put "$target"
}
set_attributes() {
    next_is_this || return 0
    resolve
    attributes "$target"
}
resolve() {
    if [ "$follow" = yes ] && [ -L "$target" ]; then
        target=$(readlink -f -- "$target") || fail "$target is a link to where nothing can be"
    fi
}
# write_files NUMBER...: a round trip for every 64.
write_files() {
    while [ $# -gt 0 ]; do
        batch=''
        while [ $# -gt 0 ] && [ "${#batch}" -lt 320 ]; do
            batch="$batch$1 "
            shift
        done
        todo=$batch
        [ "$look" = yes ] || each ask_for_content
        todo=$batch
        each write_content
    done
}

is_linked() { [ -L "$1" ] && [ "$(readlink -- "$1")" = "$2" ]; }
link() { rm -f -- "$1" && ln -s -- "$2" "$1"; }

expand path
path=${path%"${path##*[!/]}"}
diff=no content_asked=yes
report dest "$path"
file_mode=$mode mode=$directory_mode
eval "set -- $folders"
for folder in "$@"; do
    folder=$path${folder:+/$folder}
    [ -n "$folder" ] || continue
    if [ -d "$folder" ]; then attributes "$folder"; else directories "$folder"; fi
done
mode=$file_mode
# shellcheck disable=SC2046
write_files $(other_content)
if [ -n "$owner$group$mode$preserve$attributes$seuser$serole$setype$selevel" ]; then
    todo="$(other_attributes | tr '\n' ' ')"
    each set_attributes
fi
eval "set -- $links"
while [ $# -gt 0 ]; do
    ensure "link $path/$1 to $2" is_linked link "$path/$1" "$2"
    shift 2
done
"""
)

FROM_HOST = (
    DIRECTORIES
    + r"""
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
"""
    + WRITE
)
