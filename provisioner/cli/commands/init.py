"""provision init: writes a small project to start from."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner import exits
from provisioner.cli.messages import show, tell
from provisioner.cli.subcommand import SETTINGS, invoke


@click.command("init", context_settings=SETTINGS)
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def command(folder: Path) -> int:
    """Write a small inventory, a playbook and a README to FOLDER.

    The default is the current folder. If one of the files exists, nothing is written.
    """
    existing = [name for name in FILES if (folder / name).exists() or (folder / name).is_symlink()]
    if existing:
        raise click.UsageError(f"{folder / existing[0]} exists already; nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in FILES.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
            show(f"wrote {folder / name}")
    except OSError as error:
        tell(f"provision: {error.filename}: {error.strerror}")
        return exits.NOT_WRITTEN
    show("next: put your hosts into hosts.yml, then read README.md")
    return 0


def main(arguments: list[str]) -> int:
    """Run the subcommand. Return its exit status."""
    return invoke(command, arguments, "provision init")


FILES = {
    "hosts.yml": """\
# The hosts, in groups. `provision inventory hosts.yml --graph` shows them.
all:
  vars:
    ansible_user: root
    # ansible_become: true      # log in as another user and become root with sudo
  children:
    web:
      hosts:
        web1.example.com:
        # web2: {ansible_host: 192.0.2.12, ansible_port: 2222}
      vars:
        greeting: Hello from the web servers
""",
    "site.yml": """\
# The desired state of the hosts. A second run changes nothing.
- name: Greet users who log in
  hosts: web
  tasks:
    - name: Write the message of the day
      copy:
        content: "{{ greeting }}, this is {{ inventory_hostname }}\\n"
        dest: /etc/motd
        owner: root
        group: root
        mode: "0644"
""",
    "README.md": """\
# Hosts and their configuration

- `hosts.yml`: the hosts and their variables
- `site.yml`: the desired state of the hosts

    provision hosts.yml site.yml --syntax-check   # check the files; contact no hosts
    provision hosts.yml site.yml --check --diff   # show what would change
    provision hosts.yml site.yml                  # configure the hosts
    provision hosts.yml site.yml --limit web1.example.com

`provision hosts.yml` without a playbook installs Docker. `provision doc -l` lists
the modules. `provision schema > playbook.schema.json` writes a schema for editors.
""",
}
