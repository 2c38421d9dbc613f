# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module get_url: download a file to the host.

# fetch: to 7. URL, password and headers stand in no argument, which all users could see.
fetch() {
    if command -v curl >/dev/null; then
        printf '%s' "$config" | curl -q -K - -o /proc/self/fd/7 -w '%{http_code} %{time_total}\n'
    elif ! command -v wget >/dev/null; then
        echo 'neither curl nor wget is there: install curl in an earlier task' >&2
        return 1
    elif [ "$private" = yes ]; then
        echo 'curl is not there, and wget would show password or headers to all users' >&2
        return 1
    else
        printf '%s\n' "$url" | wget -nv -T "$timeout" -O - -i - >&7 && echo 200
    fi
}
download() {
    temporary "$path"
    run fetch
    fetched=$? answer=$(stdout)
    code=${answer%% *}
    case $code in [1-9]*) report status_code "$code" ;; *) code='' ;; esac
    [ "$fetched" -eq 0 ] || not_fetched
    run dd if=/dev/null of=/proc/self/fd/7 conv=notrunc,fsync || broken "store $path" "exit $status"
    sum=$(sha1sum </proc/self/fd/7) && report checksum_src "${sum%% *}"
    if [ -n "$digest" ]; then
        sum=$("${algorithm}sum" </proc/self/fd/7) && sum=${sum%% *}
        [ "$sum" = "$digest" ] ||
            fail "$shown has the $algorithm checksum $sum, not $digest: nothing is replaced"
    fi
}
not_fetched() {
    why=$(stderr)
    ! distrusted || fail "Failed to validate the SSL certificate for $shown: ${why#curl: }"
    case $code in [45]*) fail "can't download $shown: HTTP $code (${why#*error: })" ;; esac
    fail "can't download $shown: ${why#curl: }"
}
# ask: in check mode, whether the server has it. One that is not there yet, or does not answer
# such a question, may be what an earlier task of the run would have seen to.
ask() {
    [ "$checking" = yes ] && command -v curl >/dev/null || return 0
    code=$(printf '%s' "$config" | curl -q -K - -I -o /dev/null -w '%{http_code}' 2>/dev/null)
    case $code in
        401 | 404 | 407 | 410)
            report status_code "$code"
            fail "can't download $shown: HTTP $code"
            ;;
    esac
}
# learn_digest: take it from the list of checksums at a URL: `DIGEST  NAME`, `DIGEST *./NAME`,
# `ALGORITHM (NAME) = DIGEST`, or nothing but a digest.
learn_digest() {
    sums=$(printf '%s' "$checksum_config" | curl -q -K - 2>&1) ||
        fail "can't download the checksums at $checksum_shown: ${sums#curl: }"
    digest=$(printf '%s\n' "$sums" | file_name=$listed awk '
        { sub(/\r$/, "") }
        NF == 1 && !only { only = $1 }
        $2 == "(" ENVIRON["file_name"] ")" && $3 == "=" { found = $4 }
        { name = $0; sub(/^[^ \t]+[ \t]+/, "", name); sub(/^\*/, "", name); sub(/^\.\//, "", name) }
        NF > 1 && name == ENVIRON["file_name"] { found = $1 }
        END { print tolower(found ? found : only) }')
    [ -n "$digest" ] || fail "$checksum_shown has no checksum of $listed"
}
# is_right: what is there is what it shall be, as far as that shows without a download.
is_right() {
    [ "$at_kind" = file ] || return
    if [ -n "$digest" ]; then
        sum=$("${algorithm}sum" <"$path") && [ "${sum%% *}" = "$digest" ]
    else
        [ "$force" = no ] && [ "$into_directory" = no ]
    fi
}
same_content() { [ "$at_kind" = file ] && [ "$(sha256 "$path")" = "$(sha256 /proc/self/fd/7)" ]; }

expand path
into_directory=no
case $path in
    */) into_directory=yes path=${path%"${path##*[!/]}"} ;;
    *) [ ! -d "$path" ] || into_directory=yes ;;
esac
[ "$into_directory" = no ] || path=$path/$name
report dest "$path"
[ -z "$checksum_config" ] || learn_digest
at "$path" || true
if is_right; then
    attributes "$path"
elif [ "$look" = yes ]; then
    ask
    changed "download $shown to $path"
elif [ "$at_kind" = directory ]; then
    fail "$path is a directory: give the name of the file in it"
else
    download
    if same_content; then
        rm -f -- "$temp"
    else
        _adopt "$path"
        exec 7>&-
        install_temporary "$path"
        changed "download $shown to $path"
    fi
    at_path=''
    attributes "$path"
    sum=$(sha1sum <"$path") && report checksum_dest "${sum%% *}"
fi
[ "$at_path" = "$path" ] || at "$path"
report_at
