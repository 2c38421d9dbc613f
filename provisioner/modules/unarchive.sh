# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module unarchive: unpack an archive on the host.

nl='
'
lacking() { fail "$1 is not there: install the package $1 in an earlier task"; }

# An archive of the controller is compared by its list: kind, name, digest or target, mode, time.
# each CALL: CALL with $kind $name $value $right_mode $time of every member set.
each() {
    place=0
    eval "set -- \"\$1\" $members"
    call=$1; shift
    for word in "$@"; do
        case $place in
            0) kind=$word ;;
            1) name=$dest/$word ;;
            2) value=$word ;;
            3) right_mode=$word ;;
            4) time=$word place=-1; "$call" ;;
        esac
        place=$((place + 1))
    done
}
plain() { [ "$kind" = file ] && [ -f "$name" ] && ! [ -L "$name" ]; }
name_plain() { ! plain || printf '%s\0' "$name"; }
name_link() { ! { [ "$kind" = link ] && [ -L "$name" ]; } || printf '%s\0' "$name"; }
name_mode() { ! with_mode || printf '%s\0' "$name"; }
with_mode() { [ "$right_mode" != - ] && [ -e "$name" ] && ! [ -L "$name" ]; }

# listed_differ: print the names that are not as the list says, in three processes at most.
listed_differ() {
    each name_plain | xargs -0 -r sha256sum | each compare_file
    case " $members " in
        *" 'link' "*) each name_link | xargs -0 -r readlink | each compare_link ;;
    esac
}
modes_differ() { each name_mode | xargs -0 -r stat -c %a | each compare_mode; }
compare_file() {
    case $kind in
        directory) [ -d "$name" ] || echo "$name" ;;
        other) [ -e "$name" ] || echo "$name" ;;
        file)
            if plain; then
                IFS=' ' read -r sum _ || sum=''
                [ "${sum#\\}" = "$value" ] || newer || echo "$name"
            else
                echo "$name"
            fi
            ;;
    esac
}
newer() { [ "$keep_newer" = yes ] && [ "$(stat -c %Y -- "$name")" -ge "$time" ]; }
compare_link() {
    [ "$kind" = link ] || return 0
    [ -L "$name" ] && IFS= read -r target && [ "$target" = "$value" ] || echo "$name"
}
compare_mode() {
    with_mode || return 0
    read -r is && [ "$is" = "$right_mode" ] || newer || echo "$name"
}

# An archive that is on the host, or streamed to it, is compared by tar itself.
tar_on() {
    eval "set -- \"\$@\" $options $excludes"
    [ -z "$include" ] || eval "set -- \"\$@\" --wildcards $include"
    tar -C "$dest" "$@"
}
# A directory whose whole name is stripped is looked for all the same, under an empty name.
tar_differs() { tar_on -d -f "$@" 2>&1 | grep -v '^tar: : ' | grep -E "$telling"; }
tar_names() {
    tar_on -t --show-transformed-names --quoting-style=literal -f "$@" | sed 's|^//*||; /^$/d'
}
# streamed COMMAND...: it reads the archive as it comes from the controller.
streamed() {
    order "$content_size" 0
    dd bs=65536 iflag=fullblock,count_bytes count="$content_size" <&4 2>/dev/null | {
        "$@"
        cat >/dev/null
    }
    _owed=0
}
zip_on() {
    eval "set -- \"\$@\" \"\$archive\" $include"
    [ -z "$exclude" ] || eval "set -- \"\$@\" -x $exclude"
    unzip "$@"
}
zip_files() { zip_on -Z1 | grep -v '/$'; }
zip_missing() {
    while IFS= read -r name; do
        [ -e "$dest/$name" ] || { echo "$name"; return; }
    done
}
# zip_differs: unzip can't compare: both sides as one stream, since one other file makes it another.
zip_differs() {
    zip_on -Z1 >/dev/null 2>&1 || { echo "$archive"; return; }
    zip_on -Z1 | zip_missing
    ours=$(zip_files | tr '\n' '\0' | (cd "$dest" && xargs -0 -r cat --) | sha256sum)
    theirs=$(zip_on -p | sha256sum)
    [ "$ours" = "$theirs" ] || echo "$archive"
}

# differ: print something where what is there is not what is in the archive.
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
        zip_on "$@" -d "$dest"
    else
        [ "$keep_newer" = no ] || set -- --keep-newer-files
        tar_on -x -f "$archive" "$@"
    fi
}
# names: what the archive holds, below the destination; directories end in a slash.
names() {
    if [ "$how" = listed ]; then each name_it
    elif [ "$kind_of_archive" = zip ]; then zip_on -Z1
    elif [ -z "$archive" ]; then streamed tar_names - "$unpacker"
    else tar_names "$archive"
    fi
}
name_it() {
    name=${name#"$dest/"}
    [ "$kind" != directory ] || name=$name/
    printf '%s\n' "$name"
}

# attributed: the names, and what lies on the way to them at the top, whether it is named or not.
attributed() {
    names | LC_ALL=C awk '{ print }
        match($0, "/") && (top = substr($0, 1, RSTART)) != "./" && !(top in seen) {
            seen[top] = 1
            if (top != $0) print top
        }'
}
# wrong_attributes: the names whose owner, group or mode is another, by one stat.
wrong_attributes() {
    cd "$dest" && attributed | tr '\n' '\0' |
        xargs -0 -r stat -c '%a %u %g %s %U %G %F|%n' -- | judge
}
judge() {
    while IFS='|' read -r about name; do
        # shellcheck disable=SC2086
        set -- $about
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
    if [ -n "$seuser$serole$setype$selevel$attributes" ]; then wrong=$(attributed)
    else wrong=$(wrong_attributes)
    fi
    rest=$wrong$nl
    while [ -n "${rest#"$nl"}" ]; do
        name=${rest%%"$nl"*} rest=${rest#*"$nl"} at_path=''
        name=$dest/${name#./}
        attributes "${name%/}"
    done
}

# bring: the archive, from the controller or its URL, into a file that goes with the program.
bring() {
    temporary "$dest/archive"
    if [ -n "$config" ]; then
        run download || fail "can't download $shown: $(stderr)"
    else
        _fill || fail "can't write in $dest: ${_why:-the archive did not arrive whole}"
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
        [ "$look" = yes ] || fail "$archive is not there (remote_src means a file of the host)"
        changed "$what into $dest"
        return
    fi
elif [ "$how" = url ]; then
    [ "$look" = no ] || { changed "$what into $dest"; return; }
    bring
fi
if [ -n "$archive" ]; then
    kind_of_archive=tar
    [ "$(head -c 2 -- "$archive")" != PK ] || kind_of_archive=zip
fi
report handler "$kind_of_archive"
if [ "$kind_of_archive" = zip ]; then tool=unzip; else tool=tar; fi
if ! command -v "$tool" >/dev/null; then
    [ "$look" = yes ] || lacking "$tool"
    changed "$what into $dest"
    return
fi
different=$(differ)
[ -n "$different" ] || [ "$judge_modes" = no ] || [ "$(id -u)" != 0 ] || different=$(modes_differ)
if [ -n "$different" ]; then
    if [ "$look" = no ]; then
        [ -n "$archive" ] || bring
        run unpack || broken "$what into $dest" "exit $status"
        [ "$how" != listed ] || archive=''
        different=$(differ)
        # Which files are newer only tar and unzip know, but for a list.
        [ -z "$different" ] || { [ "$keep_newer" = yes ] && [ "$how" != listed ]; } ||
            fail "$what into $dest: ${different%%"$nl"*} is still another than in the archive"
    fi
    changed "$what into $dest"
fi
# What a look would unpack first has no attributes yet.
if [ "$look" = no ] || [ -z "$different" ]; then finish; fi
