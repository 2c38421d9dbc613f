"""authorized_key: allow or remove SSH keys for the login as a user."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.content import as_read
from provisioner.modules.shared.edited import to_bytes
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Report, Value
from provisioner.result import Diff

TYPES = regex.compile(
    r"ssh-(?:rsa|dss|ed25519)(?:-cert-v\d+@openssh\.com)?"
    r"|ecdsa-sha2-nistp(?:256|384|521)(?:-cert-v\d+@openssh\.com)?"
    r"|sk-(?:ecdsa-sha2-nistp256|ssh-ed25519)(?:-cert-v\d+)?@openssh\.com"
    r"|ssh-(?:rsa|dss|ed25519)-cert-v\d+@openssh\.com"
)
OPTION = regex.compile(r'[A-Za-z0-9-]+(?:=(?:"(?:\\.|[^"\\])*"|[^\s",]+))?')


@dataclass(frozen=True)
class Key:
    """One line of authorized_keys. Lines with the same `blob` (the key data) are the same key."""

    options: str
    kind: str
    blob: str
    comment: str

    def line(self) -> str:
        words = (self.options, self.kind, self.blob, self.comment)
        return " ".join(word for word in words if word)


def parse(line: str) -> Key | None:
    """Return the key in `line`; None for a comment or a line without a key."""
    rest, options = line.strip(), ""
    if rest.startswith("#"):
        return None
    if not TYPES.fullmatch(rest.split(" ")[0]):
        options, rest = _options(rest)
    words = rest.split(None, 2)
    if len(words) < 2 or not TYPES.fullmatch(words[0]):
        return None
    return Key(options, words[0], words[1], words[2] if len(words) > 2 else "")


def _options(text: str) -> tuple[str, str]:
    """Split `text` into the options before the key and the rest. Only quotes may hold spaces."""
    end = 0
    while found := OPTION.match(text, end):
        end = found.end()
        if text[end : end + 1] != ",":
            break
        end += 1
    return text[:end], text[end:].lstrip()


class AuthorizedKey(Module):
    """Add SSH keys to the authorized_keys of a user, or remove them."""

    body: ClassVar[str] = load_body("authorized_key.sh")

    user: str
    """The user."""
    key: str
    """The public keys, one a line. A line may have options before the key and a comment after
    it."""
    state: Literal["present", "absent"] = "present"
    """`present` adds the keys, `absent` removes them."""
    path: str | None = None
    """The file. The default is `~/.ssh/authorized_keys`; %u stands for the user and %h for the home
    directory."""
    manage_dir: bool = True
    """Create the directory of the file and make the user its owner. Set it to false for a directory
    of several users."""
    key_options: str | None = None
    """Options for the keys, such as `no-pty,from="10.0.0.0/8"`. The default is the options in
    `key`."""
    exclusive: bool = False
    """Remove all other keys from the file."""
    comment: str | None = None
    """The comment of the keys. The default is the comment in `key`."""
    follow: bool = False
    """If the file is a link, change its target. If false, a link is refused."""
    validate_certs: bool = True
    """Accepted and ignored: keys are not downloaded."""

    _edit: tuple[str, str] | None = None

    def validate(self) -> None:
        if self.key.startswith(("http://", "https://", "file://")):
            raise ValueError("key must be the text of the keys: use the lookup `url` or `file`")
        self._keys()

    def _keys(self) -> list[Key]:
        """Return the keys of the parameter `key`; ValueError for a line that is not a key."""
        keys = []
        for line in self.key.splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            key = parse(line)
            if key is None:
                raise ValueError(f"this is not a public key: {line[:60]!r}")
            options = key.options if self.key_options is None else self.key_options
            comment = key.comment if self.comment is None else self.comment
            keys.append(Key(options, key.kind, key.blob, comment))
        return keys

    def program(self, context: TaskContext) -> Program:
        return self._program("read", "")

    def _program(self, step: str, content: str, **more: Value) -> Program:
        names = ("user", "path", "state", "manage_dir", "follow")
        variables: dict[str, Any] = {name: getattr(self, name) for name in names}
        variables |= {"step": step, "content": content, "what": self._what(), **more}
        return Program("authorizedkey", self.body, variables)

    def _what(self) -> str:
        return f"{'set' if self.state == 'present' else 'remove'} SSH keys of {self.user}"

    def edit(self, report: Report) -> Program | None:
        if "keyfile" not in report.records:
            return None
        old = report.get("before")
        new = self.edited(old)
        if new == old:
            return None
        self._edit = (old, new)
        content = to_bytes(old) if report.get("at") == "file" else None
        return self._program("write", new, **as_read(content))

    def edited(self, old: str) -> str:
        """Return the file's new text."""
        keys = {key.blob: key for key in self._keys()}
        lines: list[str] = []
        seen: set[str] = set()
        for line in old.splitlines():
            key = parse(line)
            if key is None or key.blob not in keys:
                lines += [] if self.exclusive and self.state == "present" else [line]
            elif self.state == "present" and key.blob not in seen:
                lines.append(line if key == keys[key.blob] else keys[key.blob].line())
            seen |= {key.blob} if key else set()
        if self.state == "present":
            lines += [key.line() for blob, key in keys.items() if blob not in seen]
        return old if lines == old.splitlines() else "".join(f"{line}\n" for line in lines)

    def returns(self, report: Report) -> dict[str, Any]:
        values = self.as_dict(exclude={"follow"})
        return values | {"keyfile": report.get("keyfile")}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        if self._edit is None:
            return ()
        path = report.get("keyfile")
        return (Diff(*self._edit, path, path),)
