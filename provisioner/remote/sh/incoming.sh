# Streamed content: requested, read from the control stream to its last byte, and summed and flushed while it
# arrives. Part of files.sh: the new file is open as 7; $content_size, $content_sha256 and $content_index
# describe its content; $_content_due is the number of requested bytes that have not been read.

# order SIZE NUMBER [SUM]: request that content. `put` with $content_asked=yes reads it. Several contents may be
# requested at once, in the order in which they are read, but not more than a pipe can hold. With the word "sum"
# as SUM, 64 hex digits are requested after it: the sum of a large file may not be known earlier.
order() {
    report want "$1 $2 $3"
    say
    _content_due=$((_content_due + $1))
    [ "$3" != sum ] || _content_due=$((_content_due + 64))
    trap _tidy EXIT
}
_take_sum() {
    content_sha256=$(dd bs=64 count=1 iflag=fullblock <&4 2>/dev/null)
    _content_due=$((_content_due - 64))
}

# _arrive: read the requested content from the control stream into 7 and write it to the disk; set $_sum to the
# sum of the file. Each piece of a large file is summed and flushed while the next one arrives.
_arrive() {
    _sum='' _why='' _failed=''
    if [ "$content_size" -le "$_piece" ]; then
        _take "$content_size" conv=fsync || _failed=yes
    else
        _why=$({ _pieces | _written_pieces | _digest "$content_size"; } 5>&1)
        case $_why in *dd:*) _failed=yes _why=dd:${_why#*dd:} ;; *) _sum=${_why%% *} ;; esac
    fi
    _content_due=$((_content_due - content_size))
    [ -n "$content_sha256" ] || _take_sum
    [ -z "$_failed" ] || { _first_line; return 1; }
    [ -n "$_sum" ] || _sum=$(_sum_of /proc/self/fd/7 "$content_size")
}
_piece=16777216

# _take SIZE [conv=fsync]: read so many bytes of the control stream into 7; $_why is the message of dd. If the
# disk is full, the rest is read all the same, so that none of it is taken for the next frame.
_take() {
    _ended=0
    _why=$(dd bs=65536 iflag=fullblock,count_bytes count="$1" ${2:+"$2"} <&4 2>&1 >&7) || _ended=1
    _blocks=${_why%% records in*} _blocks=${_blocks##*[!0-9+]}  # blocks read: full ones + a partial one
    case $_blocks in
        "$(($1 / 65536))+$(($1 % 65536 > 0))") return "$_ended" ;;
        [0-9]*+[0-9]*) _drain $(($1 - ${_blocks%+*} * 65536)) ;;
    esac
    return 1
}
_drain() { dd bs=65536 iflag=fullblock,count_bytes count="$1" <&4 >/dev/null 2>&1; }

# _flush: write 7 to the disk. A kernel as old as EL7's reports a failed write only once, to the first process
# that flushes.
_flush() { _why=$(dd conv=fsync </dev/null 2>&1 >&7); }

# _pieces: read the content into 7 in pieces, and print a line after each. Failures are written to 5. The last
# piece is small, since its sum and its flush are waited for.
_pieces() {
    trap '' PIPE
    _left=$content_size _next=$_piece
    while [ "$_left" -gt 0 ]; do
        [ "$_left" -gt "$_next" ] || _next=$((_left - _left / 4))
        [ "$_left" -gt $((_piece / 4)) ] || _next=$_left
        _left=$((_left - _next))
        _take "$_next" || { echo "$_why" >&5; _drain "$_left"; break; }
        echo
        wait
        { _flush || echo "$_why" >&5; } &
    done
    wait
}
# _written_pieces: print the content of 7, piece by piece.
_written_pieces() {
    while read -r _line; do
        dd bs=65536 iflag=fullblock,count_bytes count="$_piece" <&6 2>/dev/null
    done 6</proc/self/fd/7
}

