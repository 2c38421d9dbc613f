"""The test inventories of inventories.yml, with the recorded output of ansible-inventory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RECORD = Path(__file__).with_name("inventories.json")


@dataclass(frozen=True)
class Case:
    """One inventory: its files, and the one that is given on the command line."""

    name: str
    files: Mapping[str, str]
    inventory: str
    executable: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    playbook_dir: str = ""

    def write(self, folder: Path) -> None:
        """Write its files into a folder."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755 if name in self.executable else 0o644)


def _cases() -> dict[str, Case]:
    data = yaml.safe_load(Path(__file__).with_name("inventories.yml").read_text("utf-8"))
    return {
        name: Case(
            name,
            given["files"],
            given.get("inventory") or next(iter(given["files"])),
            tuple(given.get("executable", ())),
            tuple(given.get("patterns", ())),
            given.get("playbook_dir", ""),
        )
        for name, given in data.items()
    }


CASES = _cases()


def recorded() -> dict[str, dict[str, Any]]:
    """Return case ▶ recorded output of ansible-inventory."""
    found: dict[str, dict[str, Any]] = json.loads(RECORD.read_text("utf-8"))
    return found
