# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module uri: send an HTTP request from the host and report the answer.

nl='
'
# into: 7 is where the answer's content goes: beside the file it is for, or nowhere with a name.
into() {
    if [ -n "$path" ]; then
        [ ! -d "$path" ] || path=${path%"${path##*[!/]}"}/$name
        at "$path" || true
        [ "$at_kind" != directory ] || fail "$path is a directory: give the name of the file in it"
        temporary "$path"
    else
        scratch
        exec 7>&8
    fi
    scratch
}
# request: URL, password and headers stand in no argument, which all users could see: curl reads
# them from 6, and what it sends from the controller.
request() {
    printf '%s' "$config" | {
        exec 6<&0
        if [ "$sends" = yes ]; then
            dd bs=65536 iflag=fullblock,count_bytes count="$content_size" <&4 2>/dev/null | {
                ask_curl
                end=$?
                cat >/dev/null
                exit "$end"
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
# content: the answer's content as a blob.
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
command -v curl >/dev/null || fail 'curl is not there: install it in an earlier task'
[ -z "$path" ] || expand path
into
[ "$sends" = no ] || order "$content_size" 0
if request; then ended=0; else ended=$?; fi
_owed=0
answer=$(stdout)
code=-1 said=${answer##*"$nl"provision }
if [ "$ended" -eq 0 ]; then
    code=${said%% *}
    report headers "${answer%"$nl"provision *}"
    report said "$said"
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
