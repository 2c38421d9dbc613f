"""htpasswd: set or remove a user in a password file of Apache or nginx."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any, ClassVar, Literal

from provisioner.language.filters.hashing import password_hash
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.edited import Edit, EditedFile, to_bytes
from provisioner.remote.shell import Report
from provisioner.result import Diff

CRYPT = {"md5_crypt": "md5", "sha256_crypt": "sha256", "sha512_crypt": "sha512", "bcrypt": "bcrypt"}
SCHEMES = ("apr_md5_crypt", "ldap_sha1", "plaintext", *CRYPT)
DES = ("des_crypt", "bsdi_crypt", "bigcrypt", "crypt16", "portable", "host", "portable_apache22")

HASHES = (
    ("md5", re.compile(r"\$(?P<ident>1|apr1)\$(?P<salt>[./0-9A-Za-z]{1,8})\$")),
    (
        "bcrypt",
        re.compile(
            r"\$(?P<ident>2[aby])\$(?P<rounds>0[4-9]|[12]\d|3[01])\$(?P<salt>[./0-9A-Za-z]{22})"
        ),
    ),
    (
        "sha256",
        re.compile(r"\$5\$(?:rounds=(?P<rounds>[1-9]\d{3,8})\$)?(?P<salt>[./0-9A-Za-z]{1,16})\$"),
    ),
    (
        "sha512",
        re.compile(r"\$6\$(?:rounds=(?P<rounds>[1-9]\d{3,8})\$)?(?P<salt>[./0-9A-Za-z]{1,16})\$"),
    ),
)
"""Patterns for hashes of crypt(3) and Apache. The groups are the parameters of the hash."""


class Htpasswd(EditedFile):
    """Set or remove a user in a password file of Apache or nginx."""

    hint: ClassVar[str] = ", or set create: true"

    path: str = parameter(aliases=("dest", "destfile"))
    """The file. If it is a link, its target is edited."""
    name: str = parameter(aliases=("username",))
    """The name of the user."""
    password: str | None = None
    """The password. If the file has any hash of it, the line is not changed. Needed for state:
    present."""
    hash_scheme: str = parameter("apr_md5_crypt", aliases=("crypt_scheme",))
    """apr_md5_crypt, bcrypt, sha512_crypt, sha256_crypt, md5_crypt, ldap_sha1 or plaintext. The
    hash is computed on the controller. DES hashes are not supported."""
    state: Literal["present", "absent"] = "present"
    """`present` sets the user, `absent` removes it."""
    create: bool = True
    """Create the file and its directory if they are missing."""

    _hash: str | None = None

    def validate(self) -> None:
        if self.hash_scheme in DES:
            raise ValueError(f"hash_scheme: {self.hash_scheme} is not supported: use apr_md5_crypt")
        if self.hash_scheme not in SCHEMES:
            raise ValueError(f"hash_scheme: it must be one of {', '.join(SCHEMES)}")
        if self.state == "present" and self.password is None:
            raise ValueError("password is missing: state: present needs it")
        if not self.name or re.search(r"[:\n]", self.name):
            raise ValueError("name: it must not be empty or contain a colon or newline")
        if re.search(r"[\n\0]", self.password or ""):
            raise ValueError("password: it must not contain a newline or NUL byte")

    @property
    def needed(self) -> bool:
        return self.state == "present" and not self.create

    def edited(self, old: bytes | None) -> Edit:
        text = (old or b"").decode("utf-8", "surrogateescape")
        lines, start = text.splitlines(keepends=True), f"{self.name}:"
        numbers = [n for n, line in enumerate(lines) if line.startswith(start)]
        if self.state == "absent":
            if not numbers:
                return Edit(old or b"")
            kept = [line for n, line in enumerate(lines) if n not in numbers]
            return Edit(to_bytes("".join(kept)), f"Remove {self.name}")
        password = self.password or ""
        if numbers and is_hash_of(password, lines[numbers[0]].rstrip("\r\n").removeprefix(start)):
            return Edit(old or b"")
        if self._hash is None:
            self._hash = make_hash(password, self.hash_scheme)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        line = f"{start}{self._hash}\n"
        if numbers:
            lines[numbers[0]] = line
        else:
            lines.append(line)
        message = f"Created {self.path}" if old is None else f"Add {self.name}"
        return Edit(to_bytes("".join(lines)), message)

    def returns(self, report: Report) -> dict[str, Any]:
        values = super().returns(report)
        unchanged = f"{self.name} {'already' if self.state == 'present' else 'not'} present"
        return {**values, "msg": values["msg"] or unchanged}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        """Return nothing: --diff must not show hashes of passwords."""
        return ()


def make_hash(password: str, scheme: str) -> str:
    """Return a hash of `password` with a new salt."""
    if scheme == "plaintext":
        return password
    if scheme == "ldap_sha1":
        return _ldap_sha1(password)
    if scheme == "apr_md5_crypt":
        return password_hash(password, "md5", ident="apr1")
    ident = "2y" if scheme == "bcrypt" else None  # the name for it in Apache and nginx
    return password_hash(password, CRYPT[scheme], ident=ident)


def is_hash_of(password: str, stored: str) -> bool:
    """Return whether `stored` is a hash of `password`. False for a hash by DES."""
    if stored.startswith("{SHA}"):
        return hmac.compare_digest(_ldap_sha1(password), stored)
    for kind, pattern in HASHES:
        if (match := pattern.match(stored)) is None:
            continue
        parts = match.groupdict()
        rounds = int(parts["rounds"]) if parts.get("rounds") else None
        hashed = password_hash(password, kind, parts["salt"], None, rounds, parts.get("ident"))
        return hmac.compare_digest(hashed, stored)
    return hmac.compare_digest(password.encode(), to_bytes(stored))


def _ldap_sha1(password: str) -> str:
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "{SHA}" + base64.b64encode(digest).decode()
