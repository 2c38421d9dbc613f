# Paths: their state, and their owner, group, mode and other attributes. Defined after the kernel in each
# session.
#
# The functions use the module's variables owner, group, mode, seuser, serole, setype, selevel, attributes.
# Unset ones have no effect.

unset owner group mode seuser serole setype selevel attributes

# expand VARIABLE: in the path that VARIABLE holds, replace a leading ~ or ~user by the home directory and $NAME
# and ${NAME} by the environment's values; an unset name stays. A path that begins with a dash gets ./ before
# it.
expand() {
    eval "_path=\$$1"
    case $_path in *'$'*) _from_environment ;; esac
    case $_path in
        '~'*)
            _login=${_path%%/*} _login=${_login#?}
            # Only login names without characters that `eval` could take for code.
            case $_login in
                *[!A-Za-z0-9._-]*) ;;
                *) _home='' && eval "_home=~$_login" && _path=$_home${_path#"~$_login"} ;;
            esac
            ;;
        -*) _path=./$_path ;;
    esac
    eval "$1=\$_path"
}

_from_environment() {
    _rest=$_path _path=''
    while :; do
        case $_rest in *'$'*) ;; *) break ;; esac
        _path=$_path${_rest%%'$'*} _rest=${_rest#*'$'} _end=''
        case $_rest in
            '{'*'}'*) _name=${_rest#'{'} _name=${_name%%'}'*} _end='{}' ;;
            *) _name=${_rest%%[!A-Za-z0-9_]*} ;;
        esac
        case $_name in
            '' | [0-9]* | *[!A-Za-z0-9_]*) _path=$_path'$'; continue ;;
        esac
        if _value=$(in_environment "$_name"); then
            _path=$_path$_value _rest=${_rest#"${_end%?}$_name${_end#?}"}
        else
            _path=$_path'$'
        fi
    done
    _path=$_path$_rest
}

# at PATH: find out what exists there, with one process: $at_kind (file, directory, link, other or absent),
# $at_mode (octal), $at_uid, $at_gid, $at_size, $at_user, $at_group, and $at_id (the file's identity and time of
# change). False where nothing exists.
at() {
    at_kind='absent' at_mode='' at_uid='' at_gid='' at_size='' at_id='' at_user='' at_group='' at_path=$1
    [ -e "$1" ] || [ -L "$1" ] || return
    prefetched_stat "$1" || _stat=$(stat -c "$_about" -- "$1") || return
    if [ -L "$1" ]; then at_kind='link'
    elif [ -f "$1" ]; then at_kind='file'
    elif [ -d "$1" ]; then at_kind='directory'
    else at_kind='other'
    fi
    # shellcheck disable=SC2086
    set -- $_stat
    at_mode=$1 at_uid=$2 at_gid=$3 at_size=$4 at_id=$5 at_user=$6 at_group=$7
}

_about='%a %u %g %s %d:%i:%Y %U %G'

# special_kind PATH: print what it is that is no file, directory or link.
special_kind() {
    if [ -c "$1" ]; then echo 'a character device'
    elif [ -b "$1" ]; then echo 'a block device'
    elif [ -p "$1" ]; then echo 'a FIFO'
    else echo 'a socket'
    fi
}

# _known PATH: like `at`, unless the result since the last change is known.
_known() { { [ "$at_path" = "$1" ] && [ "$at_kind" != absent ]; } || at "$1"; }

# report_at: report the result of `at`.
report_at() { report at "$at_kind $at_mode $at_uid $at_gid $at_size $at_user $at_group"; }

# attributes PATH: ensure the given owner, group, mode, SELinux context and chattr flags. They are those of a
# link itself, not of its target. A path that does not exist yet is skipped: an earlier task creates it in a
# real run.
attributes() {
    [ -n "$owner$group$mode$seuser$serole$setype$selevel$attributes" ] || return 0
    _known "$1" || return 0
    _h=-h _l='' _real=$1
    case $attributes in -*) ensure_by quick "set attributes of $1: $attributes" _flagged _flag "$1" ;; esac
    [ -z "$owner" ] || ensure_by quick "set owner of $1: $owner" _owned _own "$1"
    [ -z "$group" ] || ensure_by quick "set group of $1: $group" _grouped _regroup "$1"
    if [ -n "$mode" ] && [ "$at_kind" != link ]; then
        _wanted_mode
        ensure_by quick "set mode of $1: $mode" _moded _chmod "$1"
    fi
    if [ -n "$seuser$serole$setype$selevel" ] && selinux; then
        ensure_by quick "set SELinux context of $1" _labelled _label "$1"
    fi
    case $attributes in [!-]*) ensure_by quick "set attributes of $1: $attributes" _flagged _flag "$1" ;; esac
}

# Names are compared first: only a second name for the same number (root, toor) needs a process.
_owned() {
    _known "$1"
    [ "$owner" = "$at_user" ] || [ "$owner" = "$at_uid" ] ||
        [ "$(id -u "$owner" 2>/dev/null)" = "$at_uid" ]
}
_own() { pin "$1" && chown ${_h:+-h} -- "$owner" "$pinned"; }
_grouped() {
    _known "$1"
    [ "$group" = "$at_group" ] || [ "$group" = "$at_gid" ] && return
    _entry=$(getent group "$group") && _entry=${_entry#*:*:} && [ "${_entry%%:*}" = "$at_gid" ]
}
_regroup() { pin "$1" && chgrp ${_h:+-h} -- "$group" "$pinned"; }

_moded() { _known "$1"; [ $((0$at_mode)) -eq "$_wanted" ]; }
_chmod() {
    pin "$1" && _open_pinned "$1" || return
    # chmod keeps a directory's setuid and setgid under an octal mode (coreutils since 6.0).
    if [ "$at_kind" = directory ] && [ $((0$at_mode & 06000 & ~_wanted)) -ne 0 ]; then
        chmod ug-s "$pinned"
    fi
    _octal "$_wanted"
    chmod "$_digits" "$pinned"
}
# _octal NUMBER: set $_digits to its octal digits, for chmod and umask. printf would need a subshell.
_octal() { _digits=$(($1 >> 9))$(($1 >> 6 & 7))$(($1 >> 3 & 7))$(($1 & 7)); }

# _wanted_mode: set $_wanted to $mode as a number. A symbolic mode changes $at_mode.
_wanted_mode() {
    case ${mode#0o} in
        *[!0-7]*) ;;
        *) _wanted=$((0${mode#0o})); return ;;
    esac
    _wanted=$((0$at_mode)) _clauses=$mode,
    while [ -n "$_clauses" ]; do
        _ops=${_clauses%%,*} _clauses=${_clauses#*,} _who=0
        while :; do
            case $_ops in
                u*) _who=$((_who | 04700)) ;;
                g*) _who=$((_who | 02070)) ;;
                o*) _who=$((_who | 01007)) ;;
                a*) _who=07777 ;;
                *) break ;;
            esac
            _ops=${_ops#?}
        done
        _apply_ops
    done
}
# _apply_ops: apply $_ops (+x, g=u-w) for $_who; without one for all users, but not the bits of the umask 022.
_apply_ops() {
    _mask=$((_who)) _clear=$((_who))
    [ "$_mask" -ne 0 ] || _mask=$((07755)) _clear=$((07777))
    while [ -n "$_ops" ]; do
        _op=${_ops%"${_ops#?}"} _ops=${_ops#?}
        _letters=${_ops%%[-+=]*} _ops=${_ops#"${_ops%%[-+=]*}"}
        _permissions
        _bits=$((_bits & _mask))
        case $_op in
            +) _wanted=$((_wanted | _bits)) ;;
            -) _wanted=$((_wanted & ~_bits)) ;;
            =) _wanted=$((_wanted & ~_clear | _bits)) ;;
        esac
    done
}
# _permissions: set $_bits to $_letters (rwX, s, u) for all users.
_permissions() {
    _bits=0
    case $_letters in *r*) _bits=$((_bits | 0444)) ;; esac
    case $_letters in *w*) _bits=$((_bits | 0222)) ;; esac
    case $_letters in *x*) _bits=$((_bits | 0111)) ;; esac
    case $_letters in *s*) _bits=$((_bits | 06000)) ;; esac
    case $_letters in *t*) _bits=$((_bits | 01000)) ;; esac
    case $_letters in
        *X*) [ "$at_kind" != directory ] && [ $((_wanted & 0111)) -eq 0 ] || _bits=$((_bits | 0111)) ;;
        u) _bits=$(((_wanted >> 6 & 7) * 0111)) ;;
        g) _bits=$(((_wanted >> 3 & 7) * 0111)) ;;
        o) _bits=$(((_wanted & 7) * 0111)) ;;
    esac
}

# pin PATH: set $pinned to a name of PATH that other users can't turn into one of root's files while root changes
# it: its directory is open as 5. False, with the reason in $_refused, where a link of another user leads root
# into a directory of root. The check needs no process where no link is in the path.
pin() {
    pinned=$1 _refused=''
    case $1 in /proc/self/fd/*) return ;; esac
    [ -O / ] || return 0  # not root: the kernel checks what this user may change
    case $1 in */*) _parent=${1%/*}/ ;; *) _parent=./ ;; esac
    [ -d "$_parent" ] && command exec 5<"$_parent" || return
    pinned=/proc/self/fd/5/${1##*/}
    ! [ -O /proc/self/fd/5/. ] || ! _there=$(cd -P /proc/self/fd/5 && pwd -P) || _leads "$_parent" "$_there"
}
# _open_pinned PATH: open it as 6, which $pinned is set to, if it is what `at` has found. For root only.
_open_pinned() {
    [ "$pinned" != "$1" ] || return 0
    _refused="$1 was replaced by another process while its attributes were set. Run again."
    [ "$at_kind" = file ] || [ "$at_kind" = directory ] || return
    command exec 6<"$pinned" && _now=$(_identity_of_6) && [ "$_now" = "${at_id%:*}" ] || return
    pinned=/proc/self/fd/6 _refused=''
}

_identity_of_6() { stat -L -c %d:%i /proc/self/fd/6; }

# target_of LINK: set $_target to where the link leads. False where it leads nowhere. Fails where a link of another
# user leads root to a file or directory of root.
target_of() {
    _target=$(readlink -f -- "$1") || return
    [ -O / ] || return 0
    if [ -e "$_target" ]; then [ -O "$_target" ]; else [ -O "${_target%/*}/" ]; fi || return 0
    _leads "$1" "$_target" || fail "$_refused"
}

# _leads PATH REAL: PATH leads to REAL by directories and links of root alone; else $_refused is set.
_leads() {
    _rest=$1 _walked='' _refused='' _count=0
    case $_rest in /*) ;; *) _walked=$(pwd -P) ;; esac
    while [ -n "$_rest" ]; do
        _part=${_rest%%/*}
        case $_rest in */*) _rest=${_rest#*/} ;; *) _rest='' ;; esac
        case $_part in
            '' | .) continue ;;
            ..) _walked=${_walked%/*}; continue ;;
        esac
        _walked=$_walked/$_part
        [ -L "$_walked" ] || continue
        _count=$((_count + 1))
        if [ "$_count" -gt 40 ] || ! _link=$(readlink -- "$_walked" && stat -c "%u %F" -- "$_walked"); then break; fi
        [ "${_link##*"$_nl"}" = '0 symbolic link' ] || break  # the type too: it may be another entry by now
        _link=${_link%"$_nl"*}
        case $_link in /*) _walked='' ;; *) _walked=${_walked%/*} ;; esac
        _rest=$_link/$_rest
    done
    [ "$_rest${_walked:-/}" != "$2" ] || [ -L "$2" ] || return 0
    _refused="$1 leads through a link of another user ($_walked) to $2, which is root's. It was not changed: name $2 itself, or remove the link"
    return 1
}

selinux() { [ -e /sys/fs/selinux/enforce ]; }

# _labelled PATH: its SELinux context is the given one, which $_context is set to. `_default` means the policy's
# value.
_labelled() {
    # shellcheck disable=SC2086
    _now=$(stat $_l -c %C -- "$1") || return
    _context='' _rest=$_now _policy=''
    case " $seuser $serole $setype $selevel " in
        *' _default '*) _policy=$(matchpathcon -n "$_real") || return ;;
    esac
    for _part in "$seuser" "$serole" "$setype"; do
        case $_part in '') _part=${_rest%%:*} ;; _default) _part=${_policy%%:*} ;; esac
        _context=$_context$_part: _rest=${_rest#*:} _policy=${_policy#*:}
    done
    case $selevel in '') _part=$_rest ;; _default) _part=$_policy ;; *) _part=$selevel ;; esac
    _context=$_context$_part
    [ "$_context" = "$_now" ]
}
_label() { pin "$1" && chcon ${_h:+-h} -- "$_context" "$pinned"; }

# _flagged PATH: chattr's $attributes (+i, -i, =ia) are set as given.
_flagged() {
    _flags=$(lsattr -d -- "$1") || return
    _flags=${_flags%% *} _letters=${attributes#[-+=]}
    case $attributes in
        # e (extents) is ext4's own flag, which users do not change.
        =*) case $_flags in *[!e"$_letters"-]*) return 1 ;; esac ;;
    esac
    while [ -n "$_letters" ]; do
        case $_flags in
            *"${_letters%"${_letters#?}"}"*) case $attributes in -*) return 1 ;; esac ;;
            *) case $attributes in -*) ;; *) return 1 ;; esac ;;
        esac
        _letters=${_letters#?}
    done
}
_flag() { case $attributes in [-+=]*) chattr "$attributes" -- "$1" ;; *) chattr "+$attributes" -- "$1" ;; esac; }
