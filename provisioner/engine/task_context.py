"""A task's access to files of the controller: search paths and templates as in Ansible."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.needs import NeedResult
from provisioner.language.scope import Scope
from provisioner.language.search_paths import places
from provisioner.language.special_values import PENDING, Lazy
from provisioner.language.templating.file_templates import render_file
from provisioner.language.templating.template import TemplateError
from provisioner.loading.variables import vars_file
from provisioner.loading.vault import NO_VAULT, Vault, is_encrypted
from provisioner.local_files import open_regular, special_kind, with_home
from provisioner.modules.framework.base import HostAccess, ModuleError
from provisioner.modules.shared.once import once_a_file
from provisioner.records import dataclass
from provisioner.where import Where

_MAX_SECRET = 1 << 16
"""Maximum size in bytes of an encrypted file whose plaintext is masked in reports. Larger files are
usually archives.
"""


@once_a_file
def _decrypted(path: Path, vault: Vault) -> bytes | Path:
    """Return the file's path, or its plaintext if it is encrypted. Reports must not show that."""
    with open_regular(path) as file:
        if not is_encrypted(file.read(64)):
            return path
    plain = vault.open(path.read_bytes(), Where(str(path), 1, 1))
    if len(plain) <= _MAX_SECRET:
        vault.learned(plain.decode("utf-8", "replace"))
    return plain


def _readable(path: Path) -> Path:
    """Return the path of a file or directory. Raises ModuleError for anything else."""
    if kind := special_kind(path.stat()):
        raise ModuleError(f"{path} can't be read: it is {kind}")
    return path


@dataclass(frozen=True)
class LocalTaskContext:
    """A `TaskContext`. `roots` are the folders of the role, if any, and of the playbook."""

    roots: tuple[Path, ...]
    scope: Scope
    vault: Vault = NO_VAULT
    reached_host: HostAccess | None = None
    registered: bool = False
    """Whether the task registers its result."""

    def find(self, folder: str, name: str) -> Path:
        """Return the path of the local file `name`.

        `folder` is "files", "templates", …. The ModuleError for a missing file names every path
        that was tried.
        """
        if self.scope.raw("lookup_context") is PENDING:
            raise NeedResult  # a task of the frame may change the file
        tried = places(self.roots, folder, name)
        for path in tried:
            if path.exists():
                return _readable(path)
        paths = ", ".join(map(str, tried))
        raise ModuleError(f"the file {name} was not found on this machine; tried {paths}")

    def local(self, name: str) -> Path:
        """Return the path of a local file to write. A relative name is beside the playbook."""
        return self.roots[-1] / with_home(name)

    @property
    def host(self) -> str:
        """The inventory name of the task's host."""
        return str(self.scope["inventory_hostname"])

    @property
    def host_access(self) -> HostAccess:
        """How a program on the controller connects to that host."""
        assert self.reached_host is not None
        return self.reached_host

    def variables(self, path: Path) -> Mapping[str, Any]:
        """Return the variables of a YAML or JSON file; a ModuleError names file and line."""
        try:
            return vars_file(path, self.vault)
        except LoadError as error:
            raise ModuleError(str(error)) from None

    def content(self, path: Path) -> bytes | Path:
        """Return the path of a local file, or its plaintext if it is encrypted."""
        try:
            return _decrypted(path, self.vault)
        except OSError as error:
            raise ModuleError(f"{path} can't be read: {error.strerror}") from None
        except LoadError as error:
            raise ModuleError(str(error)) from None

    def read(self, path: Path) -> bytes:
        """Return the bytes of a local file, decrypted."""
        content = self.content(path)
        return content if isinstance(content, bytes) else content.read_bytes()

    def render(
        self,
        path: Path,
        options: Mapping[str, Any],
        more: Mapping[str, Any] | None = None,
        own_first: bool = False,
    ) -> str:
        """Render the file as a template, with `more` variables and Jinja's `options`.

        A ModuleError names file and line. As in Ansible, `include` searches the folders of the role
        and the play, then the folder of the file. With `own_first` (the lookup `template`) the
        order is reversed.
        """
        shared = [folder for root in self.roots for folder in (root / "templates", root)]
        own = path.parent
        folders = (own, *shared) if own_first else (*shared, own / "templates", own)
        try:
            scope = self.scope.with_layers(more or {}, _template_variables(path))
            content = self.content(path)
            plain = content if isinstance(content, bytes) else None
            return render_file(path, scope, options, folders, plain)
        except TemplateError as error:
            place = f"{error.where}: " if error.where else ""
            raise ModuleError(f"{place}{error.reason}") from None
        except OSError as error:
            raise ModuleError(f"{path} can't be read: {error.strerror}") from None


def _template_variables(path: Path) -> dict[str, Any]:
    """Return Ansible's variables about the template itself."""
    return {
        "template_path": str(path),
        "template_fullpath": str(path.absolute()),
        "template_host": Lazy(lambda: os.uname().nodename),
        "template_uid": Lazy(lambda: path.owner()),
        "template_mtime": Lazy(lambda: datetime.fromtimestamp(path.stat().st_mtime)),
        "template_run_date": Lazy(datetime.now),
    }
