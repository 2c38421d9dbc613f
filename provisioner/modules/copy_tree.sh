# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module copy for a directory: write all files of a local directory to the host.

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
