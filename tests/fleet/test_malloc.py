"""The settings of malloc for many threads."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from provisioner.fleet import malloc


def test_malloc_is_not_changed_for_few_hosts() -> None:
    code = "import sys; from provisioner.fleet import malloc; malloc.save_memory(10)"
    check = f"{code}; sys.exit('ctypes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("libc", [object(), None], ids=["another libc", "this one"])
def test_any_libc_is_accepted(libc: object, monkeypatch: pytest.MonkeyPatch) -> None:
    if libc is not None:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    malloc.save_memory(1000)
