"""Signals outside of a run end the process at once: while it imports, loads, asks and exits.

The process sends the signal to itself at a chosen point, so the tests do not depend on timing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - shell: echo change >>changes
      args: {chdir: "{{ playbook_dir }}"}
"""

SIGNALS = [
    pytest.param(signal.SIGINT, id="SIGINT"),
    pytest.param(signal.SIGTERM, id="SIGTERM"),
    pytest.param(signal.SIGHUP, id="SIGHUP"),
]

HOOK = """
import os, sys

MODULE, NUMBER = {module!r}, {number}

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), NUMBER)

sys.meta_path.insert(0, Finder())
"""
"""A sitecustomize module: the process sends itself a signal when it imports a module."""

AT_EXIT = """
import atexit, os

atexit.register(os.kill, os.getpid(), {number})
"""

IN_A_DESTRUCTOR = """
import os, sys

class Victim:
    def __del__(self):
        os.kill(os.getpid(), {number})

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            Victim()

sys.meta_path.insert(0, Finder())
"""

IN_A_FUNCTION = """
import os, sys

def profile(frame, event, argument):
    if event == "call" and frame.f_code.co_name == {function!r}:
        sys.setprofile(None)
        os.kill(os.getpid(), {number})

sys.setprofile(profile)
"""


def run(provision: Command, hook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook on this machine, in a process that imports `hook` first."""
    folder = provision.write("hook/sitecustomize.py", hook).parent
    play = provision.write("play.yml", PLAY)
    command = [sys.executable, "-m", "provisioner", *(arguments or ("h,", str(play)))]
    return subprocess.run(
        [*command, "-e", "ansible_connection=local"],
        env={**os.environ, "PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def modules_of_a_run(provision: Command) -> list[str]:
    """Return the modules that a run imports after the signal handlers are installed, in order."""
    show = "import atexit, json, sys\natexit.register(lambda: print(json.dumps([*sys.modules])))"
    done = run(provision, show)
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return names[names.index("provisioner.process_signals") + 2 :]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_the_imports_ends_the_process(
    provision: Command, number: signal.Signals
) -> None:
    names = modules_of_a_run(provision)
    first, last = names.index("provisioner.cli"), names.index("provisioner.cli.signals")
    (provision.folder / "changes").unlink()
    for name in names[first : last + 1 : 25]:
        done = run(provision, HOOK.format(module=name, number=int(number)))
        expected = (128 + number, "", f"provision: interrupted by {number.name}\n")
        assert (done.returncode, done.stdout, done.stderr) == expected, name
    assert not (provision.folder / "changes").exists()


def test_a_signal_in_a_destructor_is_not_lost(provision: Command) -> None:
    module = "provisioner.loading.playbook"
    done = run(provision, IN_A_DESTRUCTOR.format(module=module, number=int(signal.SIGINT)))
    assert (done.returncode, done.stderr) == (130, "provision: interrupted by SIGINT\n")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_python_ends_is_not_lost(provision: Command, number: signal.Signals) -> None:
    done = run(provision, AT_EXIT.format(number=int(number)))
    assert (done.returncode, done.stderr) == (-number, "")


def test_a_signal_after_the_last_task_is_the_exit_status(provision: Command) -> None:
    hook = IN_A_FUNCTION.format(function="close_reporters", number=int(signal.SIGTERM))
    done = run(provision, hook)
    assert "changed" in done.stdout
    assert (done.returncode, "Traceback" in done.stderr) == (143, False)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_an_inventory_script(provision: Command, number: signal.Signals) -> None:
    script = provision.write("hosts.sh", f"#!/bin/sh\nkill -{int(number)} $PPID\nexec sleep 600\n")
    script.chmod(0o700)
    done = run(provision, "", "inventory", "-i", str(script), "--list")
    expected = (128 + number, f"provision: interrupted by {number.name}\n")
    assert (done.returncode, done.stderr) == expected
