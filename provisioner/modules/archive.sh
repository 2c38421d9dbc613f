# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Body of the module archive: pack files and directories of the host into one archive.

nl='
'
# each_path FUNCTION PATH...: call FUNCTION with every path, and with each match of a glob.
each_path() {
    call=$1; shift
    for item in "$@"; do
        expand item
        case $item in
            *[*?[]*) each_match "$item" ;;
            *) "$call" "$item" ;;
        esac
    done
}
# each_match GLOB: call $call with each match. The glob is unquoted on purpose; IFS is empty, so that
# it is not split.
each_match() {
    globbed=yes IFS=''
    # shellcheck disable=SC2086
    set -- $1
    unset IFS
    for match in "$@"; do
        if [ -e "$match" ] || [ -L "$match" ]; then "$call" "$match"; fi
    done
}
# exclude PATH: leave it out of the archive.
exclude() {
    report excluded "$1"
    exclusions="$exclusions$nl$1$nl"
}
# include PATH: add it to $targets unless it is excluded.
include() {
    report expanded "$1"
    case $exclusions in *"$nl$1$nl"*) return ;; esac
    count=$((count + 1))
    [ -n "$first" ] || first=$1
    shorten_root "${1%"${1##*/}"}"
    if [ -e "$1" ] || [ -L "$1" ]; then
        targets="$targets$1$nl"
    else
        report missing "$1"
        state='incomplete'
    fi
}
# shorten_root DIRECTORY: shorten $root to the part that it has in common with DIRECTORY. Both end in a
# slash.
shorten_root() {
    [ -n "$root" ] || root=$1
    while [ "${1#"$root"}" = "$1" ] && [ -n "$root" ]; do
        root=${root%/} root=${root%"${root##*/}"}
    done
}

# members: print the names, relative to $root, of everything that goes into the archive. A NUL ends each.
members() {
    rest=$targets
    while [ -n "$rest" ]; do
        target=${rest%%"$nl"*} rest=${rest#*"$nl"}
        if [ -d "$target" ] && ! [ -L "$target" ]; then
            find "$target" -mindepth 1 -print0
        else
            printf '%s\0' "$target"
        fi
    done | remove_root | filter
}
# remove_root: remove $root from the start of each name. (coreutils 8.22 has no cut -z.)
remove_root() {
    length=$(printf %s "$root" | wc -c)
    LC_ALL=C sed -z "s/^.\\{$length\\}//"
}
# filter: leave out the names that match one of $patterns.
filter() {
    eval "set -- $patterns"
    [ $# -gt 0 ] || { cat; return; }
    # shellcheck disable=SC2016,SC2154
    xargs -0 -r -n 200 sh -c '
        patterns=$1; shift
        for name; do
            keep=yes
            eval "set -- $patterns"
            for pattern; do case $name in $pattern) keep=no ;; esac; done
            [ $keep = no ] || printf "%s\\0" "$name"
        done' sh "$patterns"
}

# tool: print the name of the compression program.
tool() {
    case $format in
        gz) echo gzip ;;
        bz2) echo bzip2 ;;
        xz) echo xz ;;
        *) echo cat ;;
    esac
}
# unpacked: print the archive without its compression.
unpacked() { if [ "$format" = tar ]; then cat -- "$dest"; else "$(tool)" -dc <"$dest"; fi; }

# same: the archive holds exactly the files as they are now.
same() {
    [ -f "$dest" ] || return
    case $kind:$format in
        compress:*) unpacked | cmp -s - "$first" ;;
        *:zip) same_zip ;;
        *) same_tar ;;
    esac
}
same_tar() {
    old_names=$(unpacked | tar -t --quoting-style=literal -f - | sed 's|/$||' | sort) || return
    [ "$old_names" = "$(members | tr '\0' '\n' | sort)" ] || return
    unpacked | tar -d -C "$root" -f - >/dev/null
}
same_zip() {
    old_names=$(unzip -Z1 "$dest" | sed 's|/$||' | sort) || return
    [ "$old_names" = "$(members | tr '\0' '\n' | sort)" ] || return
    ours=$(unzip -Z1 "$dest" | grep -v '/$' | each_content | sha256sum)
    [ "$(unzip -p "$dest" | sha256sum)" = "$ours" ]
}
# each_content: print the content of each file that stdin names; of a link its target.
each_content() {
    while IFS= read -r name; do
        if [ -L "$root$name" ]; then readlink -n -- "$root$name"; else cat -- "$root$name"; fi
    done
}
make() {
    case $kind:$format in
        compress:*) "$(tool)" <"$first" >&7 ;;
        *:zip) make_zip ;;
        *)
            # tar exits with 1 if a file changed while it was read. The archive is good all the same.
            { members | tar -c --null --no-recursion -C "$root" -T - -f - || [ $? = 1 ]; } |
                "$(tool)" >&7
            ;;
    esac
}
make_zip() {
    rm -f -- "$temp.zip"
    (cd "$root" && members | tr '\0' '\n' | zip -q -X -y "$temp.zip" -@) || return
    cat -- "$temp.zip" >&7
    rm -f -- "$temp.zip"
}
write() {
    at "$dest" || true
    temporary "$dest"
    run make || broken "$what" "exit $status"
    _adopt "$dest"
    exec 7>&-
    install_temporary "$dest"
    at_path=''
}

removed() {
    rest=$targets
    while [ -n "$rest" ]; do
        target=${rest%%"$nl"*} rest=${rest#*"$nl"}
        ! [ -e "$target" ] && ! [ -L "$target" ] || return
    done
}
remove_sources() {
    rest=$targets
    while [ -n "$rest" ]; do
        target=${rest%%"$nl"*} rest=${rest#*"$nl"}
        rm -rf -- "$target" || return
    done
}
# archive_is_outside: fail if the archive is in a directory that is removed: it would be removed too.
archive_is_outside() {
    rest=$targets
    while [ -n "$rest" ]; do
        target=${rest%%"$nl"*} rest=${rest#*"$nl"}
        case $dest in
            "${target%/}"/*)
                fail "$dest is in $target, which is removed (remove: true): choose another dest" ;;
        esac
    done
}

need() {
    command -v "$1" >/dev/null || [ "$look" = yes ] ||
        fail "$1 is not installed: install it in an earlier task"
}

exclusions='' targets='' root='' first='' globbed=no count=0 state=archive
eval "set -- $excluded"
each_path exclude "$@"
eval "set -- $paths"
each_path include "$@"
report root "$root"
kind=archive
if [ "$force_archive:$globbed:$count" = no:no:1 ] && ! [ -d "$first" ]; then
    case $format in zip | tar) ;; *) kind='compress' ;; esac
    [ -n "$dest" ] || dest=$first.$format
fi
expand dest
[ -n "$dest" ] || fail 'dest is missing: set it for a directory or several files'
report dest "$dest"
what="archive into $dest"
if [ -z "$targets" ]; then
    [ -e "$dest" ] || [ "$look" = yes ] ||
        fail 'there is nothing to archive: none of the paths exists'
    [ -e "$dest" ] || { changed "$what"; return; }
    report dest_state "$kind"
    attributes "$dest"
    return
fi
[ "$remove" = no ] || archive_is_outside
need "$(tool)"
if [ "$format" = zip ]; then need zip; need unzip; fi
if ! same; then
    if [ "$look" = no ]; then
        write
        same || fail "$what: its content differs from the files right after writing. Did they change?"
    fi
    changed "$what"
    [ "$look" = no ] || return 0
fi
[ "$state" = incomplete ] || state=$kind
report dest_state "$state"
report archived "$(members | tr '\0' '\n' | sed "s|^|$root|")"
attributes "$dest"
[ "$remove" = no ] || ensure 'remove what is archived' removed remove_sources
at "$dest" || true
report_at
