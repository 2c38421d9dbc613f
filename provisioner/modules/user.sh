# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module user: create, change or remove a Unix user.

nl='
'
# -- Tests. Each of passwd, shadow and group is read once, and again after a change.

known() {
    if [ "$passwd_asked" != yes ]; then
        passwd_asked=yes entry=''
        if [ "$local" = yes ]; then local_entry; else entry=$(getent passwd "$name"); fi
    fi
    [ -n "$entry" ]
}
local_entry() {
    while IFS= read -r line; do
        case $line in "$name":*) entry=$line ;; esac
    done </etc/passwd
}
# field N LINE: set $field to the Nth field of a line with colons.
field() {
    rest=$2
    n=$1
    while [ "$n" -gt 1 ]; do rest=${rest#*:} n=$((n - 1)); done
    field=${rest%%:*}
}
passwd_is() { known && field "$1" "$entry" && [ "$field" = "$2" ]; }
shadow() {
    if [ "$shadow_asked" != yes ]; then shadow_asked=yes shadow_entry=$(getent shadow "$name"); fi
    field "$1" "$shadow_entry"
}
# shadow_is N VALUE: the user has a line in shadow, and its Nth field is VALUE.
shadow_is() { shadow "$1"; [ -n "$shadow_entry" ] && [ "$field" = "$2" ]; }

# group_line NAME-OR-GID: set $line_of_group to the line of the group. All groups of the task are read in one
# process.
group_line() {
    if [ "$groups_asked" != yes ]; then
        groups_asked=yes
        eval "set -- \"\$1\" $groups"
        asked_group=$1; shift
        group_lines=$(getent group ${group:+"$group"} "$@")
        set -- "$asked_group"
    fi
    line_of_group=''
    IFS=$nl; set -f
    for line in $group_lines; do
        case $line in "$1":*) line_of_group=$line; break ;; *:*:"$1":*) line_of_group=${line_of_group:-$line} ;; esac
    done
    unset IFS; set +f
    [ -n "$line_of_group" ]
}
has_primary() {
    known && group_line "$group" || return
    field 3 "$line_of_group"; passwd_is 4 "$field"
}
# in_groups: the user is in all groups of the task, and without append in no others.
in_groups() {
    known || return
    field 4 "$entry"; gid=$field
    names=' '
    eval "set -- $groups"
    for group_name; do
        group_line "$group_name" || return
        names="$names${line_of_group%%:*} "
        field 3 "$line_of_group"
        [ "$field" = "$gid" ] || case ",${line_of_group##*:}," in *",$name,"*) ;; *) return 1 ;; esac
    done
    [ "$append" != yes ] || return 0
    # id prints the primary group first.
    set -f; eval 'set -- $(id -Gn -- "$name")'; set +f
    [ $# -eq 0 ] || shift
    for group_name; do
        case $names in *" $group_name "*) ;; *) return 1 ;; esac
    done
}
has_password() { shadow 2; [ "${field#"${field%%[!!]*}"}" = "${password#"${password%%[!!]*}"}" ]; }
locked() { shadow 2; case $field in '!'*) ;; *) false ;; esac; }
unlocked() { ! locked; }
has_home() { known && field 6 "$entry" && [ -d "$field" ]; }
gone() { ! known; }

# -- Changes

forget() { passwd_asked=no shadow_asked=no groups_asked=no; }
# groups_exist: all groups of the task exist. An apply function can't `fail`, so the reason is set in $why.
# shellcheck disable=SC2120
groups_exist() {
    eval "set -- $groups"
    for group_name in ${group:+"$group"} "$@"; do
        group_line "$group_name" && continue
        why="there is no group $group_name: create it in an earlier task (module group)"
        return 1
    done
}
explain() { [ -z "$why" ] || fail "$_what: $why"; }
create() {
    groups_exist || return
    set -- "$name"
    [ -z "$uid" ] || set -- -u "$uid" "$@"
    [ "$non_unique" != yes ] || set -- -o "$@"
    if [ -n "$group" ]; then set -- -g "$group" "$@"
    elif getent group "$name"; then set -- -N "$@"  # useradd must not create a group: one of that name exists
    fi
    [ -z "$groups" ] || set -- -G "$group_list" "$@"
    [ -z "$shell" ] || set -- -s "$shell" "$@"
    [ -z "$comment" ] || set -- -c "$comment" "$@"
    [ -z "$home" ] || set -- -d "$home" "$@"
    [ -z "$expires" ] || set -- -e "$expire_date" "$@"
    [ -z "$seuser" ] || set -- -Z "$seuser" "$@"
    [ -z "$umask" ] || set -- -K "UMASK=$umask" "$@"
    [ "$system" != yes ] || set -- -r "$@"
    if [ "$create_home" = yes ]; then
        [ -z "$skeleton" ] || set -- -k "$skeleton" "$@"
        set -- -m "$@"
    else
        set -- -M "$@"
    fi
    forget
    useradd "$@"
}
modify() { forget; usermod "$@" "$name"; }
age() { forget; chage "$@" "$name"; }
set_uid() { if [ "$non_unique" = yes ]; then modify -o -u "$2"; else modify -u "$2"; fi; }
set_comment() { modify -c "$2"; }
set_shell() { modify -s "$2"; }
set_home() { if [ "$move_home" = yes ]; then modify -m -d "$2"; else modify -d "$2"; fi; }
set_primary() { groups_exist && modify -g "$group"; }
join() {
    groups_exist || return
    if [ "$append" = yes ]; then modify -a -G "$group_list"; else modify -G "$group_list"; fi
}
expire() { modify -e "$expire_date"; }
lock() { modify -L; }
unlock() { modify -U; }
# set_password: the hash is sent on stdin, since all users can read command lines.
set_password() {
    forget
    prefix=''
    [ "$password_lock" != yes ] || prefix='!'
    printf '%s:%s%s\n' "$name" "$prefix" "$password" | chpasswd -e
}
# make_home: create the home of an existing user. For a new one useradd does it.
make_home() {
    known; field 6 "$entry"; home_path=$field
    field 3 "$entry"; owner=$field
    field 4 "$entry"; owner=$owner:$field
    mkdir -m 0700 "$home_path" || return
    if [ -d "${skeleton:=/etc/skel}" ]; then cp -RT -- "$skeleton" "$home_path" || return; fi
    chown -hR -- "$owner" "$home_path" || return
    mask=$umask
    [ -n "$mask" ] || while read -r word value _; do
        if [ "$word" = UMASK ]; then mask=$value; fi
    done </etc/login.defs
    chmod "$(printf %o $((0777 & ~0${mask:-22})))" "$home_path" || return
    if [ -e /sys/fs/selinux/enforce ]; then restorecon -R "$home_path"; fi
}
delete() {
    forget
    set -- "$name"
    [ "$remove" != yes ] || set -- -r "$@"
    [ "$force" != yes ] || set -- -f "$@"
    userdel "$@"
}

# -- The SSH key. All of it is done as the user: links in the user's home must not mislead root.

as_user() {
    if [ "$(id -un)" = "$name" ]; then "$@"; else runuser -u "$name" -- "$@"; fi
}
key_path() {
    field 6 "$entry"
    key=${ssh_key_file:-.ssh/id_$ssh_key_type}
    case $key in /*) ;; *) key=$field/$key ;; esac
}
has_key() { as_user test -e "$key"; }
replace_key() { as_user rm -f -- "$key" "$key.pub" && make_key; }
# make_folder: create the directory as root, if the home belongs to another user (an earlier one of that
# name): then the user can't have placed a link there.
make_folder() {
    known; field 6 "$entry"
    [ "${folder%/*}" = "$field" ] && mkdir -m 0700 -- "$folder" && chown -h -- "$name" "$folder"
}
make_key() {
    folder=${key%/*}
    as_user test -d "$folder" || as_user mkdir -m 0700 -- "$folder" || make_folder || return
    read -r host </proc/sys/kernel/hostname
    set -- -q -t "$ssh_key_type" -C "${ssh_key_comment:-ansible-generated on $host}" -f "$key"
    [ -z "$ssh_key_bits" ] || set -- -b "$ssh_key_bits" "$@"
    if [ -z "$ssh_key_passphrase" ]; then as_user ssh-keygen -N '' "$@"; return; fi
    # ssh-keygen asks twice, and reads stdin if there is neither a terminal nor a display.
    printf '%s\n%s\n' "$ssh_key_passphrase" "$ssh_key_passphrase" |
        as_user setsid env -u DISPLAY ssh-keygen "$@"
}

forget
field='' key='' why='' on_failure=explain
if [ "$state" = absent ]; then
    ensure "remove user $name" gone delete
    return
fi
created=no
known || created=yes
ensure "create user $name" known create
# In a look the user may still be missing: there is nothing else to compare.
known || return 0
if [ -n "$uid" ]; then ensure "set uid of $name: $uid" passwd_is set_uid 3 "$uid"; fi
if [ -n "$group" ]; then ensure "set primary group of $name: $group" has_primary set_primary; fi
if [ "$has_groups" = yes ]; then ensure "set groups of $name: ${group_list:-none}" in_groups join; fi
if [ "$has_comment" = yes ]; then ensure "set comment of $name" passwd_is set_comment 5 "$comment"; fi
if [ -n "$home" ]; then ensure "set home of $name: $home" passwd_is set_home 6 "$home"; fi
if [ -n "$shell" ]; then ensure "set shell of $name: $shell" passwd_is set_shell 7 "$shell"; fi
if [ "$create_home" = yes ]; then ensure "create home of $name" has_home make_home; fi
if [ "$has_password" = yes ] && { [ "$update_password" = always ] || [ "$created" = yes ]; }; then
    ensure "set password of $name" has_password set_password
fi
if [ -n "$expires" ]; then
    ensure "set expiry of $name: ${expire_date:-never}" shadow_is expire 8 "$expire_days"
fi
case $password_lock in
    yes) ensure "lock password of $name" locked lock ;;
    no) ensure "unlock password of $name" unlocked unlock ;;
esac
has_age() { shadow_is "$2" "$3"; }
set_age() { age "$1" "$3"; }
if [ -n "$password_expire_min" ]; then
    ensure "set minimum password age of $name" has_age set_age -m 4 "$password_expire_min"
fi
if [ -n "$password_expire_max" ]; then
    ensure "set maximum password age of $name" has_age set_age -M 5 "$password_expire_max"
fi
if [ -n "$password_expire_warn" ]; then
    ensure "set password warning of $name" has_age set_age -W 6 "$password_expire_warn"
fi
if [ -n "$password_expire_account_disable" ]; then
    ensure "set password inactivity of $name" has_age set_age -I 7 "$password_expire_account_disable"
fi
if [ "$generate_ssh_key" = yes ]; then
    known; key_path
    if [ "$force" = yes ]; then act "replace SSH key of $name" replace_key
    else ensure "create SSH key of $name" has_key make_key
    fi
    if has_key; then
        report key "$key"
        report public "$(as_user cat -- "$key.pub")"
        report fingerprint "$(as_user ssh-keygen -l -f "$key")"
    fi
fi
if known; then report entry "$entry"; fi
