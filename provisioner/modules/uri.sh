# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module uri: send an HTTP request from the host and report the answer.

nl='
'
# open_target: open file descriptor 7 for the content of the answer: a temporary file beside the target, or
# a scratch file without a name.
open_target() {
    if [ -n "$path" ]; then
        [ ! -d "$path" ] || path=${path%"${path##*[!/]}"}/$name
        at "$path" || true
        [ "$at_kind" != directory ] || fail "$path is a directory: dest must be the name of a file"
        temporary "$path"
    else
        scratch
        exec 7>&8
    fi
    scratch
}
# request: send the request. URL, password and headers are not arguments, which all users of the host could
# see: curl reads its configuration from file descriptor 6. The data to send arrives from the controller.
request() {
    printf '%s' "$config" | {
        exec 6<&0
        if [ "$sends" = yes ]; then
            dd bs=65536 iflag=fullblock,count_bytes count="$content_size" <&4 2>/dev/null | {
                ask_curl
                curl_status=$?
                cat >/dev/null
                exit "$curl_status"
            }
        else
            ask_curl </dev/null
        fi
    } >&8 2>&9 3>&-
}
ask_curl() {
    curl -q -K /dev/fd/6 -D - -o /proc/self/fd/7 4<&- \
        -w "\nprovision %{http_code} %{num_redirects} %{time_total} %{url_effective}"
}
# content: send the content of the answer as a blob, up to 64 MiB.
content() {
    size=$(stat -L -c %s /proc/self/fd/7)
    [ "$size" -le 67108864 ] || { report large "$size"; return 0; }
    say
    printf '#content %d %d\0' "$size" "$size" >&3
    dd bs=65536 if=/proc/self/fd/7 2>/dev/null >&3
}
accepted() { case " $codes " in *" $code "*) ;; *) false ;; esac; }

due || return 0
if [ "$look" = yes ]; then
    report check ''
    return
fi
command -v curl >/dev/null || fail 'curl is not installed: install it in an earlier task'
[ -z "$path" ] || expand path
open_target
[ "$sends" = no ] || order "$content_size" 0
if request; then request_status=0; else request_status=$?; fi
_content_due=0
answer=$(stdout)
code=-1 transfer=${answer##*"$nl"provision }
if [ "$request_status" -eq 0 ]; then
    code=${transfer%% *}
    report headers "${answer%"$nl"provision *}"
    report transfer "$transfer"
else
    why=$(stderr)
    report why "${why#curl: }"
fi
report status "$code"
if [ -z "$path" ] || [ "$return_content" = yes ] || ! accepted; then content; fi
if ! accepted; then
    [ "$code" != -1 ] || shown="Request failed: ${why#curl: }"
    ! distrusted || shown="Failed to validate the SSL certificate: ${why#curl: }"
    fail "Status code was $code and not [$shown_codes]: $shown"
fi
[ -n "$path" ] || return 0
report path "$path"
if [ "$at_kind" = file ] && [ "$(sha256 "$path")" = "$(sha256 /proc/self/fd/7)" ]; then
    rm -f -- "$temp"
else
    run dd if=/dev/null of=/proc/self/fd/7 conv=notrunc,fsync || broken "store $path" "exit $status"
    _adopt "$path"
    exec 7>&-
    install_temporary "$path"
    changed "store the answer of $shown in $path"
fi
at_path=''
attributes "$path"
at "$path" || true
report_at
