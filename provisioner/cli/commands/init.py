"""provision init: a directory to start from."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner import exits
from provisioner.cli.subcommand import SETTINGS, invoke


@click.command("init", context_settings=SETTINGS)
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def command(folder: Path) -> int:
    """Write a small inventory, a playbook and a README into FOLDER (default: here).

    Nothing that is there already is touched: then nothing is written at all.
    """
    there = [name for name in FILES if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        raise click.UsageError(f"{folder / there[0]} is there already: nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in FILES.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
            click.echo(f"wrote {folder / name}")
    except OSError as error:
        click.echo(f"provision: {error.filename}: {error.strerror}", err=True)
        return exits.NOT_WRITTEN
    click.echo("next: name your hosts in hosts.yml, then read README.md")
    return 0


def main(arguments: list[str]) -> int:
    """Parse and carry out; returns the exit status."""
    return invoke(command, arguments, "provision init")


FILES = {
    "hosts.yml": """\
# The hosts, in groups. `provision inventory hosts.yml --graph` shows them.
all:
  vars:
    ansible_user: root
    # ansible_become: true      # log in as somebody else and become root with sudo
  children:
    web:
      hosts:
        web1.example.com:
        # web2: {ansible_host: 192.0.2.12, ansible_port: 2222}
      vars:
        greeting: Hello from the web servers
""",
    "site.yml": """\
# What is to be so on the hosts. A second run changes nothing.
- name: Greet whoever logs in
  hosts: web
  tasks:
    - name: The message of the day greets
      copy:
        content: "{{ greeting }}, this is {{ inventory_hostname }}\\n"
        dest: /etc/motd
        owner: root
        group: root
        mode: "0644"
""",
    "README.md": """\
# Hosts and what they are

- `hosts.yml`: the hosts
- `site.yml`: what is to be so on them

    provision hosts.yml site.yml --syntax-check   # is all well written? contacts nobody
    provision hosts.yml site.yml --check --diff   # what would change? changes nothing
    provision hosts.yml site.yml                  # make it so
    provision hosts.yml site.yml --limit web1.example.com

`provision hosts.yml` alone installs Docker; `provision doc -l` lists the modules,
`provision schema > playbook.schema.json` is for editors.
""",
}
