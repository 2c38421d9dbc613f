# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Body of the module archive: pack files and directories of the host into one archive.

nl='
'
# each_path CALL PATH...: CALL with every path, globs as what they match.
each_path() {
    call=$1; shift
    for given in "$@"; do
        expand given
        case $given in
            *[*?[]*) matching "$given" ;;
            *) "$call" "$given" ;;
        esac
    done
}
# matching GLOB: it is expanded unquoted on purpose, with no splitting.
matching() {
    globbed=yes IFS=''
    # shellcheck disable=SC2086
    set -- $1
    unset IFS
    for found in "$@"; do
        if [ -e "$found" ] || [ -L "$found" ]; then "$call" "$found"; fi
    done
}
unwanted() {
    report unwanted "$1"
    leave_out="$leave_out$nl$1$nl"
}
wanted() {
    report expanded "$1"
    case $leave_out in *"$nl$1$nl"*) return ;; esac
    count=$((count + 1))
    [ -n "$first" ] || first=$1
    common "${1%"${1##*/}"}"
    if [ -e "$1" ] || [ -L "$1" ]; then
        targets="$targets$1$nl"
    else
        report missing "$1"
        state='incomplete'
    fi
}
# common DIRECTORY: shorten $root, which ends in a slash, to what it shares with it.
common() {
    [ -n "$root" ] || root=$1
    while [ "${1#"$root"}" = "$1" ] && [ -n "$root" ]; do
        root=${root%/} root=${root%"${root##*/}"}
    done
}

# members: the names below $root, NUL behind each, of all that goes into the archive.
members() {
    rest=$targets
    while [ -n "$rest" ]; do
        target=${rest%%"$nl"*} rest=${rest#*"$nl"}
        if [ -d "$target" ] && ! [ -L "$target" ]; then
            find "$target" -mindepth 1 -print0
        else
            printf '%s\0' "$target"
        fi
    done | prefix_off | kept
}
# prefix_off: without the first bytes, as many as $root has. coreutils 8.22 has no cut -z.
prefix_off() {
    length=$(printf %s "$root" | wc -c)
    LC_ALL=C sed -z "s/^.\\{$length\\}//"
}
# kept: without the names that a pattern matches.
kept() {
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

tool() {
    case $format in
        gz) echo gzip ;;
        bz2) echo bzip2 ;;
        xz) echo xz ;;
        *) echo cat ;;
    esac
}
plainly() { if [ "$format" = tar ]; then cat -- "$dest"; else "$(tool)" -dc <"$dest"; fi; }

# same: what is there is what would be made now.
same() {
    [ -f "$dest" ] || return
    case $kind:$format in
        compress:*) plainly | cmp -s - "$first" ;;
        *:zip) same_zip ;;
        *) same_tar ;;
    esac
}
same_tar() {
    there=$(plainly | tar -t --quoting-style=literal -f - | sed 's|/$||' | sort) || return
    [ "$there" = "$(members | tr '\0' '\n' | sort)" ] || return
    plainly | tar -d -C "$root" -f - >/dev/null
}
same_zip() {
    there=$(unzip -Z1 "$dest" | sed 's|/$||' | sort) || return
    [ "$there" = "$(members | tr '\0' '\n' | sort)" ] || return
    ours=$(unzip -Z1 "$dest" | grep -v '/$' | each_content | sha256sum)
    [ "$(unzip -p "$dest" | sha256sum)" = "$ours" ]
}
# each_content: what the files of these names hold, of links where they lead.
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
            # What tar said comes first: 1 is a file that changed while it was read.
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
# outside: an archive that is in what is removed would go with it.
outside() {
    rest=$targets
    while [ -n "$rest" ]; do
        target=${rest%%"$nl"*} rest=${rest#*"$nl"}
        case $dest in
            "${target%/}"/*)
                fail "$dest is in $target, which remove: true removes: put it elsewhere" ;;
        esac
    done
}

need() {
    command -v "$1" >/dev/null || [ "$look" = yes ] ||
        fail "$1 is not there: install it in an earlier task"
}

leave_out='' targets='' root='' first='' globbed=no count=0 state=archive
eval "set -- $excluded"
each_path unwanted "$@"
eval "set -- $paths"
each_path wanted "$@"
report root "$root"
kind=archive
if [ "$force_archive:$globbed:$count" = no:no:1 ] && ! [ -d "$first" ]; then
    case $format in zip | tar) ;; *) kind='compress' ;; esac
    [ -n "$dest" ] || dest=$first.$format
fi
expand dest
[ -n "$dest" ] || fail 'dest is missing: it is needed for a directory or several files'
report dest "$dest"
what="archive into $dest"
if [ -z "$targets" ]; then
    [ -e "$dest" ] || [ "$look" = yes ] ||
        fail 'there is nothing to archive: none of the paths is there'
    [ -e "$dest" ] || { changed "$what"; return; }
    report dest_state "$kind"
    attributes "$dest"
    return
fi
[ "$remove" = no ] || outside
need "$(tool)"
if [ "$format" = zip ]; then need zip; need unzip; fi
if ! same; then
    if [ "$look" = no ]; then
        write
        same || fail "$what: it holds something else right afterwards: do the files change?"
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
