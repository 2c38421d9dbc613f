"""user: an account is there as described, or is not there."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import AliasChoices, Field, model_validator

from provisioner.modules.base import Module, Sources, Text, Words
from provisioner.remote.shell import Program, Report

BODY = r"""
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
shadow_is() { shadow "$1"; [ "$field" = "$2" ]; }

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
make_key() {
    if [ -n "$ssh_key_passphrase" ]; then
        why="ssh-keygen takes a passphrase only where all can read it: copy a key instead"
        return 1
    fi
    as_user test -d "${key%/*}" || as_user mkdir -m 0700 -- "${key%/*}" || return
    set -- -q -t "$ssh_key_type" -N '' -C "$ssh_key_comment" -f "$key"
    [ -z "$ssh_key_bits" ] || set -- -b "$ssh_key_bits" "$@"
    as_user ssh-keygen "$@"
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
    ensure "create SSH key of $name" has_key make_key
    if has_key; then
        report key "$key"
        report public "$(as_user cat -- "$key.pub")"
        report fingerprint "$(as_user ssh-keygen -l -f "$key")"
    fi
fi
if known; then report entry "$entry"; fi
"""


class User(Module):
    """A user account is there as described, or is not there."""

    body: ClassVar[str] = BODY

    name: Text = Field(validation_alias=AliasChoices("name", "user"))
    """The login name."""
    state: Literal["present", "absent"] = "present"
    """Whether it should be there."""
    uid: int | None = None
    """Its number; unset takes the next free one."""
    non_unique: bool = False
    """Allow a `uid` that another user has; needs `uid`."""
    comment: Text | None = None
    """The full name (GECOS)."""
    group: Text | None = None
    """The primary group, name or number; a new user without it gets a group of its own."""
    groups: Words | None = None
    """The other groups; an empty list leaves the user in its primary group only."""
    append: bool = False
    """Add to `groups` and leave the user in all others too."""
    home: Text | None = None
    """The home directory."""
    create_home: bool = Field(True, validation_alias=AliasChoices("create_home", "createhome"))
    """Create the home directory where it is not there."""
    move_home: bool = False
    """Move what is in the old home when `home` changes."""
    skeleton: Text | None = None
    """What a new home is a copy of; /etc/skel by default."""
    umask: Text | None = None
    """The umask for a new home; login.defs' by default."""
    shell: Text | None = None
    """The login shell."""
    password: Text | None = None
    """The crypted password, as `password_hash` makes it. It never stands in a command line."""
    update_password: Literal["always", "on_create"] = "always"  # noqa: S105
    """Set `password` whenever it differs, or for a new user only."""
    password_lock: bool | None = None
    """Lock or unlock the password; logins by key go on."""
    password_expire_max: int | None = None
    """Days until the password must be changed."""
    password_expire_min: int | None = None
    """Days until the password may be changed again."""
    password_expire_warn: int | None = None
    """Days of warning before the password expires."""
    password_expire_account_disable: int | None = None
    """Days from an expired password to a disabled account."""
    expires: float | None = None
    """When the account ends, in seconds since 1970; negative means never."""
    system: bool = False
    """A new user gets a number from the system's range."""
    seuser: Text | None = None
    """The SELinux user of a new user."""
    local: bool = False
    """Look in /etc/passwd only, for hosts whose users also come from a directory service."""
    remove: bool = False
    """With `state: absent`: delete home and mail too."""
    force: bool = False
    """With `state: absent`: also while logged in, and files of others with them."""
    generate_ssh_key: bool = False
    """Make an SSH key without passphrase where there is none, never over an old one."""
    ssh_key_bits: int | None = None
    """Its size; ssh-keygen's default by default."""
    ssh_key_type: Text = "rsa"
    """Its type."""
    ssh_key_file: Text | None = None
    """Its path, absolute or from the home; `.ssh/id_TYPE` by default."""
    ssh_key_comment: Text = "ansible-generated"
    """Its comment."""
    ssh_key_passphrase: Text | None = None
    """Refused when a key is to be made: ssh-keygen takes it where everybody can read it."""
    authorization: Text | None = None
    """For Solaris; ignored."""
    hidden: bool | None = None
    """For macOS; ignored."""
    login_class: Text | None = None
    """For BSD; ignored."""
    profile: Text | None = None
    """For Solaris; ignored."""
    role: Text | None = None
    """For Solaris; ignored."""
    uid_min: int | None = None
    """Accepted for newer playbooks and ignored: /etc/login.defs decides."""
    uid_max: int | None = None
    """Accepted for newer playbooks and ignored: /etc/login.defs decides."""

    @model_validator(mode="after")
    def _sound(self) -> User:
        if self.non_unique and self.uid is None:
            raise ValueError("non_unique needs uid")
        if not self.name or self.name[0] == "-" or set(self.name) & set(":,\n/"):
            raise ValueError(f"{self.name!r} can't be a login name")
        if self.password is not None and set(self.password) & set(":\n"):
            raise ValueError("password can't hold a colon or newline: give it crypted")
        return self

    def program(self, sources: Sources) -> Program:
        days = None if self.expires is None else math.floor(self.expires / 86400)
        ends = days is not None and days >= 0
        date = datetime.fromtimestamp(self.expires or 0, UTC).strftime("%Y-%m-%d") if ends else ""
        variables = self.variables() | {
            "regrouped": self.groups is not None,
            "group_list": ",".join(self.groups or ()),
            "commented": self.comment is not None,
            "hashed": self.password is not None,
            "expire_date": date,
            "expire_days": days if ends else "",
        }
        return Program("user", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"name": self.name, "state": self.state}
        if self.state == "absent":
            return values | {"force": self.force, "remove": self.remove}
        values |= {"append": self.append, "move_home": self.move_home}
        values |= {"create_home": self.create_home, "system": self.system}
        words = report.get("entry").split(":")
        if len(words) == 7:
            values |= {"uid": int(words[2]), "group": int(words[3]), "comment": words[4]}
            values |= {"home": words[5], "shell": words[6]}
        if self.groups is not None:
            values["groups"] = ",".join(self.groups)
        if self.password is not None:
            values["password"] = "NOT_LOGGING_PASSWORD"  # noqa: S105 - Ansible's word
        return values | _key(report)


def _key(report: Report) -> dict[str, str]:
    names = {"key": "ssh_key_file", "public": "ssh_public_key", "fingerprint": "ssh_fingerprint"}
    return {name: report.get(key) for key, name in names.items() if key in report.records}
