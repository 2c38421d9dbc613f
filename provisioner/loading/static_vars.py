"""Variables that are known before any host: for keywords of plays and names of imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.functions import functions
from provisioner.language.lookups.context import LookupContext
from provisioner.language.play import Keywords, Play, Role, VarsFile
from provisioner.language.scope import Scope
from provisioner.language.special_values import OMIT
from provisioner.language.templating.file_templates import render_file
from provisioner.language.templating.template import TemplateError
from provisioner.loading.vars_files import vars_file
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.local_files import with_home
from provisioner.records import dataclass

_NOTHING = Keywords()


@dataclass(frozen=True)
class StaticVars:
    """The variables of the command line, of a play and of its roles, without any host's."""

    basedir: Path
    extra: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[VarsFile] = ()
    roles: Sequence[Role] = ()
    """Roles whose defaults and vars the whole play sees."""
    vault: Vault = NO_VAULT

    @classmethod
    def of(cls, play: Play, extra: Mapping[str, Any], vault: Vault = NO_VAULT) -> StaticVars:
        """Return the static variables of a loaded play."""
        return cls(play.basedir, extra, play.vars, play.vars_files, play.roles, vault)

    def under(self, variables: Mapping[str, Any]) -> StaticVars:
        """Return a copy in which `variables` (those of an import) override the play's."""
        return replace(self, vars={**self.vars, **variables})

    def scope(
        self,
        keywords: Keywords = _NOTHING,
        role: Role | None = None,
        magic: Mapping[str, Any] | None = None,
        roles: Sequence[Role] = (),
        missing: Callable[[str], Any] | None = None,
    ) -> Scope:
        """Return a scope in Ansible's precedence for something with `keywords` in `role`.

        `roles` are further roles whose variables the play sees, `magic` further magic variables.
        `missing` is called with each name that has no value.
        """
        all_roles = (*self.roles, *roles)
        return self._scope(keywords, role, magic or {}, all_roles, self._of_files, missing)

    def with_host(self, variables: Mapping[str, Any]) -> StaticVars:
        """Return a copy with a host's inventory variables, which the play's variables override."""
        return replace(self, vars={**variables, **self.vars, **self._of_files}, files=())

    def _scope(
        self,
        keywords: Keywords,
        role: Role | None,
        magic: Mapping[str, Any],
        roles: Sequence[Role],
        files: Mapping[str, Any],
        missing: Callable[[str], Any] | None = None,
    ) -> Scope:
        layers = (
            {"playbook_dir": str(self.basedir.absolute()), **_role_variables(role)},
            self.extra,
            *reversed(keywords.params),
            *(role.all_params if role is not None else ()),
            *reversed(keywords.vars),
            *(role.all_vars if role is not None else ()),
            *(layer for other in reversed(roles) for layer in other.exported_vars),
            files,
            self.vars,
            *(role.all_defaults if role is not None else ()),
            *(layer for other in reversed(roles) for layer in other.all_defaults),
            {"omit": OMIT, **magic, **functions(lambda scope: self._context(scope, role))},
        )
        return Scope(layers, missing)

    @cached_property
    def _of_files(self) -> Mapping[str, Any]:
        """Return the variables of `vars_files`.

        Files that do not exist, and names that cannot be rendered yet, are left out.
        """
        if not self.files:
            return {}
        scope = self._scope(_NOTHING, None, {}, (), {})
        merged: dict[str, Any] = {}
        for entry in self.files:
            paths = [self.basedir / with_home(name) for name in _rendered_names(entry, scope)]
            file = next((path for path in paths if path.is_file()), None)
            if file is not None:
                with suppress(LoadError):  # the play itself reports what is wrong with the file
                    merged.update(vars_file(file, self.vault))
        return merged

    def _context(self, scope: Scope, role: Role | None) -> LookupContext:
        """Return the context of lookups: files of the role and files beside the playbook."""
        roots = (*((role.path,) if role is not None else ()), self.basedir)

        def render(path: Path, options: Mapping[str, Any], more: Mapping[str, Any]) -> str:
            return render_file(path, scope.with_layers(more), options)

        def find(folder: str, name: str) -> Path:
            places: list[Path] = [
                place for root in roots for place in (root / folder / name, root / name)
            ]
            return next((place for place in places if place.exists()), places[-1])

        return LookupContext(scope, find, render, self.basedir, Path.read_bytes)


def _role_variables(role: Role | None) -> dict[str, str]:
    if role is None:
        return {}
    return {"role_name": role.name, "role_path": str(role.path.absolute())}


def _rendered_names(entry: VarsFile, scope: Scope) -> Iterator[str]:
    for name in entry.names:
        try:
            yield str(scope.render(name))
        except TemplateError:
            return
