"""Start a session as another user: the command line with sudo or su, and its error messages."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from provisioner.records import dataclass
from provisioner.remote.shell import LOOP, START, quote

Method = Literal["sudo", "su"]

PASSWORDS = ("ansible_become_password", "ansible_become_pass")
"""The variables with the password. The first one with a value counts."""


@dataclass(frozen=True)
class Become:
    """The user to become, and how. The password is sent to the prompt, never as an argument."""

    user: str = "root"
    method: Method = "sudo"
    password: str | None = field(default=None, repr=False)
    flags: str = "-H"
    terminal: bool = False
    """Whether sudo gets a terminal from sshd: it may insist on one (requiretty)."""

    @property
    def announces(self) -> bool:
        """Whether the started program reports that it is ready.

        Nothing may be sent before: sudo reads a password from the same input, or discards it.
        """
        return self.password is not None or self.terminal

    def command(self, prompt: str) -> str:
        """Return the command line that starts the remote loop as `user`.

        The started program writes `prompt` + "ready". The password is sent only if sudo or su asks
        for it: sudo may not ask.
        """
        loop = f"'echo {prompt}ready; {LOOP}'" if self.announces else f"'{LOOP}'"
        if self.method == "su":
            # su (util-linux 2.23) runs `-c` with the user's shell; -s replaces it.
            return f"exec su {self.user_word} -s /bin/sh -c {loop}"
        if self.terminal:
            loop = f"'echo {prompt}ready; {_OFF_TERMINAL}' '{LOOP}'"
        password_options = f"-S -p {prompt}" if self.password is not None else "-n"
        return f"exec sudo {self.flags} {password_options} -u {self.user_word} /bin/sh -c {loop}"

    @property
    def user_word(self) -> str:
        """The user's name, quoted for a shell."""
        return quote(self.user)


_OFF_TERMINAL = 'cat | exec setsid /bin/sh -c "$0"'
"""Runs the loop after sudo has seen its terminal: behind a pipe, since bash reads ahead from a
terminal, and in a session of its own, where no program can ask at the terminal or ends with it."""


def command(become: Become | None, prompt: str) -> str:
    """Return the command line that starts the remote end of a session."""
    return START if become is None else become.command(prompt)


def explain(become: Become, output: str) -> tuple[str, str] | None:
    """Return the reason and the hint for a known message of sudo (1.8.23) or su; else None."""
    for message, reason, hint in _MESSAGES:
        if message in output:
            return reason.format(user=become.user), hint
    return None


def wrong_password(become: Become) -> tuple[str, str]:
    """Return the reason and the hint for a second prompt."""
    return (
        f"the password to become {become.user} was wrong (tried once)",
        "check -K or ansible_become_password",
    )


_MESSAGES = (
    ("sudo: not found", "sudo is not installed on the host", "install sudo or log in as root"),
    (
        "sudo: command not found",
        "sudo is not installed on the host",
        "install sudo or log in as root",
    ),
    ("sudo: No such file", "sudo is not installed on the host", "install sudo or log in as root"),
    (
        "a password is required",
        "sudo asks for a password to become {user}",
        "give it with -K or ansible_become_password, or set NOPASSWD in sudoers",
    ),
    (
        "you must have a tty",
        "sudo on this host requires a terminal (requiretty)",
        "add `Defaults:USER !requiretty` to a file in /etc/sudoers.d",
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
        "sudo reports that the account is expired or locked",
        "see `chage -l USER` on the host",
    ),
    (
        "password is expired",
        "the user's password on the host has expired",
        "log in once to change it, or turn its expiry off: chage -M -1 USER",
    ),
    ("unknown user", "there is no user {user} on the host", "create it before becoming it"),
    ("does not exist", "there is no user {user} on the host", "create it before becoming it"),
    (
        "Authentication failure",
        "the password to become {user} was wrong (tried once)",
        "check -K or ansible_become_password",
    ),
)
