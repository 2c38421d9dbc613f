# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module unarchive: unpack an archive on the host.

nl='
'
fail_without() { fail "$1 is not installed: install the package $1 in an earlier task"; }

# An archive of the controller is compared by $members: for each member five words.
# each FUNCTION: call FUNCTION for every member, with $kind, $name, $value (checksum of a file, target of a
# link), $right_mode and $time set.
each() {
    field=0
    eval "set -- \"\$1\" $members"
    call=$1; shift
    for word in "$@"; do
        case $field in
            0) kind=$word ;;
            1) name=$dest/$word ;;
            2) value=$word ;;
            3) right_mode=$word ;;
            4) time=$word field=-1; "$call" ;;
        esac
        field=$((field + 1))
    done
}
is_file() { [ "$kind" = file ] && [ -f "$name" ] && ! [ -L "$name" ]; }
print_file() { ! is_file || printf '%s\0' "$name"; }
print_link() { ! { [ "$kind" = link ] && [ -L "$name" ]; } || printf '%s\0' "$name"; }
print_moded() { ! has_mode || printf '%s\0' "$name"; }
has_mode() { [ "$right_mode" != - ] && [ -e "$name" ] && ! [ -L "$name" ]; }

# listed_differ: print the names of files, directories and links that differ from $members.
listed_differ() {
    each print_file | xargs -0 -r sha256sum | each compare_file
    case " $members " in
        *" 'link' "*) each print_link | xargs -0 -r readlink | each compare_link ;;
    esac
}
modes_differ() { each print_moded | xargs -0 -r stat -c %a | each compare_mode; }
compare_file() {
    case $kind in
        directory) [ -d "$name" ] || echo "$name" ;;
        other) [ -e "$name" ] || echo "$name" ;;
        file)
            if is_file; then
                IFS=' ' read -r sum _ || sum=''
                [ "${sum#\\}" = "$value" ] || keep_it || echo "$name"
            else
                echo "$name"
            fi
            ;;
    esac
}
keep_it() { [ "$keep_newer" = yes ] && [ "$(stat -c %Y -- "$name")" -ge "$time" ]; }
compare_link() {
    [ "$kind" = link ] || return 0
    [ -L "$name" ] && IFS= read -r target && [ "$target" = "$value" ] || echo "$name"
}
compare_mode() {
    has_mode || return 0
    read -r current && [ "$current" = "$right_mode" ] || keep_it || echo "$name"
}

# tar compares an archive itself if it is on the host or is streamed to it.
tar_in_dest() {
    eval "set -- \"\$@\" $options $excludes"
    [ -z "$include" ] || eval "set -- \"\$@\" --wildcards $include"
    tar -C "$dest" "$@"
}
# tar_differs ARG...: print what differs. tar also complains about directories whose whole name is
# stripped: those lines are left out.
tar_differs() { tar_in_dest -d -f "$@" 2>&1 | grep -v '^tar: : ' | grep -E "$difference_words"; }
tar_names() {
    tar_in_dest -t --show-transformed-names --quoting-style=literal -f "$@" | sed 's|^//*||; /^$/d'
}
# streamed COMMAND...: run COMMAND with the archive on stdin, as it arrives from the controller.
streamed() {
    order "$content_size" 0
    dd bs=65536 iflag=fullblock,count_bytes count="$content_size" <&4 2>/dev/null | {
        "$@"
        cat >/dev/null
    }
    _content_due=0
}
unzip_in_dest() {
    eval "set -- \"\$@\" \"\$archive\" $include"
    [ -z "$exclude" ] || eval "set -- \"\$@\" -x $exclude"
    unzip "$@"
}
zip_files() { unzip_in_dest -Z1 | grep -v '/$'; }
zip_missing() {
    while IFS= read -r name; do
        [ -e "$dest/$name" ] || { echo "$name"; return; }
    done
}
# zip_differs: print the missing files, or the archive if the content differs. unzip can't compare, so one
# checksum is taken of all files together.
zip_differs() {
    unzip_in_dest -Z1 >/dev/null 2>&1 || { echo "$archive"; return; }
    unzip_in_dest -Z1 | zip_missing
    disk_sum=$(zip_files | tr '\n' '\0' | (cd "$dest" && xargs -0 -r cat --) | sha256sum)
    archive_sum=$(unzip_in_dest -p | sha256sum)
    [ "$disk_sum" = "$archive_sum" ] || echo "$archive"
}

# differ: print something if the files are not as in the archive.
differ() {
    if [ "$how" = listed ]; then listed_differ
    elif [ -z "$archive" ]; then streamed tar_differs - "$unpacker"
    elif [ "$kind_of_archive" = zip ]; then zip_differs
    else tar_differs "$archive"
    fi
}
unpack() {
    if [ "$kind_of_archive" = zip ]; then
        set -- -o
        [ "$keep_newer" = no ] || set -- -o -u
        eval "set -- \"\$@\" $options"
        unzip_in_dest "$@" -d "$dest"
    else
        [ "$keep_newer" = no ] || set -- --keep-newer-files
        tar_in_dest -x -f "$archive" "$@"
    fi
}
# names: print the names in the archive; directories end with a slash.
names() {
    if [ "$how" = listed ]; then each print_name
    elif [ "$kind_of_archive" = zip ]; then unzip_in_dest -Z1
    elif [ -z "$archive" ]; then streamed tar_names - "$unpacker"
    else tar_names "$archive"
    fi
}
print_name() {
    name=${name#"$dest/"}
    [ "$kind" != directory ] || name=$name/
    printf '%s\n' "$name"
}

# names_and_tops: print the names, and their top directories also if the archive does not list them.
names_and_tops() {
    names | LC_ALL=C awk '{ print }
        match($0, "/") && (top = substr($0, 1, RSTART)) != "./" && !(top in seen) {
            seen[top] = 1
            if (top != $0) print top
        }'
}
# wrong_attributes: print the names with a wrong owner, group or mode. All are read by one stat.
wrong_attributes() {
    cd "$dest" && names_and_tops | tr '\n' '\0' |
        xargs -0 -r stat -c '%a %u %g %s %U %G %F|%n' -- | print_wrong
}
print_wrong() {
    while IFS='|' read -r properties name; do
        # shellcheck disable=SC2086
        set -- $properties
        at_mode=$1 at_uid=$2 at_gid=$3 at_user=$5 at_group=$6 at_kind=$7 at_path=$name
        case $at_kind in symbolic) at_kind='link' ;; directory) ;; *) at_kind='file' ;; esac
        attributes_right || printf '%s\n' "$name"
    done
}
attributes_right() {
    { [ -z "$owner" ] || _owned "$name"; } && { [ -z "$group" ] || _grouped "$name"; } || return
    [ -n "$mode" ] && [ "$at_kind" != link ] || return 0
    _wanted_mode
    _moded "$name"
}
set_attributes() {
    [ -n "$owner$group$mode$seuser$serole$setype$selevel$attributes" ] || return 0
    if [ -n "$seuser$serole$setype$selevel$attributes" ]; then wrong=$(names_and_tops)
    else wrong=$(wrong_attributes)
    fi
    rest=$wrong$nl
    while [ -n "${rest#"$nl"}" ]; do
        name=${rest%%"$nl"*} rest=${rest#*"$nl"} at_path=''
        name=$dest/${name#./}
        attributes "${name%/}"
    done
}

# get_archive: write the archive to a temporary file, from the controller or from its URL.
get_archive() {
    temporary "$dest/archive"
    if [ -n "$config" ]; then
        run download || fail "can't download $shown: $(stderr)"
    else
        _fill || fail "can't write in $dest: ${_why:-the archive did not arrive completely}"
    fi
    archive=$temp
}
download() { printf '%s' "$config" | curl -q -K - -o /proc/self/fd/7; }
finish() {
    set_attributes
    if [ "$list_files" = yes ]; then report files "$(names)"; fi
    at "$dest" || true
    report_at
}

expand dest
dest=${dest%"${dest##*[!/]}"}
[ -n "$dest" ] || dest=/
report dest "$dest"
if [ -n "$creates" ] && expand creates && exists "$creates"; then
    report skip "$creates exists"
    return
fi
if [ ! -d "$dest" ]; then
    [ "$look" = yes ] || fail "$dest is not a directory: create it in an earlier task"
    changed "$what into $dest"
    return
fi
if [ "$how" = here ]; then
    expand archive
    report src "$archive"
    if [ ! -f "$archive" ]; then
        [ "$look" = yes ] || fail "$archive does not exist (with remote_src it is a file of the host)"
        changed "$what into $dest"
        return
    fi
elif [ "$how" = url ]; then
    [ "$look" = no ] || { changed "$what into $dest"; return; }
    get_archive
fi
if [ -n "$archive" ]; then
    kind_of_archive=tar
    [ "$(head -c 2 -- "$archive")" != PK ] || kind_of_archive=zip
fi
report handler "$kind_of_archive"
if [ "$kind_of_archive" = zip ]; then tool=unzip; else tool=tar; fi
if ! command -v "$tool" >/dev/null; then
    [ "$look" = yes ] || fail_without "$tool"
    changed "$what into $dest"
    return
fi
different=$(differ)
[ -n "$different" ] || [ "$compare_modes" = no ] || [ "$(id -u)" != 0 ] || different=$(modes_differ)
if [ -n "$different" ]; then
    if [ "$look" = no ]; then
        [ -n "$archive" ] || get_archive
        run unpack || broken "$what into $dest" "exit $status"
        [ "$how" != listed ] || archive=''
        different=$(differ)
        # With keep_newer only a listed archive shows which files differ: those that are newer may differ.
        [ -z "$different" ] || { [ "$keep_newer" = yes ] && [ "$how" != listed ]; } ||
            fail "$what into $dest: ${different%%"$nl"*} still differs from the archive"
    fi
    changed "$what into $dest"
fi
# In a look, files that are still to be unpacked have no attributes yet.
if [ "$look" = no ] || [ -z "$different" ]; then finish; fi
