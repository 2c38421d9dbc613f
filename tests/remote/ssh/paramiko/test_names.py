"""What `import paramiko` is spared."""

from __future__ import annotations

import subprocess
import sys

WATCHED = """
import sys

class Watch:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "paramiko.transport":
            import subprocess, tempfile
            from importlib import metadata
            found.extend([subprocess.run, tempfile.mkdtemp, metadata.entry_points])

found = []
sys.meta_path.insert(0, Watch)
import provisioner.remote.ssh.paramiko.names
print(len(found))
"""


def test_whoever_imports_something_while_paramiko_is_imported_gets_it_whole() -> None:
    done = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_paramiko_does_without_what_is_dear_and_not_used() -> None:
    dear = "invoke", "subprocess", "tempfile", "importlib.metadata"
    code = (
        f"import provisioner.remote.ssh.paramiko.names, sys; print({set(dear)} & {{*sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
