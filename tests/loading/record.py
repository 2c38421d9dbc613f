"""Record the output of ansible-inventory for the inventories in inventories.yml.

    python -m tests.loading.record VENV

VENV is a virtual environment with ansible-core 2.16 (`pip install 'ansible-core==2.16.*'`).
Written is inventories.json; the tests compare with it, and need no Ansible.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.loading.inventories import CASES, RECORD, Case

_PATTERNS = """
import json, sys
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
manager = InventoryManager(DataLoader(), [sys.argv[1]])
found = {p: [h.name for h in manager.get_hosts(p)] for p in json.loads(sys.argv[2])}
print(json.dumps(found))
"""


def record(case: Case, venv: Path) -> dict[str, Any]:
    """Return the output of ansible-inventory for one case."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case.write(folder)
        more = ["--playbook-dir", case.playbook_dir] if case.playbook_dir else []
        command = [str(venv / "bin" / "ansible-inventory"), "-i", case.inventory, *more]
        found: dict[str, Any] = {
            "list": json.loads(_run([*command, "--list"], folder)),
            "export": json.loads(_run([*command, "--list", "--export"], folder)),
            "yaml": _run([*command, "--list", "--yaml"], folder),
            "graph": _run([*command, "--graph"], folder),
            "graph_vars": _run([*command, "--graph", "--vars"], folder),
        }
        python = [str(venv / "bin" / "python"), "-c", _PATTERNS]
        asked = json.dumps(case.patterns)
        found["patterns"] = json.loads(_run([*python, case.inventory, asked], folder))
        return found


def _run(command: Sequence[str], folder: Path) -> str:
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(folder / "none.cfg"),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def main() -> None:
    venv = Path(sys.argv[1])
    with ThreadPoolExecutor(8) as pool:
        results = pool.map(lambda case: record(case, venv), CASES.values())
        found = dict(zip(CASES, results, strict=True))
    RECORD.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
