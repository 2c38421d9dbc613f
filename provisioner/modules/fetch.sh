# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module fetch: send a file of the host to the controller.

# content: send the file as a blob of $size bytes. If it has shrunk meanwhile, zeros follow.
content() {
    printf '#content %d %d\0' "$size" "$size" >&3
    { _sent=$(dd bs=65536 iflag=fullblock,count_bytes count="$size" <"$src" 2>&1 >&5); } 5>&1
    _sent=${_sent##*"$newline"} _sent=${_sent%% *}  # dd's last line: how many bytes were copied
    [ "$_sent" = "$size" ] ||
        dd bs=65536 iflag=fullblock,count_bytes count=$((size - _sent)) </dev/zero 2>/dev/null
}
newline='
'
# send_summed: send the file while a second process computes its SHA-1. That one reads faster, so the
# disk is read once.
send_summed() {
    say
    sum=$(
        _digest "$size" sha1 <"$src" &
        content >&3
        wait
    )
    [ -n "$sum" ] || sum=$(sha1sum <"$src")
}
identity() { stat -L -c '%s %i %y' -- "$src"; }

expand src
report source "$src"
if [ ! -e "$src" ]; then
    if [ "$fail_on_missing" = no ]; then
        report msg 'the remote file does not exist, not transferring, ignored'
        return
    fi
    [ "$look" = yes ] ||
        fail "$src does not exist: create it in an earlier task, or set fail_on_missing: false"
    changed "fetch $src to $dest"
    return
fi
if [ -d "$src" ]; then
    [ "$fail_on_missing" = no ] || fail "$src is a directory: fetch takes one file"
    report msg 'a directory, not transferring, ignored'
    return
fi
[ -f "$src" ] || fail "$src is not a file"
[ -r "$src" ] || fail "$src can't be read by this user: add become"
before=$(identity) size=${before%% *}
if [ "$size" = "$old_size" ] || [ "$size" = 0 ]; then
    sum=$(_digest "$size" sha1 <"$src") || sum=$(sha1sum <"$src") ||
        fail "$src can't be read: see the kernel's log for errors of the disk"
    report checksum "${sum%% *}"
    [ "${sum%% *}" != "$old_sha1" ] || return 0
    if [ "$look" = yes ]; then :
    elif [ "$size" = 0 ]; then report encoded "$(base64 -w 0 <"$src")"  # files in /proc have the size 0
    else say; content >&3
    fi
elif [ "$look" = no ]; then  # the sizes differ, so the checksums need not be compared
    send_summed
    [ "$(identity)" = "$before" ] || fail "$src changed while it was fetched: $dest was not changed"
    report checksum "${sum%% *}"
fi
changed "fetch $src to $dest"
