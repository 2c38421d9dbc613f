"""The controller's files: found as Ansible searches them, rendered with a task's variables."""

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
from provisioner.language.templating.file_templates import render_file
from provisioner.language.templating.template import TemplateError
from provisioner.language.values import PENDING, Lazy
from provisioner.loading.variables import vars_file
from provisioner.loading.vault import NO_VAULT, Vault, is_encrypted
from provisioner.modules.framework.base import ModuleError, Reached
from provisioner.modules.shared.once import once_a_file
from provisioner.records import dataclass
from provisioner.where import Where

_SHOWN = 1 << 16
"""Bytes of an encrypted file that are looked for in whatever is reported; longer ones hold archives
and the like."""


@once_a_file
def _opened(path: Path, vault: Vault) -> bytes | Path:
    """The file itself, or its plaintext where it is encrypted: that is to be redacted."""
    with path.open("rb") as file:
        if not is_encrypted(file.read(64)):
            return path
    plain = vault.open(path.read_bytes(), Where(str(path), 1, 1))
    if len(plain) <= _SHOWN:
        vault.learned(plain.decode("utf-8", "replace"))
    return plain


@dataclass(frozen=True)
class LocalTaskContext:
    """Files below `roots`: the role's folder where there is one, then the playbook's."""

    roots: tuple[Path, ...]
    scope: Scope
    vault: Vault = NO_VAULT
    way: Reached | None = None
    asked: bool = False

    def find(self, folder: str, name: str) -> Path:
        """The local file `name`; `ModuleError` names every place that was tried."""
        if self.scope.raw("lookup_context") is PENDING:
            raise NeedResult  # a queued task may change it
        tried = places(self.roots, folder, name)
        for path in tried:
            if path.exists():
                return path
        said = ", ".join(map(str, tried))
        raise ModuleError(f"the file {name} was not found on this machine; tried {said}")

    def local(self, name: str) -> Path:
        """Where a local file is written: a relative name is beside the playbook."""
        return self.roots[-1] / Path(name).expanduser()

    @property
    def host(self) -> str:
        """The name in the inventory of the host that the task is for."""
        return str(self.scope["inventory_hostname"])

    @property
    def reached(self) -> Reached:
        """How that host is reached by a program that runs elsewhere."""
        assert self.way is not None
        return self.way

    def variables(self, path: Path) -> Mapping[str, Any]:
        """The variables of a YAML or JSON file; `ModuleError` with file:line."""
        try:
            return vars_file(path, self.vault)
        except LoadError as error:
            raise ModuleError(str(error)) from None

    def content(self, path: Path) -> bytes | Path:
        """What is in a local file: the file itself, or its plaintext where it is encrypted."""
        try:
            return _opened(path, self.vault)
        except OSError as error:
            raise ModuleError(f"{path} can't be read: {error.strerror}") from None
        except LoadError as error:
            raise ModuleError(str(error)) from None

    def read(self, path: Path) -> bytes:
        """The same as bytes."""
        content = self.content(path)
        return content if isinstance(content, bytes) else content.read_bytes()

    def render(
        self,
        path: Path,
        options: Mapping[str, Any],
        more: Mapping[str, Any] | None = None,
        own_first: bool = False,
    ) -> str:
        """The file as a template, with `more` variables; `options` are Jinja's. `ModuleError` with
        file:line.

        As in Ansible, it includes files of the role and the play before those of its own folder,
        unless `own_first` (the lookup) says otherwise.
        """
        wide = [folder for root in self.roots for folder in (root / "templates", root)]
        own = path.parent
        folders = (own, *wide) if own_first else (*wide, own / "templates", own)
        try:
            scope = self.scope.with_layers(more or {}, _about(path))
            content = self.content(path)
            plain = content if isinstance(content, bytes) else None
            return render_file(path, scope, options, folders, plain)
        except TemplateError as error:
            place = f"{error.where}: " if error.where else ""
            raise ModuleError(f"{place}{error.reason}") from None
        except OSError as error:
            raise ModuleError(f"{path} can't be read: {error.strerror}") from None


def _about(path: Path) -> dict[str, Any]:
    """What a template can say of itself."""
    return {
        "template_path": str(path),
        "template_fullpath": str(path.absolute()),
        "template_host": Lazy(lambda: os.uname().nodename),
        "template_uid": Lazy(lambda: path.owner()),
        "template_mtime": Lazy(lambda: datetime.fromtimestamp(path.stat().st_mtime)),
        "template_run_date": Lazy(datetime.now),
    }
