"""malloc set for many threads: only where it pays, and only where there is such a thing."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from provisioner.fleet import malloc


def test_few_hosts_do_not_pay_for_it() -> None:
    code = "import sys; from provisioner.fleet import malloc; malloc.spare(10)"
    check = f"{code}; sys.exit('ctypes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("libc", [object(), None], ids=["another libc", "this one"])
def test_any_libc_will_do(libc: object, monkeypatch: pytest.MonkeyPatch) -> None:
    if libc is not None:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    malloc.spare(1000)
