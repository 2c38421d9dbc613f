# Files: replace a file as a whole or not at all. Part of paths.sh.
#
# The functions use the module's variables. For `put`: content, or content_size and content_sha256 for content
# that is streamed (number content_index) or, with content_from, is in a file on the host; backup, validate,
# unsafe_writes; old_sha256 ("absent", or the sum of the file's expected content) and, for small files,
# old_content. Unset ones have no effect.

unset content content_size content_sha256 content_from
unset backup validate unsafe_writes old_sha256 old_content
temp='' _dest='' _initial_umask='' _content_due=0 _verified='' content_asked='' content_index=''

# put PATH: ensure that the file PATH has the content and the attributes. Readers see the old file or the new
# one. A link at PATH is replaced: a body that means its target must resolve it.
put() {
    if ! _must_be_edited "$1"; then
        at "$1"
        if [ "$content_asked" != yes ] && holds "$1"; then attributes "$1"; return; fi
    fi
    _what="change $1"
    case $at_kind in
        absent) _what="create $1" ;;
        other) fail "$1 is $(special_kind "$1"), not a file: it is not replaced. Remove it first" ;;
        directory) fail "$1 is a directory, not a file: give the name of the file, or remove it first" ;;
        file) [ "$diff" != yes ] || _old_content "$1" ;;
    esac
    if [ "$look" = no ]; then
        _choose_umask
        replace "$1"
        at "$1"
        [ -z "$_initial_umask" ] || _repair_mode "$1"
        # A file that was verified before it was renamed need not be read again.
        [ "$at_id $at_size" = "$_verified" ] || _written "$1" || holds "$1" ||
            fail "$1 has other content right after it was written: does another process write it?"
        exec 7<&-
    fi
    [ "$diff" != yes ] || report content "$_what"
    noted "$_what"
    attributes "$1"
}

# _must_be_edited PATH: true for a file that was read for an edit and does not have the new content yet: nothing
# else must be known of it. `replace` checks that it is unchanged.
_must_be_edited() {
    [ -n "$old_sha256" ] && [ "$look$diff$mode" = nono ] && [ "${#content}" -le "$_small" ] &&
        [ -f "$1" ] && ! [ -L "$1" ] || return
    ! text_of "$1" 0 || [ "$_text" != "$content" ] || return
    at_kind='file' at_path=''
}

# _choose_umask: set $_initial_umask where a new file can be created with its final mode: it gets no other owner
# or context, and all may read it. Else it is readable for its owner only until its attributes are set.
_choose_umask() {
    _initial_umask=''
    [ "$at_kind" = absent ] && [ -z "$owner$group$seuser$serole$setype$selevel" ] && ! selinux ||
        return 0
    _new_mode
    [ $((_wanted & 07115)) -eq 4 ] || return 0  # readable for all, no execute or special bits
    _octal $((0777 & ~_wanted))
    _initial_umask=$_digits
}
# _repair_mode PATH: set the mode where a directory's default ACL replaced the umask.
_repair_mode() {
    [ $((0$at_mode)) -ne "$_wanted" ] || return 0
    quick _chmod "$1" || broken "set mode of $1" "exit $status"
    at "$1"
}

# _written PATH: it is the file behind 7, with the size that was written. `at` has been called for PATH.
_written() { [ "$_verified" = "$at_size" ] && [ "$1" -ef /proc/self/fd/7 ]; }

_old_content() { if [ "$at_size" -le 1048576 ]; then before "$1"; else report before '(over 1 MiB)'; fi; }

# holds PATH: it is a file with the content. `at` has been called for PATH.
holds() {
    [ "$at_kind" = file ] || return
    if [ -n "$content_size" ]; then
        [ "$at_size" = "$content_size" ] || return
        if prefetched_sum "$1"; then [ "$_sum_there" = "$content_sha256" ]; return; fi
        _sum_there=$(_sum_of "$1" "$at_size")  # before the new sum is requested, which is computed at the same time
        [ -n "$content_sha256" ] || { order 0 "$content_index" sum; _take_sum; }
        [ "$_sum_there" = "$content_sha256" ]
    else
        [ "$at_size" = "${#content}" ] && _read_text "$1" && [ "$_text" = "$content" ]
    fi
}
# _read_text PATH: set $_text to its content without NULs. `at` has been called for PATH.
_read_text() {
    text_of "$1" "$at_size" && return
    _text=$(cat -- "$1" && echo .) && _text=${_text%.}
}

# sha256 PATH: print its sum. Without a file name sha256sum escapes nothing.
sha256() { _sum=$(sha256sum <"$1") && echo "${_sum%% *}"; }

# _digest SIZE [sha1]: print the sum of stdin as sha256sum does. For large input openssl is three times as fast
# as a sha256sum without it, but slow to start. If it fails, stdin is read to its end all the same.
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

# before PATH: report its content as the value `before`. `at` has been called for PATH.
before() {
    _read_text "$1" || fail "$1 can't be read"
    if [ "${#_text}" -eq "$at_size" ]; then
        report_text before
        return
    fi
    say
    # A variable can't hold NULs. Zeros follow, so that the value is complete if the file has just become
    # shorter.
    printf '#before %d %d\0' "$at_size" "$at_size" >&3
    { cat -- "$1"; cat /dev/zero; } |
        dd bs=65536 iflag=fullblock,count_bytes count="$at_size" >&3
}

# replace PATH: replace it by a file with the content, as a whole or not at all. `at` has been called for PATH.
replace() {
    temporary "$1"
    _fill || fail "can't write $1: ${_why:-the content did not arrive completely}. It is unchanged."
    _adopt "$1"
    exec 7</proc/self/fd/7  # read-only: $validate may run the file, which must not be open for writing
    install_temporary "$1"
}

# temporary PATH: create a file $temp beside PATH, with mode 0600 unless $_initial_umask is set, and open it as
# 7. It is removed at the end of the program.
temporary() {
    case $1 in */*) _folder=${1%/*}/ ;; *) _folder=./ ;; esac
    [ -d "$_folder" ] || fail "can't write $1: there is no directory $_folder. Create it in an earlier task."
    _name=${1##*/}
    [ "${#_name}" -le 200 ] || _name=$(printf '%.200s' "$_name")
    pin "$1" || fail "${_refused:-"can't write in $_folder"}"
    temp=${pinned%/*}/.$_name.provision-$token _shown_temp=$_folder.$_name.provision-$token _dest=$pinned
    case $pinned in */*) ;; *) temp=$_shown_temp ;; esac
    for _left in "${temp%.provision-*}".provision-*; do  # left by a session that was killed
        _owner=${_left##*.provision-} _owner=${_owner%%-*}
        [ ! -e "$_left" ] || { [ "$_owner" != "$$" ] && [ -d "/proc/$_owner" ]; } || rm -f -- "$_left"
    done
    # -C opens with O_EXCL: no existing file or link is used. `command` keeps a failure from ending the shell.
    umask "${_initial_umask:-077}"
    set -C
    if ! command exec 7>"$temp"; then
        _why=$( (: >"$temp") 2>&1)
        _temporary_elsewhere "$1" || fail "can't write in $_folder: ${_why##*: }. $1 is unchanged."
    fi
    set +C
    umask "$_umask"
    trap _tidy EXIT
    trap 'exit 129' HUP INT TERM
}

# _temporary_elsewhere PATH: create $temp in another directory, if PATH may be overwritten in place.
_temporary_elsewhere() {
    [ "$unsafe_writes" = yes ] && [ -f "$1" ] || return
    for _folder in /tmp/ /var/tmp/; do
        temp=$_folder.$_name.provision-$token _shown_temp=$temp
        ! command exec 7>"$temp" || return 0
    done
    return 1
}

_tidy() {
    [ -z "$temp" ] || rm -f -- "$temp"
    [ "$_content_due" -le 0 ] || dd bs=65536 iflag=fullblock,count_bytes count="$_content_due" <&4 >/dev/null
}

# _fill: write the content into 7 and to the disk, and check it; $_why is the reason of a failure. The shell
# itself writes a small text, and fdinfo has the number of written bytes.
_fill() {
    if [ -z "$content_size" ]; then
        if printf '%s' "$content" >&7 2>/dev/null; then
            dd conv=fsync </dev/null >&7 2>/dev/null || { _why='it could not be written to the disk'; return 1; }
            read -r _ _verified </proc/self/fdinfo/7
            [ "$_verified" != "${#content}" ] || return 0
        fi
        # dd prints the reason.
        _why=$(printf '%s' "$content" | dd bs=65536 conv=fsync 2>&1 >&7) || { _first_line; return 1; }
        _why='it was not written completely'
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
        _why='the checksum of the received content is wrong'
        return 1
    }
    _verify_size "$content_size"
}

# _verify_size SIZE: the file behind 7, with checked content, has that size. Sets $_verified to identify it.
_verify_size() {
    _verified=$(stat -L -c '%d:%i:%Y %s' /proc/self/fd/7) && [ "${_verified##* }" = "$1" ] && return
    _why='it was not written completely'
    return 1
}

# _first_line: reduce dd's message to its reason: "No space left on device".
_first_line() { _why=${_why%%
*} _why=${_why##*: }; }

# _adopt PATH: give the file behind 7 first the attributes of PATH, then those that are given. At no time can
# more users open it than in the end.
_adopt() {
    _fd=/proc/self/fd/7 _h='' _l=-L _real=$1
    if [ "$at_kind" = file ]; then _inherit "$1"; else _set_new_attributes "$1"; fi
    [ -z "$owner" ] || quick _own "$_fd" || broken "set owner of $1: $owner" "exit $status"
    [ -z "$group" ] || quick _regroup "$_fd" || broken "set group of $1: $group" "exit $status"
    [ -z "$mode" ] || [ -n "$_initial_umask" ] || quick _chmod "$_fd" || broken "set mode of $1: $mode" "exit $status"
    if [ -n "$seuser$serole$setype$selevel" ] && selinux && ! _labelled "$_fd"; then
        quick _label "$_fd" || broken "set SELinux context of $1" "exit $status"
    fi
    at_path=''
}
# _inherit OLD: copy its owner, xattrs, ACL and context, and its mode if none is given. With a given mode only
# the ACL's named entries are copied, so that the file is never open to more users than that mode allows.
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
# _set_new_attributes PATH: set the mode and the context of a new file.
_set_new_attributes() {
    _new_mode
    [ -n "$mode$_initial_umask" ] || _chmod "$_fd"
    if selinux && _context=$(matchpathcon -n "$1"); then chcon -- "$_context" "$_fd"; fi
}

# _new_mode: set $_wanted to the mode of a new file.
_new_mode() {
    at_mode=644
    if [ -n "$mode" ]; then _wanted_mode; else _wanted=$((0644)); fi
}

# install_temporary PATH: check $temp with $validate, back up PATH, and rename $temp to it. `at` has been called
# for PATH.
install_temporary() {
    [ -z "$validate" ] || _validated "$1"
    [ -z "$old_sha256" ] || _is_unchanged "$1" || {
        report overtaken "$1"
        fail "$1 was changed by another process after it was read, so it is not replaced. Run again."
    }
    [ "$backup" != yes ] || [ ! -e "$1" ] || back_up "$1"
    quick mv -f -T -- "$temp" "$_dest" || _in_place "$1" || _not_replaced "$1"
    temp=''
}

# _is_unchanged PATH: it still has the content that was read.
_is_unchanged() {
    _entry=$1
    if [ "$_dest" != "$1" ] && [ "$old_sha256" != absent ]; then
        _open_dest || return
        _entry=/proc/self/fd/6
    fi
    if [ -n "$old_content" ]; then
        [ -f "$_entry" ] && text_of "$_entry" 0 && [ "$_text" = "$old_content" ]
    else
        _now=absent
        ! [ -f "$_entry" ] || ! _now=$(sha256sum <"$_entry") || _now=${_now%% *}
        [ "$_now" = "$old_sha256" ]
    fi
}

# _open_dest: open what is to be replaced as 6. A file of root must not be behind a link that others have put there.
_open_dest() {
    command exec 6<"$_dest" || return
    ! [ -O /proc/self/fd/6 ] || [ "$(stat -c %d:%i -- "$_dest")" = "$(_identity_of_6)" ]
}

# _validated PATH: run $validate, quoted words with %s in place of the file.
_validated() {
    _path=$1 _valid=''
    eval "set -- $validate"
    case "$*" in *%s*) ;; *) fail "validate must contain %s: $*" ;; esac
    for _word in "$@"; do
        shift
        case $_word in *%s*) _word=${_word%%%s*}$_shown_temp${_word#*%s} ;; esac
        set -- "$@" "$_word"
    done
    run_program "$@" || broken "$1 finds the new $_path invalid (it is unchanged)" "exit $status"
}

# back_up PATH: keep a copy with a name as Ansible's, and report it.
back_up() {
    _copy=$1.$$.$(date +%Y-%m-%d@%H:%M:%S)~
    # In the directory that `temporary` has opened, which must stay open as it is.
    if [ -n "$temp" ]; then pinned=$_dest; else pin "$1" || broken "back up $1" 'it was not opened'; fi
    _pinned_copy=${pinned%"${1##*/}"}${_copy##*/}
    quick cp -p -T --remove-destination -- "$pinned" "$_pinned_copy" || { rm -f -- "$_pinned_copy"; broken "back up $1" "exit $status"; }
    report backup_file "$_copy"
}

# _in_place PATH: overwrite it where a rename is impossible, if $unsafe_writes allows that.
_in_place() {
    [ "$unsafe_writes" = yes ] || return
    _old=$1
    [ "$_dest" = "$1" ] || { _open_dest && _old=/proc/self/fd/6; } || return
    quick dd bs=65536 conv=fsync if="$temp" of="$_old" || return
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
