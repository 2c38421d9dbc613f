# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module user: create, change or remove a Unix user.

nl='
'
# -- what is so. Each source is asked once, until something changes.

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
# field N LINE: the Nth field of a line with colons, as $field.
field() {
    rest=$2
    n=$1
    while [ "$n" -gt 1 ]; do rest=${rest#*:} n=$((n - 1)); done
    field=${rest%%:*}
}
passwd_is() { known && field "$1" "$entry" && [ "$field" = "$2" ]; }
shadow() {
    if [ "$shadow_asked" != yes ]; then shadow_asked=yes shadowed=$(getent shadow "$name"); fi
    field "$1" "$shadowed"
}
# A user without a line there gets one with its first change.
shadow_is() { shadow "$1"; [ -n "$shadowed" ] && [ "$field" = "$2" ]; }

# group_line NAME-OR-GID: its line as $found; all that matter are asked for in one process.
group_line() {
    if [ "$groups_asked" != yes ]; then
        groups_asked=yes
        eval "set -- \"\$1\" $groups"
        wanted=$1; shift
        group_lines=$(getent group ${group:+"$group"} "$@")
        set -- "$wanted"
    fi
    found=''
    IFS=$nl; set -f
    for line in $group_lines; do
        case $line in "$1":*) found=$line; break ;; *:*:"$1":*) found=${found:-$line} ;; esac
    done
    unset IFS; set +f
    [ -n "$found" ]
}
primary() {
    known && group_line "$group" || return
    field 3 "$found"; passwd_is 4 "$field"
}
# in_groups: it is in all the wanted groups, and without append in no others.
in_groups() {
    known || return
    field 4 "$entry"; gid=$field
    names=' '
    eval "set -- $groups"
    for one; do
        group_line "$one" || return
        names="$names${found%%:*} "
        field 3 "$found"
        [ "$field" = "$gid" ] || case ",${found##*:}," in *",$name,"*) ;; *) return 1 ;; esac
    done
    [ "$append" != yes ] || return 0
    # The first one that id names is the primary group.
    set -f; eval 'set -- $(id -Gn -- "$name")'; set +f
    [ $# -eq 0 ] || shift
    for one; do
        case $names in *" $one "*) ;; *) return 1 ;; esac
    done
}
hashed() { shadow 2; [ "${field#"${field%%[!!]*}"}" = "${password#"${password%%[!!]*}"}" ]; }
locked() { shadow 2; case $field in '!'*) ;; *) false ;; esac; }
unlocked() { ! locked; }
homed() { known && field 6 "$entry" && [ -d "$field" ]; }
gone() { ! known; }

# -- making it so

forget() { passwd_asked=no shadow_asked=no groups_asked=no; }
# grouped: the groups are there; an apply function can't `fail`, so it says $why.
# shellcheck disable=SC2120
grouped() {
    eval "set -- $groups"
    for one in ${group:+"$group"} "$@"; do
        group_line "$one" && continue
        why="there is no group $one: create it in an earlier task (module group)"
        return 1
    done
}
explain() { [ -z "$why" ] || fail "$_what: $why"; }
create() {
    grouped || return
    set -- "$name"
    [ -z "$uid" ] || set -- -u "$uid" "$@"
    [ "$non_unique" != yes ] || set -- -o "$@"
    if [ -n "$group" ]; then set -- -g "$group" "$@"
    elif getent group "$name"; then set -- -N "$@"  # no group of its own: one of that name is there
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
renumber() { if [ "$non_unique" = yes ]; then modify -o -u "$2"; else modify -u "$2"; fi; }
recomment() { modify -c "$2"; }
reshell() { modify -s "$2"; }
rehome() { if [ "$move_home" = yes ]; then modify -m -d "$2"; else modify -d "$2"; fi; }
regroup() { grouped && modify -g "$group"; }
join() {
    grouped || return
    if [ "$append" = yes ]; then modify -a -G "$group_list"; else modify -G "$group_list"; fi
}
expire() { modify -e "$expire_date"; }
lock() { modify -L; }
unlock() { modify -U; }
# On stdin: a command line is there for everybody to read.
hash() {
    forget
    lead=''
    [ "$password_lock" != yes ] || lead='!'
    printf '%s:%s%s\n' "$name" "$lead" "$password" | chpasswd -e
}
# make_home: for a user that is there already; useradd does it for a new one.
make_home() {
    known; field 6 "$entry"; place=$field
    field 3 "$entry"; owner=$field
    field 4 "$entry"; owner=$owner:$field
    mkdir -m 0700 "$place" || return
    if [ -d "${skeleton:=/etc/skel}" ]; then cp -RT -- "$skeleton" "$place" || return; fi
    chown -hR -- "$owner" "$place" || return
    mask=$umask
    [ -n "$mask" ] || while read -r word value _; do
        if [ "$word" = UMASK ]; then mask=$value; fi
    done </etc/login.defs
    chmod "$(printf %o $((0777 & ~0${mask:-22})))" "$place" || return
    if [ -e /sys/fs/selinux/enforce ]; then restorecon -R "$place"; fi
}
delete() {
    forget
    set -- "$name"
    [ "$remove" != yes ] || set -- -r "$@"
    [ "$force" != yes ] || set -- -f "$@"
    userdel "$@"
}

# -- its SSH key, made as the user: what a link in its home points to is none of root's business

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
# give_folder: in a home that is not the user's own (an older user's of that name), which it can't
# have put anything in our way in.
give_folder() {
    known; field 6 "$entry"
    [ "${folder%/*}" = "$field" ] && mkdir -m 0700 -- "$folder" && chown -h -- "$name" "$folder"
}
make_key() {
    folder=${key%/*}
    as_user test -d "$folder" || as_user mkdir -m 0700 -- "$folder" || give_folder || return
    read -r host </proc/sys/kernel/hostname
    set -- -q -t "$ssh_key_type" -C "${ssh_key_comment:-ansible-generated on $host}" -f "$key"
    [ -z "$ssh_key_bits" ] || set -- -b "$ssh_key_bits" "$@"
    if [ -z "$ssh_key_passphrase" ]; then as_user ssh-keygen -N '' "$@"; return; fi
    # Asked for twice, and read from stdin where there is neither a terminal nor a display.
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
# Looking at a user that is still to be created: nothing else is there to be seen.
known || return 0
if [ -n "$uid" ]; then ensure "set uid of $name: $uid" passwd_is renumber 3 "$uid"; fi
if [ -n "$group" ]; then ensure "set primary group of $name: $group" primary regroup; fi
if [ "$regrouped" = yes ]; then ensure "set groups of $name: ${group_list:-none}" in_groups join; fi
if [ "$commented" = yes ]; then ensure "set comment of $name" passwd_is recomment 5 "$comment"; fi
if [ -n "$home" ]; then ensure "set home of $name: $home" passwd_is rehome 6 "$home"; fi
if [ -n "$shell" ]; then ensure "set shell of $name: $shell" passwd_is reshell 7 "$shell"; fi
if [ "$create_home" = yes ]; then ensure "create home of $name" homed make_home; fi
if [ "$hashed" = yes ] && { [ "$update_password" = always ] || [ "$created" = yes ]; }; then
    ensure "set password of $name" hashed hash
fi
if [ -n "$expires" ]; then
    ensure "set expiry of $name: ${expire_date:-never}" shadow_is expire 8 "$expire_days"
fi
case $password_lock in
    yes) ensure "lock password of $name" locked lock ;;
    no) ensure "unlock password of $name" unlocked unlock ;;
esac
aged() { shadow_is "$2" "$3"; }
age_so() { age "$1" "$3"; }
if [ -n "$password_expire_min" ]; then
    ensure "set minimum password age of $name" aged age_so -m 4 "$password_expire_min"
fi
if [ -n "$password_expire_max" ]; then
    ensure "set maximum password age of $name" aged age_so -M 5 "$password_expire_max"
fi
if [ -n "$password_expire_warn" ]; then
    ensure "set password warning of $name" aged age_so -W 6 "$password_expire_warn"
fi
if [ -n "$password_expire_account_disable" ]; then
    ensure "set password inactivity of $name" aged age_so -I 7 "$password_expire_account_disable"
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
