# Files: replacing one whole or not at all. Part of paths.sh.
#
# They read the module's variables: for `put`: content, or content_size and content_sha256 for what is
# streamed (number content_index) or, with content_from, is in a file here; backup validate unsafe_writes;
# old_sha256 ("absent", or what the file must still hold) and, where that is little, old_content. Unset ones
# mean nothing.

unset content content_size content_sha256 content_from
unset backup validate unsafe_writes old_sha256 old_content
temp='' _born='' _owed=0 _proved='' content_asked='' content_index=''

# put PATH: ensure that the file PATH holds the content and has the attributes; what a reader sees is
# the old file or the new one. A link at PATH is replaced: a body that means its target resolves it.
put() {
    if ! _to_edit "$1"; then
        at "$1"
        if [ "$content_asked" != yes ] && holds "$1"; then attributes "$1"; return; fi
    fi
    _what="change $1"
    case $at_kind in
        absent) _what="create $1" ;;
        directory) fail "$1 is a directory, not a file: give the name of the file, or remove it first" ;;
        file) [ "$diff" != yes ] || _old_content "$1" ;;
    esac
    if [ "$look" = no ]; then
        _birth
        replace "$1"
        at "$1"
        [ -z "$_born" ] || _mend "$1"
        # The very file whose content was proved before it was renamed needs no second reading.
        [ "$at_id $at_size" = "$_proved" ] || _written "$1" || holds "$1" ||
            fail "$1 holds something else right after it was written: who else writes it?"
        exec 7<&-
    fi
    [ "$diff" != yes ] || report content "$_what"
    noted "$_what"
    attributes "$1"
}

# _to_edit PATH: what is there is the file that was read for an edit, and does not hold what comes of it: no
# more is to be known of it. Whether it is still what was read shows when it is replaced.
_to_edit() {
    [ -n "$old_sha256" ] && [ "$look$diff$mode" = nono ] && [ "${#content}" -le "$_small" ] &&
        [ -f "$1" ] && ! [ -L "$1" ] || return
    ! text_of "$1" 0 || [ "$_text" != "$content" ] || return
    at_kind='file' at_path=''
}

# _birth: where a new file gets no other owner or context and all may read it, $_born is the umask that gives
# it its mode at once. Else it is open to its owner only until it has its attributes.
_birth() {
    _born=''
    [ "$at_kind" = absent ] && [ -z "$owner$group$seuser$serole$setype$selevel" ] && ! selinux ||
        return 0
    _new_mode
    [ $((_wanted & 07115)) -eq 4 ] || return 0  # o+r, and nothing that no file is created with
    _octal $((0777 & ~_wanted))
    _born=$_digits
}
# _mend PATH: a directory's default ACL stands in for the umask.
_mend() {
    [ $((0$at_mode)) -ne "$_wanted" ] || return 0
    quick _chmod "$1" || broken "set mode of $1" "exit $status"
    at "$1"
}

# _written PATH: it is the file behind 7, of the size that was written there; `at` has been at PATH.
_written() { [ "$_proved" = "$at_size" ] && [ "$1" -ef /proc/self/fd/7 ]; }

_old_content() { if [ "$at_size" -le 1048576 ]; then before "$1"; else report before '(over 1 MiB)'; fi; }

# holds PATH: it is a file with the content; `at` has been there.
holds() {
    [ "$at_kind" = file ] || return
    if [ -n "$content_size" ]; then
        [ "$at_size" = "$content_size" ] || return
        if sum_ahead_of "$1"; then [ "$_held" = "$content_sha256" ]; return; fi
        _held=$(_sum_of "$1" "$at_size")  # before the other is asked for, which is taken meanwhile
        [ -n "$content_sha256" ] || { order 0 "$content_index" sum; _take_sum; }
        [ "$_held" = "$content_sha256" ]
    else
        [ "$at_size" = "${#content}" ] && _read_text "$1" && [ "$_text" = "$content" ]
    fi
}
# _read_text PATH: what it holds in $_text, less its NULs; `at` has been there.
_read_text() {
    text_of "$1" "$at_size" && return
    _text=$(cat -- "$1" && echo .) && _text=${_text%.}
}

# sha256 PATH: print it. Without a name behind it, nothing is escaped.
sha256() { _sum=$(sha256sum <"$1") && echo "${_sum%% *}"; }

# _digest SIZE [sha1]: the sum of stdin as sha256sum prints it. openssl is three times as fast where
# sha256sum is built without it, yet slow to start; where it does not work, stdin is read to its end all
# the same.
_digest() {
    if [ "$1" -gt 4194304 ] && command -v openssl >/dev/null; then
        openssl dgst "-${2:-sha256}" -r || { cat >/dev/null; false; }
    else
        "${2:-sha256}sum"
    fi
}
# _sum_of PATH SIZE: print its sum.
_sum_of() {
    if _sum=$(_digest "$2" <"$1"); then echo "${_sum%% *}"; else sha256 "$1"; fi
}

# before PATH: report its content as the blob `before`; `at` has been there.
before() {
    _read_text "$1" || fail "$1 can't be read"
    if [ "${#_text}" -eq "$at_size" ]; then
        report_text before
        return
    fi
    say
    # NULs are lost in a variable. Zeros behind the file keep the frame whole if it just shrank.
    printf '#before %d %d\0' "$at_size" "$at_size" >&3
    { cat -- "$1"; cat /dev/zero; } |
        dd bs=65536 iflag=fullblock,count_bytes count="$at_size" >&3
}

# replace PATH: make it a file with the content, whole or not at all. `at` has been there.
replace() {
    temporary "$1"
    _fill || fail "can't write $1: ${_why:-the content did not arrive whole}. It is as it was."
    _adopt "$1"
    exec 7</proc/self/fd/7  # not for writing: $validate may run it
    install_temporary "$1"
}

# temporary PATH: a new file $temp beside PATH, 0600 unless $_born says otherwise, open as 7, which goes when
# the program ends.
temporary() {
    case $1 in */*) _folder=${1%/*}/ ;; *) _folder=./ ;; esac
    [ -d "$_folder" ] || fail "can't write $1: there is no directory $_folder. Create it in an earlier task."
    _name=${1##*/}
    [ "${#_name}" -le 200 ] || _name=$(printf '%.200s' "$_name")
    temp=$_folder.$_name.provision-$token
    for _left in "$_folder.$_name".provision-*; do  # by a session that was killed, not by one that writes now
        _owner=${_left##*.provision-} _owner=${_owner%%-*}
        [ ! -e "$_left" ] || { [ "$_owner" != "$$" ] && [ -d "/proc/$_owner" ]; } || rm -f -- "$_left"
    done
    # -C is O_EXCL: nobody's file or link is followed. `command` keeps a failure from ending the shell.
    umask "${_born:-077}"
    set -C
    if ! command exec 7>"$temp"; then
        _why=$( (: >"$temp") 2>&1)
        _elsewhere "$1" || fail "can't write in $_folder: ${_why##*: }. $1 is as it was."
    fi
    set +C
    umask "$_umask"
    trap _tidy EXIT
    trap 'exit 129' HUP INT TERM
}

# _elsewhere PATH: $temp in another directory, for a file that may be overwritten in place.
_elsewhere() {
    [ "$unsafe_writes" = yes ] && [ -f "$1" ] || return
    for _folder in /tmp/ /var/tmp/; do
        temp=$_folder.$_name.provision-$token
        ! command exec 7>"$temp" || return 0
    done
    return 1
}

_tidy() {
    [ -z "$temp" ] || rm -f -- "$temp"
    [ "$_owed" -le 0 ] || dd bs=65536 iflag=fullblock,count_bytes count="$_owed" <&4 >/dev/null
}

# _fill: the content into 7, on disk and checked; $_why is what went wrong. A small text the shell writes
# itself, and fdinfo says how much of it.
_fill() {
    if [ -z "$content_size" ]; then
        if printf '%s' "$content" >&7 2>/dev/null; then
            dd conv=fsync </dev/null >&7 2>/dev/null || { _why='it could not be written to the disk'; return 1; }
            read -r _ _proved </proc/self/fdinfo/7
            [ "$_proved" != "${#content}" ] || return 0
        fi
        # dd says why it does not fit.
        _why=$(printf '%s' "$content" | dd bs=65536 conv=fsync 2>&1 >&7) || { _first_line; return 1; }
        _why='it was not written whole'
        return 1
    fi
    if [ -n "$content_from" ]; then
        _why=$(dd bs=65536 conv=fsync if="$content_from" 2>&1 >&7) || { _first_line; return 1; }
        _sum=$(_sum_of /proc/self/fd/7 "$content_size")
    else
        [ "$content_asked" = yes ] || order "$content_size" "$content_index" "${content_sha256:-sum}"
        _arrive || return
    fi
    [ "$_sum" = "$content_sha256" ] || {
        _why='it arrived with another checksum than it was sent with'
        return 1
    }
    _settled "$content_size"
}

# _settled SIZE: the file behind 7, whose content has been checked, has that size. $_proved tells it again.
_settled() {
    _proved=$(stat -L -c '%d:%i:%Y %s' /proc/self/fd/7) && [ "${_proved##* }" = "$1" ] && return
    _why='it was not written whole'
    return 1
}

# _first_line: what dd said, without statistics: "No space left on device".
_first_line() { _why=${_why%%
*} _why=${_why##*: }; }

# _adopt PATH: give the temporary file, through its descriptor, PATH's attributes and then the wanted
# ones. Never more than these: a reader can't open it in between.
_adopt() {
    _fd=/proc/self/fd/7 _h='' _l=-L _real=$1
    if [ "$at_kind" = file ]; then _inherit "$1"; else _begin "$1"; fi
    [ -z "$owner" ] || quick _own "$_fd" || broken "set owner of $1: $owner" "exit $status"
    [ -z "$group" ] || quick _regroup "$_fd" || broken "set group of $1: $group" "exit $status"
    [ -z "$mode" ] || [ -n "$_born" ] || quick _chmod "$_fd" || broken "set mode of $1: $mode" "exit $status"
    if [ -n "$seuser$serole$setype$selevel" ] && selinux && ! _labelled "$_fd"; then
        quick _label "$_fd" || broken "set SELinux context of $1" "exit $status"
    fi
    at_path=''
}
# _inherit OLD: its owner, xattrs, ACL and context, and its mode unless another is wanted: an ACL then
# comes by its named entries only, so that the file is at no time open to more than the wanted mode.
_inherit() {
    _kept=ownership
    if [ -n "$mode" ]; then _wanted_mode; else _kept=$_kept,mode; fi
    ! selinux || _kept=$_kept,context
    cp --attributes-only --preserve="$_kept,xattr" -- "$1" "$_fd" ||
        quick cp --attributes-only --preserve="$_kept" -- "$1" "$_fd" ||
        [ "$(id -u)" != 0 ] || broken "keep the owner and mode of $1" "exit $status"
    [ -n "$mode" ] || return 0
    case $(ls -ld -- "$1") in
        ??????????+*) getfacl -cp -- "$1" | grep '^[ug][a-z]*:[^:]' | setfacl -n -M - "$_fd" ;;
    esac
}
# _begin PATH: the start of a file that is new.
_begin() {
    _new_mode
    [ -n "$mode$_born" ] || _chmod "$_fd"
    if selinux && _context=$(matchpathcon -n "$1"); then chcon -- "$_context" "$_fd"; fi
}

# _new_mode: the mode of what is new, in $_wanted.
_new_mode() {
    at_mode=644
    if [ -n "$mode" ]; then _wanted_mode; else _wanted=$((0644)); fi
}

# install_temporary PATH: check $temp with $validate, back PATH up, and rename. `at` has been there.
install_temporary() {
    [ -z "$validate" ] || _validated "$1"
    [ -z "$old_sha256" ] || _as_read "$1" || {
        report overtaken "$1"
        fail "$1 was changed by something else meanwhile: it is left alone. Run again."
    }
    [ "$backup" != yes ] || [ ! -e "$1" ] || back_up "$1"
    quick mv -f -T -- "$temp" "$1" || _in_place "$1" || _not_replaced "$1"
    temp=''
}

# _as_read PATH: it is as it was when it was read.
_as_read() {
    if [ -n "$old_content" ]; then
        [ -f "$1" ] && text_of "$1" 0 && [ "$_text" = "$old_content" ]
    else
        _now=absent
        ! [ -f "$1" ] || ! _now=$(sha256sum <"$1") || _now=${_now%% *}
        [ "$_now" = "$old_sha256" ]
    fi
}

# _validated PATH: run $validate, words with %s in place of the file.
_validated() {
    _path=$1 _valid=''
    eval "set -- $validate"
    case "$*" in *%s*) ;; *) fail "validate must contain %s: $*" ;; esac
    for _word in "$@"; do
        shift
        case $_word in *%s*) _word=${_word%%%s*}$temp${_word#*%s} ;; esac
        set -- "$@" "$_word"
    done
    run_program "$@" || broken "$1 finds the new $_path invalid (it is as it was)" "exit $status"
}

# back_up PATH: keep a copy under Ansible's name, and report it.
back_up() {
    _copy=$1.$$.$(date +%Y-%m-%d@%H:%M:%S)~
    quick cp -p -T -- "$1" "$_copy" || { rm -f -- "$_copy"; broken "back up $1" "exit $status"; }
    report backup_file "$_copy"
}

# _in_place PATH: overwrite it where it can't be renamed over, if $unsafe_writes allows that.
_in_place() {
    [ "$unsafe_writes" = yes ] || return
    quick dd bs=65536 conv=fsync if="$temp" of="$1" || return
    rm -f -- "$temp"
}
_not_replaced() {
    _flags=$(lsattr -d -- "$1") || _flags=''
    case ${_flags%% *} in
        *[ia]*) fail "can't replace $1: it is immutable. Clear that first: chattr -ia $1" ;;
    esac
    case $(stderr) in
        *busy) fail "can't replace $1: it is a mount point (a bind mount). Set unsafe_writes: true" ;;
    esac
    broken "replace $1" "exit $status"
}
