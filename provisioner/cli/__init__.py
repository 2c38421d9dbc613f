"""The command line: choose the subcommand, run it and exit with its status.

`provision INVENTORY [PLAYBOOK …]` means `provision run …`. A subcommand is imported when it is run.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path

from provisioner import exits, process_signals

SUBCOMMANDS = {
    "doc": "provisioner.cli.commands.doc",
    "init": "provisioner.cli.commands.init",
    "inventory": "provisioner.cli.commands.inventory",
    "report": "provisioner.cli.commands.report",
    "run": "provisioner.cli.commands.run",
    "schema": "provisioner.cli.commands.schema",
    "vault": "provisioner.cli.commands.vault",
}


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its status. Called by provisioner/entry.py."""
    gc.disable()  # until a run begins: imported code and loaded files are not garbage
    _open_closed_streams()
    try:
        status = dispatch(sys.argv[1:] if arguments is None else arguments)
    finally:
        gc.freeze()  # the interpreter would search all objects for cycles before it exits
        process_signals.restore_defaults()
    sys.exit(status)


def _open_closed_streams() -> None:
    """Open /dev/null where the process was started without stdin, stdout or stderr.

    Without it the first connection would get the number of the closed stream.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(null := os.open(os.devnull, os.O_RDWR), number)
            if null != number:
                os.close(null)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def dispatch(arguments: list[str]) -> int:
    """Run a subcommand and return its exit status.

    The first argument names the subcommand; without one it is `run`.
    """
    name, rest = "run", arguments
    if arguments and arguments[0] in SUBCOMMANDS and not _is_inventory_to_run(arguments):
        name, rest = arguments[0], arguments[1:]
    command = import_module(SUBCOMMANDS[name])
    status: int = command.main(rest)
    if hint := _hint(status, name, rest):
        sys.stderr.write(f"provision: {hint}\n")
    return status


def _hint(status: int, name: str, rest: list[str]) -> str:
    """Return a hint if the first argument was probably misunderstood, else ""."""
    if status == exits.USAGE and name == "inventory" and Path(name).exists():
        return "to run a playbook on the inventory of this name, write ./inventory"
    if status == exits.INVALID and name == "run" and rest and not Path(rest[0]).exists():
        from provisioner.where import nearest

        return nearest(rest[0], SUBCOMMANDS)
    return ""


def _is_inventory_to_run(arguments: list[str]) -> bool:
    """Whether the first argument is the inventory file "inventory", not the subcommand.

    `provision inventory site.yml` runs the playbook where both files exist, unless an option of the
    subcommand is given.
    """
    name, *rest = arguments
    has_option = any(word.split("=")[0] in _INVENTORY_OPTIONS for word in rest)
    has_playbook = any(word.endswith((".yml", ".yaml")) and Path(word).is_file() for word in rest)
    return name == "inventory" and has_playbook and not has_option and Path(name).exists()


_INVENTORY_OPTIONS = frozenset({"--list", "--graph", "--host", "-h", "--help", "-i", "--inventory"})
"""Options of the subcommand `inventory`."""
