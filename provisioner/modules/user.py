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
    """Create, change or remove a user account."""

    body: ClassVar[str] = load_body("user.sh")

    name: str = parameter(aliases=("user",))
    """The login name."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the user, `absent` removes it."""
    uid: int | None = None
    """The number of the user. The default is the next free number."""
    non_unique: bool = False
    """Allow a `uid` that another user has."""
    comment: str | None = None
    """The full name (GECOS)."""
    group: str | None = None
    """The primary group, by name or number. By default a new user gets a group of its own name."""
    groups: Words | None = None
    """The other groups. An empty list removes the user from all of them."""
    append: bool = False
    """Keep the user in its other groups too."""
    home: str | None = None
    """The home directory."""
    create_home: bool = parameter(True, aliases=("createhome",))
    """Create the home directory if it is missing."""
    move_home: bool = False
    """Move the content of the old home directory when `home` changes."""
    skeleton: str | None = None
    """The directory that is copied to a new home directory. The default is /etc/skel."""
    umask: str | None = None
    """The umask for a new home directory. The default is that of /etc/login.defs."""
    shell: str | None = None
    """The login shell."""
    password: str | None = None
    """The hash of the password, as `password_hash` computes it. It is never in a command line."""
    update_password: Literal["always", "on_create"] = "always"  # noqa: S105
    """`always` sets `password` when it differs, `on_create` only for a new user."""
    password_lock: bool | None = None
    """Lock or unlock the password. A locked user can still log in with a key."""
    password_expire_max: int | None = None
    """Days after which the password must be changed."""
    password_expire_min: int | None = None
    """Days until the password may be changed again."""
    password_expire_warn: int | None = None
    """Days before the expiry from which the user is warned."""
    password_expire_account_disable: int | None = None
    """Days after the expiry at which the account is disabled."""
    expires: float | None = None
    """The time at which the account expires, in seconds since 1970. A negative value means
    never."""
    system: bool = False
    """Take the number of a new user from the range for system users."""
    seuser: str | None = None
    """The SELinux user for a new user."""
    local: bool = False
    """Look only in /etc/passwd, for hosts that also have users of a directory service."""
    remove: bool = False
    """With `state: absent`: delete the home directory and mail too."""
    force: bool = False
    """With `state: absent`: remove the user even if it is logged in or files in its home belong to
    others. With `generate_ssh_key`: replace an existing key in every run."""
    generate_ssh_key: bool = False
    """Create an SSH key if there is none."""
    ssh_key_bits: int | None = None
    """The size of the key in bits. The default is that of ssh-keygen."""
    ssh_key_type: str = "rsa"
    """The type of the key."""
    ssh_key_file: str | None = None
    """The file of the key, absolute or relative to the home directory. The default is
    `.ssh/id_TYPE`."""
    ssh_key_comment: str | None = None
    """The comment of the key. The default is `ansible-generated on HOSTNAME`."""
    ssh_key_passphrase: str | None = None
    """The passphrase of the key, at least five characters. It is sent to ssh-keygen on stdin."""
    authorization: str | None = None
    """Accepted and ignored: it is for Solaris."""
    hidden: bool | None = None
    """Accepted and ignored: it is for macOS."""
    login_class: str | None = None
    """Accepted and ignored: it is for BSD."""
    profile: str | None = None
    """Accepted and ignored: it is for Solaris."""
    role: str | None = None
    """Accepted and ignored: it is for Solaris."""
    uid_min: int | None = None
    """Accepted and ignored: /etc/login.defs has the limits."""
    uid_max: int | None = None
    """Accepted and ignored: /etc/login.defs has the limits."""

    def validate(self) -> None:
        if self.non_unique and self.uid is None:
            raise ValueError("non_unique needs uid")
        if self.local and self.umask is not None:
            raise ValueError("umask can't be used with local: true")
        if not self.name or self.name[0] == "-" or set(self.name) & set(":,\n/"):
            raise ValueError(f"{self.name!r} is not a valid login name")
        if self.password is not None and set(self.password) & set(":\n"):
            raise ValueError("password must be a hash: it must not contain a colon or newline")
        if self.expires is not None and not self.expires < _LATEST:
            raise ValueError("expires must be in seconds since 1970, before the year 10000")

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
        # userdel and usermod refuse these changes while the user has a process.
        needs_no_process = self.state == "absent" or (self.uid, self.home) != (None, None)
        user = self.name if needs_no_process else ""
        return Program("user", self.body, variables, frees_user=user)

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
