"""provision schema: prints the JSON Schema of playbooks, for editors."""

from __future__ import annotations

import json

import click

from provisioner.cli.subcommand import SETTINGS, invoke


@click.command("schema", context_settings=SETTINGS)
def command() -> int:
    """Print the JSON Schema of playbooks.

    Editors use it to complete and check keywords, modules and parameters (in VS Code:
    yaml.schemas).
    """
    from provisioner.loading.playbook_schema import playbook_schema

    click.echo(json.dumps(playbook_schema(), indent=1, default=str))
    return 0


def main(arguments: list[str]) -> int:
    """Run the subcommand. Return its exit status."""
    return invoke(command, arguments, "provision schema")
