"""known_hosts: add or remove the public keys of a host in a known_hosts file."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.content import as_read, write
from provisioner.modules.shared.edited import READ, to_bytes
from provisioner.remote.shell import Program, Report
from provisioner.result import Diff


class KnownHosts(Module):
    """Add or remove the public keys of a host in a known_hosts file."""

    body: ClassVar[str] = READ

    name: str = parameter(aliases=("host",))
    """The host as it is used with ssh: a name, an address or `[name]:port`."""
    key: str | None = None
    """The lines of the host as ssh-keyscan prints them: name, type and key. Needed for state:
    present."""
    state: Literal["present", "absent"] = "present"
    """`present` adds the keys. `absent` removes all keys of the host, or only those in `key`."""
    path: str = "~/.ssh/known_hosts"
    """The known_hosts file."""
    hash_host: bool = False
    """Write the name as a hash."""

    _edit: tuple[str, str] | None = None

    def validate(self) -> None:
        if self.state == "present" and not self.key:
            raise ValueError("No key specified when adding a host")
        if self.key and "," in self.name:
            raise ValueError(
                "Comma separated list of names is not supported. "
                "Please pass a single name to lookup in the known_hosts file."
            )
        for names, _, _ in self._entries():
            if self.name.lower() not in names.lower().split(",") and not matches(names, self.name):
                raise ValueError("Host parameter does not match hashed host field in supplied key")

    def _entries(self) -> list[tuple[str, str, str]]:
        """Return (names, type, key) for each line of `key`; ValueError for a wrong line."""
        entries = []
        for line in (self.key or "").splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if len(words) < 3:
                raise ValueError(f"this is not a line of known_hosts: {line[:60]!r}")
            entries.append((words[0], words[1], words[2]))
        return entries

    def program(self, context: TaskContext) -> Program:
        no_attributes = FileAttributes().attribute_variables()
        variables = {"path": self.path, "needed": False, "hint": "", "subject": "", "mark": ""}
        return Program("edited", self.body, no_attributes | variables)

    def edit(self, report: Report) -> Program | None:
        if not report.get("at"):
            return None
        old = report.get("before")
        new = self.edited(old)
        if new == old:
            return None
        self._edit = (old, new)
        content = None if report.get("at").startswith("absent") else to_bytes(old)
        attributes = FileAttributes()
        return write(
            report.get("dest"), to_bytes(new), attributes, parents=True, **as_read(content)
        )

    def edited(self, old: str) -> str:
        """Return the file's new text. A new key replaces another key of the same type."""
        keys = {(kind, key): names for names, kind, key in self._entries()}
        kinds = {kind for kind, _ in keys}
        kept, seen = [], set()
        for line in old.splitlines():
            words = line.split()
            if len(words) < 3 or words[0][0] in "#@" or not matches(words[0], self.name):
                kept.append(line)
                continue
            entry = (words[1], words[2])
            if self.state == "absent":
                kept += [line] if keys and entry not in keys else []
            elif words[1] not in kinds:
                kept.append(line)
            elif entry in keys and entry not in seen:
                same_form = words[0].startswith("|") == self.hash_host
                kept.append(line if same_form else self._line(entry, keys[entry]))
                seen.add(entry)
        if self.state == "present":
            kept += [self._line(e, names) for e, names in keys.items() if e not in seen]
        return old if kept == old.splitlines() else "".join(f"{line}\n" for line in kept)

    def _line(self, entry: tuple[str, str], names: str) -> str:
        return " ".join((hashed(self.name) if self.hash_host else names, *entry))

    def returns(self, report: Report) -> dict[str, Any]:
        return {**self.as_dict(), "diff": self._difference(report)}

    def _difference(self, report: Report) -> dict[str, str]:
        """Return the return value `diff`, which Ansible returns even without --diff."""
        old = report.get("before") if "before" in report.records else ""
        before, after = self._edit or (old, old)
        path = report.get("dest") or self.path
        exists = before or report.get("at").startswith("file")
        header = path if exists else "/dev/null"
        return {"before_header": header, "after_header": path, "before": before, "after": after}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return (Diff(*self._edit, self.path, self.path),) if self._edit else ()


def matches(field: str, host: str) -> bool:
    """Return whether `field`, the first field of a line, names `host`, hashed or not."""
    if not field.startswith("|1|"):
        return host.lower() in field.lower().split(",")
    try:
        salt, digest = (base64.b64decode(part) for part in field[3:].split("|"))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.digest(salt, to_bytes(host.lower()), "sha1"), digest)


def hashed(host: str) -> str:
    """Return `host` hashed as OpenSSH does it, with a new salt."""
    salt = secrets.token_bytes(20)
    digest = hmac.digest(salt, to_bytes(host.lower()), "sha1")
    return "|".join(("", "1", *(base64.b64encode(part).decode() for part in (salt, digest))))
