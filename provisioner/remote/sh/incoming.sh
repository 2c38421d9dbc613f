# Content that is streamed: ordered, taken from the control stream to the last byte, summed and flushed while
# it arrives. Part of files.sh: 7 is the new file, $content_size, $content_sha256 and $content_index are what
# it is to hold, and $_owed is what is still to come.

# order SIZE NUMBER [SUM]: ask for that content; `put` with $content_asked=yes takes it. Several may be asked
# for at once, in the order in which they are put, yet not more than fits into a pipe. Where SUM is the
# word "sum", 64 hex digits are asked for behind it: of a large file it may not be known earlier.
order() {
    report want "$1 $2 $3"
    say
    _owed=$((_owed + $1))
    [ "$3" != sum ] || _owed=$((_owed + 64))
    trap _tidy EXIT
}
_take_sum() {
    content_sha256=$(dd bs=64 count=1 iflag=fullblock <&4 2>/dev/null)
    _owed=$((_owed - 64))
}

# _arrive: the content that was asked for, from the control stream into 7 and to the disk; the file's sum in
# $_sum. Of a large file each piece is summed and flushed while the next one comes.
_arrive() {
    _sum='' _why='' _failed=''
    if [ "$content_size" -le "$_piece" ]; then
        _take "$content_size" conv=fsync || _failed=yes
    else
        _why=$({ _pieces | _behind | _digest "$content_size"; } 5>&1)
        case $_why in *dd:*) _failed=yes _why=dd:${_why#*dd:} ;; *) _sum=${_why%% *} ;; esac
    fi
    _owed=$((_owed - content_size))
    [ -n "$content_sha256" ] || _take_sum
    [ -z "$_failed" ] || { _first_line; return 1; }
    [ -n "$_sum" ] || _sum=$(_sum_of /proc/self/fd/7 "$content_size")
}
_piece=16777216

# _take SIZE [conv=fsync]: so much of the control stream into 7; $_why is what dd said. When the disk is
# full the rest is read all the same, so that not a byte is left to be read as the next frame.
_take() {
    _ended=0
    _why=$(dd bs=65536 iflag=fullblock,count_bytes count="$1" ${2:+"$2"} <&4 2>&1 >&7) || _ended=1
    _blocks=${_why%% records in*} _blocks=${_blocks##*[!0-9+]}  # read: whole ones + the last one
    case $_blocks in
        "$(($1 / 65536))+$(($1 % 65536 > 0))") return "$_ended" ;;
        [0-9]*+[0-9]*) _drain $(($1 - ${_blocks%+*} * 65536)) ;;
    esac
    return 1
}
_drain() { dd bs=65536 iflag=fullblock,count_bytes count="$1" <&4 >/dev/null 2>&1; }

# _flush: what 7 holds to the disk. A kernel as old as EL7's tells of a write that failed only once, to
# whoever flushes first.
_flush() { _why=$(dd conv=fsync </dev/null 2>&1 >&7); }

# _pieces: the content into 7 in pieces; a line on stdout says that the next one is there. What failed is
# said on 5. The last one is small: its sum and flush are what is waited for at the end.
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
# _behind: what 7 holds, piece by piece.
_behind() {
    while read -r _line; do
        dd bs=65536 iflag=fullblock,count_bytes count="$_piece" <&6 2>/dev/null
    done 6</proc/self/fd/7
}

