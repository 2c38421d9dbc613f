"""The entry point of `provision`: handles signals before it imports the rest of the program."""

from __future__ import annotations

from provisioner import process_signals


def main() -> None:
    """Run one command and exit with its status."""
    process_signals.install()
    from provisioner.cli import main as run

    run()
