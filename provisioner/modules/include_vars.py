"""include_vars: load variables from files of the controller during the run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Action, ModuleError, TaskContext, Words
from provisioner.result import Outcome, Result


class IncludeVars(Action):
    """Load variables from a YAML or JSON file, or from all files of a directory."""

    free_form: ClassVar[str | None] = "file"

    file: str | None = None
    """The file, in vars/ of the role or beside the playbook."""
    dir: str | None = None
    """A directory. Its files are loaded in the order of their names."""
    name: str | None = None
    """Load the variables as a mapping in the variable of this name."""
    depth: int = 0
    """The number of levels of `dir` to read; 0 means all."""
    files_matching: str | None = None
    """A regular expression for the names of files in `dir`."""
    ignore_files: Words = ()
    """Regular expressions for the names of files to skip."""
    extensions: Words = ("json", "yaml", "yml")
    """The extensions of files in `dir` to load."""
    ignore_unknown_extensions: bool = False
    """Skip files with another extension. If false, they are an error."""
    hash_behaviour: Literal["merge", "replace"] | None = None
    """`merge` merges mappings with existing variables, `replace` replaces them. The default is
    replace."""

    def validate(self) -> None:
        if (self.file is None) == (self.dir is None):
            raise ValueError("set either file or dir")

    def act(self, scope: Scope, context: TaskContext) -> Result:
        merged: dict[str, Any] = {}
        try:
            paths = list(self._paths(context))
            for path in paths:
                merged.update(context.variables(path))
        except ModuleError as error:
            return Result(Outcome.FAILED, str(error), returns={"message": str(error)})
        values = {self.name: merged} if self.name else merged
        if self.hash_behaviour == "merge":
            old = {key: scope.get(key) for key in values if key in scope}
            values = {key: _merged(old.get(key), value) for key, value in values.items()}
        returns = {
            "ansible_included_var_files": [str(path) for path in paths],
            "ansible_facts": values,
        }
        return Result(Outcome.OK, returns=returns)

    def _paths(self, context: TaskContext) -> Iterator[Path]:
        if self.file is not None:
            yield context.find("vars", self.file)
            return
        folder = context.find("vars", self.dir or "")
        if not folder.is_dir():
            raise ModuleError(f"{folder} is not a directory")
        for path, names in _walk(folder):
            depth = len(path.relative_to(folder).parts) + 1
            for name in names if not self.depth or depth <= self.depth else ():
                yield from self._selected(path / name)

    def _selected(self, path: Path) -> Iterator[Path]:
        """Yield `path` if it is to be loaded. ModuleError for an unknown extension."""
        if any(re.search(pattern, path.name) for pattern in self.ignore_files):
            return
        if self.files_matching and not re.search(self.files_matching, path.name):
            return
        if path.suffix.lstrip(".") in self.extensions:
            yield path
        elif not self.ignore_unknown_extensions and not path.name.startswith("."):
            endings = ", ".join(self.extensions)
            raise ModuleError(f"{path} does not have a valid extension: {endings}")


def _walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder with its file names, both sorted. Links are followed."""
    folders = {Path(path): sorted(names) for path, _, names in os.walk(folder, followlinks=True)}
    for path in sorted(folders):
        yield path, folders[path]


def _merged(old: Any, new: Any) -> Any:
    """Merge two mappings recursively; of other values return the new one."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
