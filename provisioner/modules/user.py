"""user: create, change or remove a user account."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Program, Report

_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class User(Module):
    """A user account is there as described, or is not there."""

    body: ClassVar[str] = load_body("user.sh")

    name: str = parameter(aliases=("user",))
    """The login name."""
    state: Literal["present", "absent"] = "present"
    """Whether it should be there."""
    uid: int | None = None
    """Its number; unset takes the next free one."""
    non_unique: bool = False
    """Allow a `uid` that another user has; needs `uid`."""
    comment: str | None = None
    """The full name (GECOS)."""
    group: str | None = None
    """The primary group, name or number; a new user without it gets a group of its own."""
    groups: Words | None = None
    """The other groups; an empty list leaves the user in its primary group only."""
    append: bool = False
    """Add to `groups` and leave the user in all others too."""
    home: str | None = None
    """The home directory."""
    create_home: bool = parameter(True, aliases=("createhome",))
    """Create the home directory where it is not there."""
    move_home: bool = False
    """Move what is in the old home when `home` changes."""
    skeleton: str | None = None
    """What a new home is a copy of; /etc/skel by default."""
    umask: str | None = None
    """The umask for a new home; login.defs' by default."""
    shell: str | None = None
    """The login shell."""
    password: str | None = None
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
    seuser: str | None = None
    """The SELinux user of a new user."""
    local: bool = False
    """Look in /etc/passwd only, for hosts whose users also come from a directory service."""
    remove: bool = False
    """With `state: absent`: delete home and mail too."""
    force: bool = False
    """With `state: absent`: also while logged in, and files of others with them. With
    `generate_ssh_key`: a new key takes the place of an old one, at every run."""
    generate_ssh_key: bool = False
    """Make an SSH key where there is none."""
    ssh_key_bits: int | None = None
    """Its size; ssh-keygen's default by default."""
    ssh_key_type: str = "rsa"
    """Its type."""
    ssh_key_file: str | None = None
    """Its path, absolute or from the home; `.ssh/id_TYPE` by default."""
    ssh_key_comment: str | None = None
    """Its comment; `ansible-generated on HOSTNAME` by default."""
    ssh_key_passphrase: str | None = None
    """Its passphrase, at least five characters; ssh-keygen gets it on stdin."""
    authorization: str | None = None
    """For Solaris; ignored."""
    hidden: bool | None = None
    """For macOS; ignored."""
    login_class: str | None = None
    """For BSD; ignored."""
    profile: str | None = None
    """For Solaris; ignored."""
    role: str | None = None
    """For Solaris; ignored."""
    uid_min: int | None = None
    """Accepted for newer playbooks and ignored: /etc/login.defs decides."""
    uid_max: int | None = None
    """Accepted for newer playbooks and ignored: /etc/login.defs decides."""

    def validate(self) -> None:
        if self.non_unique and self.uid is None:
            raise ValueError("non_unique needs uid")
        if self.local and self.umask is not None:
            raise ValueError("umask and local exclude each other")
        if not self.name or self.name[0] == "-" or set(self.name) & set(":,\n/"):
            raise ValueError(f"{self.name!r} can't be a login name")
        if self.password is not None and set(self.password) & set(":\n"):
            raise ValueError("password can't hold a colon or newline: give it crypted")
        if self.expires is not None and not self.expires < _LATEST:
            raise ValueError("expires is a time in seconds since 1970, before the year 10000")

    @property
    def acts(self) -> bool:
        return self.force and self.generate_ssh_key and self.state == "present"

    def program(self, context: TaskContext) -> Program:
        days = None if self.expires is None else math.floor(self.expires / 86400)
        has_end = days is not None and days >= 0
        end = datetime.fromtimestamp(self.expires or 0, UTC) if has_end else None
        variables = self.variables() | {
            "has_groups": self.groups is not None,
            "group_list": ",".join(self.groups or ()),
            "has_comment": self.comment is not None,
            "has_password": self.password is not None,
            "expire_date": "" if end is None else f"{end:%Y-%m-%d}",
            "expire_days": days if has_end else "",
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
        warnings = list(self._warnings())
        return values | _key(report) | ({"warnings": warnings} if warnings else {})

    def _warnings(self) -> Iterator[str]:
        if self.password is not None and not _crypted(self.password):
            yield _NOT_CRYPTED
        if self.append and not self.groups:
            yield "'append' is set, but no 'groups' are specified. Use 'groups' to name them"


_NOT_CRYPTED = (
    "the password does not look like a hash, but the system takes it as one: use the filter"
    " password_hash('sha512')"
)
_CRYPTED = regex.compile(
    r"\$(1\$.*\$H{22}|5\$.*\$H{43}|6\$.*\$H{86}|[^156$][^$]*\$.*H)".replace("H", "[./A-Za-z0-9]")
)


def _crypted(password: str) -> bool:
    """Return whether it looks like a hash of crypt(3), or is a text that matches no password."""
    return password in ("*", "!", "*************") or bool(_CRYPTED.fullmatch(password))


def _key(report: Report) -> dict[str, str]:
    names = {"key": "ssh_key_file", "public": "ssh_public_key", "fingerprint": "ssh_fingerprint"}
    return {name: report.get(key) for key, name in names.items() if key in report.records}
