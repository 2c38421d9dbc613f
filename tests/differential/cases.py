"""Load the cases of cases/*.yml.

A file maps names to cases; the keys of a case are the fields of `Case`. A case with `tasks`
(text) instead of a playbook gets one play on all hosts.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import yaml

FOLDER = Path(__file__).with_name("cases")
HEADS = {"local": "- hosts: all\n  gather_facts: false\n",
         "lab": "- hosts: all\n  gather_facts: false\n  become: true\n"}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A playbook with its files; both tools start from the same state.

    `$OUT` in its texts is an own folder on the host, which is compared after the run; `out` is a
    variable with its name. `$DIR` is the folder of the playbook.
    """

    name: str
    group: str
    """The file that it stands in."""
    play: str
    files: Mapping[str, str] = field(default_factory=dict)
    """Files beside the playbook."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Files that are below `$OUT` from the start."""
    inventory: str = ""
    hosts: int = 1
    options: tuple[str, ...] = ()
    runs: int = 1
    """How often it runs; each run is compared."""
    where: Literal["local", "lab"] = "local"
    prepare: str = ""
    """Shell that is run on the host, as root, before."""
    show: str = ""
    """Shell that is run on the host afterwards; its output is compared."""
    refused: bool = False
    """Ansible finds an error in its files and runs nothing; else that would be a slip of ours."""
    differs: Mapping[str, str] = field(default_factory=dict)
    """Places of deliberate differences, and the names of their reasons (reasons.yml)."""
    open: Mapping[str, str] = field(default_factory=dict)
    """Places of differences that are to be mended, and what is wrong."""

    @property
    def digest(self) -> str:
        """Return a hash of everything in the case that Ansible sees."""
        digested = [self.play, self.files, self.given, self.inventory, self.hosts, self.options]
        digested += [self.runs, self.where, self.prepare, self.show]
        return sha256(repr(digested).encode()).hexdigest()[:16]

    def write(self, folder: Path, out: Path) -> None:
        """Write the playbook and its files into a folder."""
        for name, text in {"play.yml": self.play, **self.files}.items():
            self._write(folder / name, self.filled(text, folder, out))
        if self.where == "local":
            out.mkdir(parents=True, exist_ok=True)
            for name, text in self.given.items():
                self._write(out / name, self.filled(text, folder, out))

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if text.startswith("#!") else 0o644)

    @staticmethod
    def filled(text: str, folder: Path, out: Path) -> str:
        """Return the text with the case's folders in place of $OUT and $DIR."""
        return text.replace("$OUT", str(out)).replace("$DIR", str(folder))


@cache
def cases() -> Mapping[str, Case]:
    """Return name ▶ case, for all cases."""
    found: dict[str, Case] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        data: dict[str, Any] = yaml.safe_load(path.read_text("utf-8")) or {}
        defaults = data.pop("defaults", {})
        for name, given in data.items():
            case = _case(name, path.stem, {**defaults, **given})
            if case.name in found:
                raise ValueError(f"{path}: there are two cases called {case.name}")
            found[case.name] = case
    return found


def _case(name: str, group: str, given: dict[str, Any]) -> Case:
    where = given.get("where", "local")
    tasks = given.pop("tasks", None)
    if tasks is not None:
        head = HEADS[where] + "".join(f"  {line}\n" for line in given.pop("head", "").splitlines())
        given["play"] = f"{head}  tasks:\n{textwrap.indent(tasks, '    ')}"
    given["options"] = tuple(map(str, given.get("options", ())))
    return Case(f"{group}: {name}", group, **given)
