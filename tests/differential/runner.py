"""Run a case with either tool and observe its results."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.differential.cases import Case
from tests.differential.observed import Observed, hider, listing

RECORD = Path(__file__).with_name("recorded.json")

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "TZ": "UTC",
}
"""The environment of both tools, so that results do not depend on who runs the tests."""

Tool = Callable[[Case, Path, Path, str], Observed]
"""(case, the folder of its playbook, `$OUT`, the inventory's path) ▶ what one run shows."""


def run_local(case: Case, folder: Path, tool: Tool) -> list[Observed]:
    """Run the case on this machine in an empty folder; return what each run shows."""
    home, out = folder / "play", folder / "out"
    case.write(home, out)
    inventory = home / "hosts"
    if not inventory.exists():
        plain = "".join(f"h{number}\n" for number in range(1, case.hosts + 1))
        inventory.write_text(case.filled(case.inventory or plain, home, out))
    hide = hider(DIR=home, OUT=out)
    with patch.dict(os.environ, ENVIRONMENT):
        time.tzset()
        return [
            {**tool(case, home, out, str(inventory)), "files": listing(out, hide)}
            for _ in range(case.runs)
        ]


def recorded() -> dict[str, Any]:
    """Return case ▶ recorded result: {"digest": …, "runs": [Observed, …]}."""
    if not RECORD.exists():
        return {}
    found: dict[str, Any] = json.loads(RECORD.read_text("utf-8"))
    return found


def write(found: Mapping[str, Any]) -> None:
    """Write the record, one case a line."""
    lines = (f"{json.dumps(n)}: {json.dumps(e, ensure_ascii=False)}" for n, e in found.items())
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
