# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module get_url: download a file to the host.

# fetch: download to file descriptor 7. The URL, password and headers are not arguments: all users of the
# host can see the arguments of a process.
fetch() {
    if command -v curl >/dev/null; then
        printf '%s' "$config" | curl -q -K - -o /proc/self/fd/7 -w '%{http_code} %{time_total}\n'
    elif ! command -v wget >/dev/null; then
        echo 'neither curl nor wget is installed: install curl in an earlier task' >&2
        return 1
    elif [ "$has_secrets" = yes ]; then
        echo 'curl is not installed, and with wget all users could see the password or headers' >&2
        return 1
    else
        printf '%s\n' "$url" | wget -nv -T "$timeout" -O - -i - >&7 && echo 200
    fi
}
download() {
    temporary "$path"
    run fetch
    fetch_status=$? output=$(stdout)
    code=${output%% *}
    case $code in [1-9]*) report status_code "$code" ;; *) code='' ;; esac
    [ "$fetch_status" -eq 0 ] || fail_download
    run dd if=/dev/null of=/proc/self/fd/7 conv=notrunc,fsync || broken "store $path" "exit $status"
    sum=$(sha1sum </proc/self/fd/7) && report checksum_src "${sum%% *}"
    if [ -n "$digest" ]; then
        sum=$("${algorithm}sum" </proc/self/fd/7) && sum=${sum%% *}
        [ "$sum" = "$digest" ] ||
            fail "$shown has the $algorithm checksum $sum, not $digest. $path was not changed."
    fi
}
fail_download() {
    why=$(stderr)
    ! distrusted || fail "Failed to validate the SSL certificate for $shown: ${why#curl: }"
    case $code in [45]*) fail "can't download $shown: HTTP $code (${why#*error: })" ;; esac
    fail "can't download $shown: ${why#curl: }"
}
# ask_server: in check mode, fail if the server says that it does not have the file. Any other error is
# ignored: an earlier task may be about to start the server.
ask_server() {
    [ "$checking" = yes ] && command -v curl >/dev/null || return 0
    code=$(printf '%s' "$config" | curl -q -K - -I -o /dev/null -w '%{http_code}' 2>/dev/null)
    case $code in
        401 | 404 | 407 | 410)
            report status_code "$code"
            fail "can't download $shown: HTTP $code"
            ;;
    esac
}
# fetch_digest: set $digest from the list of checksums at a URL. Its lines are `DIGEST  NAME`,
# `DIGEST *./NAME`, `ALGORITHM (NAME) = DIGEST` or only a digest.
fetch_digest() {
    sums=$(printf '%s' "$checksum_config" | curl -q -K - 2>&1) ||
        fail "can't download the checksums at $checksum_shown: ${sums#curl: }"
    digest=$(printf '%s\n' "$sums" | file_name=$listed_name awk '
        { sub(/\r$/, "") }
        NF == 1 && !only { only = $1 }
        $2 == "(" ENVIRON["file_name"] ")" && $3 == "=" { digest = $4 }
        { name = $0; sub(/^[^ \t]+[ \t]+/, "", name); sub(/^\*/, "", name); sub(/^\.\//, "", name) }
        NF > 1 && name == ENVIRON["file_name"] { digest = $1 }
        END { print tolower(digest ? digest : only) }')
    [ -n "$digest" ] || fail "$checksum_shown has no checksum of $listed_name"
}
# is_right: no download is needed: the checksum is right, or the file exists and force is not set.
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
[ -z "$checksum_config" ] || fetch_digest
at "$path" || true
if is_right; then
    attributes "$path"
elif [ "$look" = yes ]; then
    ask_server
    changed "download $shown to $path"
elif [ "$at_kind" = directory ]; then
    fail "$path is a directory: dest must be the name of a file"
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
