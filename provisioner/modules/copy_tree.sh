# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module copy for a directory: write all files of a local directory to the host.

# each FUNCTION: call FUNCTION for every file, with $number, $target, $content_size and
# $content_sha256 set.
each() {
    number=0 field=0
    eval "set -- \"\$1\" $files"
    call=$1; shift
    for word in "$@"; do
        case $field in
            0) target=$path/$word field=1 ;;
            1) content_size=$word field=2 ;;
            2) content_sha256=$word field=3 ;;
            3)
                [ "$preserve" != yes ] || mode=$word
                field=0
                "$call"
                number=$((number + 1))
                ;;
        esac
    done
}
is_there() { [ -f "$target" ] && { [ "$follow" = yes ] || ! [ -L "$target" ]; }; }
print_target() { ! is_there || printf '%s\0' "$target"; }

# other_content, other_attributes: print the numbers of the files that differ. All files are read by one
# sha256sum and one stat.
other_content() { each print_target | xargs -0 -r sha256sum | each compare_content; }
compare_content() {
    if is_there; then
        IFS=' ' read -r sum _ || sum=''
        [ "$force" = no ] || [ "${sum#\\}" = "$content_sha256" ] || echo "$number"
    elif [ "$force" = yes ] || ! [ -e "$target" ]; then
        echo "$number"
    fi
}
other_attributes() {
    each print_target | xargs -0 -r stat -L -c '%a %u %g %s %U %G' | each compare_attributes
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

# is_next: the current file of `each` is the first number in $todo. The number is then removed.
is_next() { case $todo in "$number "*) todo=${todo#* } ;; *) return 1 ;; esac; }
ask_for_content() { ! is_next || order "$content_size" "$number"; }
write_content() {
    is_next || return 0
    resolve
    put "$target"
}
set_attributes() {
    is_next || return 0
    resolve
    attributes "$target"
}
resolve() {
    if [ "$follow" = yes ] && [ -L "$target" ]; then
        target_of "$target" || fail "can't resolve the link $target"
        target=$_target
    fi
}
# write_files NUMBER...: write these files. The content of about 64 files is ordered in one round trip.
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
