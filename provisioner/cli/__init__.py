"""The command line: which subcommand, and what its exit status means.

`provision INVENTORY [PLAYBOOK …]` is `provision run …`. Subcommands are imported when needed.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module

SUBCOMMANDS = {
    "doc": "provisioner.cli.doc",
    "init": "provisioner.cli.init",
    "inventory": "provisioner.cli.inventory",
    "report": "provisioner.cli.report",
    "run": "provisioner.cli.run",
    "schema": "provisioner.cli.schema",
    "vault": "provisioner.cli.vault",
}

OK, BUG, FAILED, INVALID, UNREACHABLE, USAGE = 0, 1, 2, 3, 4, 5
FAILED_AND_UNREACHABLE, NO_REPORT, PENDING = 6, 7, 10


def main(arguments: list[str] | None = None) -> None:
    """The entry point: runs one command and exits with its status."""
    gc.disable()  # until a run begins: what is imported and loaded stays
    sys.exit(dispatch(sys.argv[1:] if arguments is None else arguments))


def dispatch(arguments: list[str]) -> int:
    """Run the subcommand that the first word names, `run` where it names none."""
    name, rest = "run", arguments
    if arguments and arguments[0] in SUBCOMMANDS:
        name, rest = arguments[0], arguments[1:]
    command = import_module(SUBCOMMANDS[name])
    status: int = command.main(rest)
    return status
