# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of mysql_db: create, drop, dump and import databases.

# exists NAME: true if the server listed the database in its last answer.
exists() {
    case $_nl$databases$_nl in *"$_nl$1$_nl"*) ;; *) return 1 ;; esac
}
is_absent() { ! exists "$1"; }
list_databases() { ask "$question" --skip-column-names --raw && databases=$answer; }
submit() { printf '%s' "$session$_statement" | sql && list_databases; }
# keep VERB TEST: create or drop (VERB) each database for which TEST is false.
keep() {
    _verb=$1 _test=$2
    eval "set -- $statements"
    while [ $# -gt 0 ]; do
        _statement=$2
        ensure "$_verb database $1" "$_test" submit "$1"
        shift 2
    done
}

# choose_compressor: set $compressor to the program for the suffix of $target.
choose_compressor() {
    case $target in
        *.gz) compressor=gzip ;;
        *.bz2) compressor=bzip2 ;;
        *.xz) compressor=xz ;;
        *.zst) compressor=zstd ;;
        *) compressor="cat" ;;
    esac
}
# dump_databases: write to a new file, which replaces the old one when it is complete.
dump_databases() {
    eval "set -- $arguments"
    charset=$encoding
    if [ -e "$target" ] && [ ! -f "$target" ]; then
        compressed_dump "$@" >"$target"
        return
    fi
    new=$(mktemp -- "$target.XXXXXX") || return
    if compressed_dump "$@" >"$new" && copy_attributes && mv -f -T -- "$new" "$target"; then return; fi
    rm -f -- "$new"
    return 1
}
copy_attributes() {
    if [ -e "$target" ]; then
        chmod --reference="$target" -- "$new" && chown --reference="$target" -- "$new"
    else
        chmod 0644 -- "$new"
    fi
}
# compressed_dump ARG...: write the compressed output of mysqldump to stdout; false if either fails.
compressed_dump() {
    {
        _code=$(
            exec 6>&1 >&7 7>&-
            { client mysqldump "$@"; echo "$?" >&6; } | "$compressor" || echo 1 >&6
        )
    } 7>&1
    [ "$_code" = 0 ]
}
# import_target: read the file into the database.
import_target() {
    eval "set -- $arguments"
    charset=$encoding
    case $compressor in
        cat) client mysql "$@" <"$target" ;;
        *)
            {
                _code=$(
                    exec 6>&1 >&7 7>&-
                    { "$compressor" -dc <"$target" || echo 1 >&6; } | client mysql "$@" || echo 1 >&6
                )
            } 7>&1
            [ -z "$_code" ]
            ;;
    esac
}
need_target() {
    if [ -f "$target" ] || [ -p "$target" ]; then return; fi
    [ "$look" = yes ] || fail "target $target does not exist on the host"
    assume "target $target does not exist on the host"
}
need_databases() {
    eval "set -- $names"
    for name; do
        exists "$name" && continue
        [ "$look" = yes ] || fail "can't dump $name: there is no such database"
        assume "there is no database $name"
    done
}

if [ -n "$chdir" ]; then cd -- "$chdir" || fail "can't change to the directory $chdir"; fi
log_in "$what" "$question" --skip-column-names --raw || return 0
databases=$answer
case $state in
    present) keep create exists ;;
    absent) keep drop is_absent ;;
    *)
        expand target
        if [ -L "$target" ]; then target=$(readlink -f -- "$target"); fi
        choose_compressor
        ;;
esac
case $state in
    dump)
        need_databases
        act "$what" dump_databases
        ;;
    import)
        need_target
        keep create exists
        act "$what" import_target
        ;;
esac
