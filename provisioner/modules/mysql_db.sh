# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of mysql_db: create, drop, dump and import databases.

# there NAME: the database is among those that the server has told.
there() {
    case $_nl$databases$_nl in *"$_nl$1$_nl"*) ;; *) return 1 ;; esac
}
gone() { ! there "$1"; }
tell() { ask "$question" --skip-column-names --raw && databases=$answer; }
submit() { printf '%s' "$session$_statement" | sql && tell; }
# keep VERB TEST: VERB is done to each database that needs it.
keep() {
    _verb=$1 _wanted=$2
    eval "set -- $statements"
    while [ $# -gt 0 ]; do
        _statement=$2
        ensure "$_verb database $1" "$_wanted" submit "$1"
        shift 2
    done
}

# packer: the program that packs what is called like $target.
packer() {
    case $target in
        *.gz) packer=gzip ;;
        *.bz2) packer=bzip2 ;;
        *.xz) packer=xz ;;
        *.zst) packer=zstd ;;
        *) packer="cat" ;;
    esac
}
# dump: to a new file, which takes the old one's place when all is in it.
dump() {
    eval "set -- $arguments"
    charset=$encoding
    if [ -e "$target" ] && [ ! -f "$target" ]; then
        packed "$@" >"$target"
        return
    fi
    new=$(mktemp -- "$target.XXXXXX") || return
    if packed "$@" >"$new" && like_before && mv -f -T -- "$new" "$target"; then return; fi
    rm -f -- "$new"
    return 1
}
like_before() {
    if [ -e "$target" ]; then
        chmod --reference="$target" -- "$new" && chown --reference="$target" -- "$new"
    else
        chmod 0644 -- "$new"
    fi
}
# packed ARG...: mysqldump, packed, on stdout; false where either fails.
packed() {
    {
        _code=$(
            exec 6>&1 >&7 7>&-
            { client mysqldump "$@"; echo "$?" >&6; } | "$packer" || echo 1 >&6
        )
    } 7>&1
    [ "$_code" = 0 ]
}
# undump: the database out of the file.
undump() {
    eval "set -- $arguments"
    charset=$encoding
    case $packer in
        cat) client mysql "$@" <"$target" ;;
        *)
            {
                _code=$(
                    exec 6>&1 >&7 7>&-
                    { "$packer" -dc <"$target" || echo 1 >&6; } | client mysql "$@" || echo 1 >&6
                )
            } 7>&1
            [ -z "$_code" ]
            ;;
    esac
}
come() {
    if [ -f "$target" ] || [ -p "$target" ]; then return; fi
    [ "$look" = yes ] || fail "target $target does not exist on the host"
    assume "target $target does not exist on the host"
}
exist() {
    eval "set -- $names"
    for name; do
        there "$name" && continue
        [ "$look" = yes ] || fail "can't dump $name: there is no such database"
        assume "there is no database $name"
    done
}

if [ -n "$chdir" ]; then cd -- "$chdir" || fail "can't go to $chdir"; fi
signed_in "$what" "$question" --skip-column-names --raw || return 0
databases=$answer
case $state in
    present) keep create there ;;
    absent) keep drop gone ;;
    *)
        expand target
        if [ -L "$target" ]; then target=$(readlink -f -- "$target"); fi
        packer
        ;;
esac
case $state in
    dump)
        exist
        act "$what" dump
        ;;
    import)
        come
        keep create there
        act "$what" undump
        ;;
esac
