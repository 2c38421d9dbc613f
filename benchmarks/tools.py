"""The compared tools: how to set up and call each, and how its output shows a change.

Each run starts without an open connection and works on 50 hosts at once.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.hosts import PLAY, Fleet, Host
from benchmarks.peers import PEERS, NotInstalled, install, version

ROOT = Path(__file__).parents[1]
FORKS = 50
BASELINE = "ssh"
NAMES = (BASELINE, "ssh-mux", "provision", *PEERS)
SSH_OPTIONS = "-o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes"


@dataclass(frozen=True)
class Cell:
    """A number of hosts, and the round trip to them in ms."""

    fleet: Fleet
    hosts: int
    rtt: int

    @property
    def folder(self) -> Path:
        return self.fleet.folder / f"cell-{self.hosts}-{self.rtt}"

    def members(self) -> list[Host]:
        return self.fleet.hosts(self.hosts, self.rtt)


@dataclass(frozen=True)
class Tool:
    """A compared tool.

    `command` returns the command for a cell. `changed` is a pattern that matches a change in its
    output, or None if the output does not show changes. `clean_up` is called after each run and
    not measured.
    """

    name: str
    label: str
    command: Callable[[Cell], list[str]]
    changed: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    clean_up: Callable[[Cell], None] = lambda cell: None

    def environ(self, cell: Cell) -> dict[str, str]:
        """Return a small environment. Its home directory has no settings of the operator."""
        folder = cell.fleet.folder
        (folder / "home").mkdir(exist_ok=True)
        write(folder / "ansible.cfg", "[defaults]\n")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
            **self.environment,
        }

    def has_changed(self, output: str) -> bool:
        return self.changed is not None and re.search(self.changed, output, re.M) is not None


def find_tool(name: str, peers: Path) -> Tool:
    """Return the tool of that name; a peer is installed first. Raises NotInstalled."""
    if name in PEERS:
        place = install(PEERS[name], peers)
        return _PEERS[name](place, version(PEERS[name], place))
    if name == "provision":
        return Tool(name, "provision", _provision, r"^h\d+ +\S changed")
    if name in ("ssh", "ssh-mux"):
        shown = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
        number = shown.split(",")[0].split()[0].replace("_", " ")
        if name == "ssh":
            return Tool(name, f"plain ssh, one script ({number})", _ssh, "^changed:")
        return Tool(name, "ssh, an exec a task over a ControlMaster", _ssh_mux, "^changed:")
    raise NotInstalled(f"no tool has that name; known names: {', '.join(NAMES)}")


# -- plain ssh


def _ssh(cell: Cell) -> list[str]:
    write(cell.folder / "play.sh", _contents("abcd") + (PLAY / "plain.sh").read_text())
    return _each_host(cell, f'{ssh_command(cell)} "$2" sh -s "$3" <{cell.folder}/play.sh')


def _ssh_mux(cell: Cell) -> list[str]:
    head, tasks = (PLAY / "plain.sh").read_text().split("# tasks\n")
    lines = tasks.splitlines()
    for number, line in enumerate(lines):
        letters = line[-1] if line.startswith("file ") else ""
        write(cell.folder / f"task{number:02}.sh", f"{_contents(letters)}{head}{line}\n")
    ssh = f'{ssh_command(cell)} -S "{cell.folder}/$1.mux"'
    steps = [
        f'{ssh} -MNf "$2"',
        f'for task in {cell.folder}/task*.sh; do {ssh} "$2" sh -s "$3" <"$task" || exit; done',
        f'{ssh} -O exit "$2"',
    ]
    return _each_host(cell, " 2>&1 && ".join(steps))


def _each_host(cell: Cell, script: str) -> list[str]:
    """Return a command that runs `script` for each host: $1 is its name, $2 address, $3 root."""
    listed = "".join(f"{host.name} {host.address} {host.root}\n" for host in cell.members())
    write(cell.folder / "hosts", listed)
    each = write(cell.folder / "each.sh", f"set -e\n{script}\n")
    return ["xargs", "-a", f"{cell.folder}/hosts", "-L1", f"-P{FORKS}", "sh", str(each)]


def ssh_command(cell: Cell) -> str:
    options = f"-F none {SSH_OPTIONS} -o UserKnownHostsFile={cell.fleet.known_hosts}"
    return f"ssh {options} -i {cell.fleet.key} -p {cell.fleet.port} -l root"


def _contents(letters: str) -> str:
    """Return shell functions that print the play's files."""
    text = {letter: (PLAY / "files" / f"{letter}.conf").read_text() for letter in letters}
    return "".join(f"content_{key}() {{ cat <<'END'\n{text[key]}END\n}}\n" for key in text)


# -- provision and Ansible: one inventory


def _provision(cell: Cell) -> list[str]:
    _inventory(cell)
    play = write(cell.folder / "provision.yml", (PLAY / "provision.yml").read_text())
    return [
        *(sys.executable, "-m", "provisioner", str(cell.folder / "hosts.yml"), str(play)),
        *("-f", str(FORKS)),
    ]


def _inventory(cell: Cell) -> Path:
    hosts = {host.name: {"ansible_host": host.address, "root": str(host.root)}
             for host in cell.members()}  # fmt: skip
    known_hosts = f"-o UserKnownHostsFile={cell.fleet.known_hosts}"
    shared = {
        "ansible_user": "root",
        "ansible_port": cell.fleet.port,
        "ansible_ssh_private_key_file": str(cell.fleet.key),
        "ansible_ssh_common_args": f"{SSH_OPTIONS} {known_hosts}",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_remote_tmp": str(cell.fleet.folder / "remote"),
    }
    text = json.dumps({"all": {"vars": shared, "hosts": hosts}}, indent=1)
    inventory = write(cell.folder / "hosts.yml", text)
    files = cell.folder / "files"
    if not files.exists():
        files.symlink_to(PLAY / "files")
    return inventory


def _ansible_command(place: Path) -> Callable[[Cell], list[str]]:
    def command(cell: Cell) -> list[str]:
        inventory = _inventory(cell)
        play = write(cell.folder / "ansible.yml", (PLAY / "ansible.yml").read_text())
        program = str(place / "bin/ansible-playbook")
        return [program, "-i", str(inventory), "-f", str(FORKS), str(play)]

    return command


_ANSIBLE = {
    "ANSIBLE_PIPELINING": "True",
    "ANSIBLE_SSH_ARGS": "-F none -o ControlMaster=auto -o ControlPersist=60s",
    "ANSIBLE_NOCOLOR": "1",
}


def _ansible(name: str) -> Callable[[Path, str], Tool]:
    def make(place: Path, number: str) -> Tool:
        command = _ansible_command(place)
        label = f"ansible-core {number}"
        return Tool(name, label, command, "changed=[1-9]", _ANSIBLE, _end_masters)

    return make


def _mitogen(place: Path, number: str) -> Tool:
    plugins = next(place.glob("lib/*/site-packages/ansible_mitogen/plugins/strategy"))
    own = {"ANSIBLE_STRATEGY_PLUGINS": str(plugins), "ANSIBLE_STRATEGY": "mitogen_linear"}
    command, environment = _ansible_command(place), {**_ANSIBLE, **own}
    return Tool("mitogen", f"Mitogen {number}", command, "changed=[1-9]", environment, _end_masters)


def _end_masters(cell: Cell) -> None:
    """Stop ssh's persistent connections, so that the next run opens new ones."""
    for socket in (cell.fleet.folder / "cp").glob("*"):
        command = ["ssh", "-F", "none", "-o", f"ControlPath={socket}", "-O", "exit", "host"]
        subprocess.run(command, capture_output=True, check=False)
        socket.unlink(missing_ok=True)


# -- pyinfra


def _pyinfra(place: Path, number: str) -> Tool:
    def command(cell: Cell) -> list[str]:
        shared = {
            "ssh_user": "root",
            "ssh_port": cell.fleet.port,
            "ssh_key": str(cell.fleet.key),
            "ssh_known_hosts_file": str(cell.fleet.known_hosts),
            "ssh_strict_host_key_checking": "yes",
            "ssh_look_for_keys": False,
            "ssh_allow_agent": False,
        }
        hosts = [
            (host.name, {"ssh_hostname": host.address, "root": str(host.root), **shared})
            for host in cell.members()
        ]
        inventory = write(cell.folder / "inventory.py", f"hosts = {hosts!r}\n")
        program = str(place / "bin/pyinfra")
        options = ["-y", "--parallel", str(FORKS)]
        return [program, *options, str(inventory), str(PLAY / "deploy.py")]

    changed = (
        r"^ +(Directory|File|Line) \S+ +\d+ +[1-9]"  # not Command: pyinfra counts each as a change
    )
    return Tool("pyinfra", f"pyinfra {number}", command, changed)


_PEERS: Mapping[str, Callable[[Path, str], Tool]] = {
    "ansible": _ansible("ansible"),
    "ansible-2.16": _ansible("ansible-2.16"),
    "mitogen": _mitogen,
    "pyinfra": _pyinfra,
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
