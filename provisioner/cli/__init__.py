"""The command line: which subcommand, and what its exit status means.

`provision INVENTORY [PLAYBOOK …]` is `provision run …`. Subcommands are imported when needed.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from provisioner import exits

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
    """The entry point: runs one command and exits with its status."""
    gc.disable()  # until a run begins: what is imported and loaded stays
    _open_what_is_closed()
    _exit(dispatch(sys.argv[1:] if arguments is None else arguments))


def _open_what_is_closed() -> None:
    """Where we were started without stdin, stdout or stderr: nobody answers or reads, and no
    connection is taken for one of them."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(null := os.open(os.devnull, os.O_RDWR), number)
            if null != number:
                os.close(null)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _exit(status: int) -> None:
    """End the process as `sys.exit` does, but for taking all objects apart one by one: after a run
    that takes longer than a host's tasks. Not so where anything is still to be waited for."""
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    if all(thread.daemon for thread in others):
        atexit._run_exitfuncs()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    sys.exit(status)


def dispatch(arguments: list[str]) -> int:
    """Run the subcommand that the first word names, `run` where it names none."""
    name, rest = "run", arguments
    if arguments and arguments[0] in SUBCOMMANDS and not _is_an_inventory(arguments):
        name, rest = arguments[0], arguments[1:]
    command = import_module(SUBCOMMANDS[name])
    status: int = command.main(rest)
    if hint := _hint(status, name, rest):
        sys.stderr.write(f"provision: {hint}\n")
    return status


def _hint(status: int, name: str, rest: list[str]) -> str:
    """Where the first word may have been taken for what it is not: what to write instead."""
    if status == exits.USAGE and name == "inventory" and Path(name).exists():
        return "to run a playbook on the inventory that is called so, write ./inventory"
    if status == exits.INVALID and name == "run" and rest and not Path(rest[0]).exists():
        from provisioner.where import nearest

        return nearest(rest[0], SUBCOMMANDS)
    return ""


def _is_an_inventory(arguments: list[str]) -> bool:
    """Whether the first word is no subcommand, but that one's namesake: `provision inventory
    site.yml` where there are both, and nothing is to be shown."""
    name, *rest = arguments
    shows = any(word.split("=")[0] in _SHOWING for word in rest)
    books = any(word.endswith((".yml", ".yaml")) and Path(word).is_file() for word in rest)
    return name == "inventory" and books and not shows and Path(name).exists()


_SHOWING = frozenset({"--list", "--graph", "--host", "-h", "--help", "-i", "--inventory"})
"""Options of the subcommand inventory, each of which tells that it is meant."""
