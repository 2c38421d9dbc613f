"""Becoming another user: the command line that starts a session as that user, and its prompt."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from provisioner.records import dataclass
from provisioner.remote.shell import LOOP, START, quote

Method = Literal["sudo", "su"]

PASSWORDS = ("ansible_become_password", "ansible_become_pass")
"""The variables that may hold the password: the first that has a value counts."""


@dataclass(frozen=True)
class Become:
    """Whom to become and how. The password is for the prompt alone: it never reaches argv."""

    user: str = "root"
    method: Method = "sudo"
    password: str | None = field(default=None, repr=False)
    flags: str = "-H"
    terminal: bool = False
    """Whether it is started on a terminal of sshd's: sudo may want one (requiretty)."""

    @property
    def announces(self) -> bool:
        """Whether the program says when it is there, and nothing may be sent before: sudo reads a
        password from where frames come, or flushes it."""
        return self.password is not None or self.terminal

    def command(self, prompt: str) -> str:
        """Start the remote loop as `user`.

        The program announces itself by `prompt` + "ready": a password must be sent when, and only
        when, it is asked for, and sudo may well ask for none.
        """
        loop = f"'echo {prompt}ready; {LOOP}'" if self.announces else f"'{LOOP}'"
        if self.method == "su":
            # su (util-linux 2.23) hands `-c` to the user's shell; -s makes it one that parses this.
            return f"exec su {self.user_word} -s /bin/sh -c {loop}"
        if self.terminal:
            loop = f"'echo {prompt}ready; {_OFF_TERMINAL}' '{LOOP}'"
        asking = f"-S -p {prompt}" if self.password is not None else "-n"
        return f"exec sudo {self.flags} {asking} -u {self.user_word} /bin/sh -c {loop}"

    @property
    def user_word(self) -> str:
        return quote(self.user)


_OFF_TERMINAL = 'cat | exec setsid /bin/sh -c "$0"'
"""The loop once sudo has seen its terminal: behind a pipe, since bash reads ahead from a terminal,
and in a session of its own, where nothing asks at the terminal or is ended with it."""


def command(become: Become | None, prompt: str) -> str:
    """The command line that starts a session's remote end."""
    return START if become is None else become.command(prompt)


def explain(become: Become, said: str) -> tuple[str, str] | None:
    """Why becoming failed and what helps, where what sudo or su said is known (sudo 1.8.23)."""
    for sign, reason, hint in _SIGNS:
        if sign in said:
            return reason.format(user=become.user), hint
    return None


def wrong_password(become: Become) -> tuple[str, str]:
    return (
        f"the password to become {become.user} was wrong (tried once)",
        "check -K or ansible_become_password",
    )


_SIGNS = (
    ("sudo: not found", "sudo is not installed on the host", "install sudo or log in as root"),
    ("sudo: command not found", "sudo is not installed on the host", "install it, or be root"),
    ("sudo: No such file", "sudo is not installed on the host", "install sudo or log in as root"),
    (
        "a password is required",
        "sudo wants a password to become {user}",
        "give it with -K or ansible_become_password, or set NOPASSWD in sudoers",
    ),
    (
        "you must have a tty",
        "sudo on this host wants a terminal (requiretty)",
        "put `Defaults:USER !requiretty` into /etc/sudoers.d",
    ),
    (
        "not in the sudoers file",
        "this user has no sudo rights on the host",
        "add the user to group wheel or to /etc/sudoers.d",
    ),
    (
        "is not allowed to",
        "this user may not become {user} with sudo",
        "allow it in /etc/sudoers.d",
    ),
    (
        "incorrect password",
        "the password to become {user} was wrong (tried once)",
        "check -K or ansible_become_password",
    ),
    (
        "is your account locked",
        "sudo finds the account expired or locked",
        "see `chage -l USER` on the host",
    ),
    (
        "password is expired",
        "the user's password on the host has expired",
        "log in once to change it, or let it never expire there: chage -M -1 USER",
    ),
    ("unknown user", "there is no user {user} on the host", "create it before becoming it"),
    ("does not exist", "there is no user {user} on the host", "create it before becoming it"),
    (
        "Authentication failure",
        "the password to become {user} was wrong (tried once)",
        "check -K or ansible_become_password",
    ),
)
