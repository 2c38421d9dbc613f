"""How paramiko is imported."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_paramiko_is_imported_without_invoke() -> None:
    code = "import provisioner.remote.ssh.paramiko.names, sys; print(sys.modules['invoke'])"
    assert run(code) == "None"


def test_an_invoke_that_is_imported_already_stays() -> None:
    code = "import sys; sys.modules['invoke'] = sys; import provisioner.remote.ssh.paramiko.names;"
    assert run(f"{code} print(sys.modules['invoke'] is sys)") == "True"


def test_the_log_of_paramiko_is_silent() -> None:
    code = "import logging, provisioner.remote.ssh.paramiko.names;"
    assert run(f"{code} logging.getLogger('paramiko.transport').error('a line')") == ""


def test_paramiko_is_imported_without_importlib_metadata_which_works_afterwards() -> None:
    code = "import provisioner.remote.ssh.paramiko.names, sys; absent = 'importlib.metadata'"
    code += " not in sys.modules; import importlib.metadata;"
    assert run(f"{code} print(absent, importlib.metadata.version('paramiko') > '3')") == "True True"


def test_an_importlib_metadata_that_is_imported_already_stays() -> None:
    code = "import importlib.metadata as before; import provisioner.remote.ssh.paramiko.names;"
    assert run(f"{code} import importlib; print(importlib.metadata is before)") == "True"
