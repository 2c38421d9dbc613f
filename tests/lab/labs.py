"""A lab: hosts on a network bridge, with a web server and a registry."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab import network
from tests.lab.build import Parts, build
from tests.lab.cache import lab_dir, locked
from tests.lab.commands import LabError, require_root, write
from tests.lab.hosts import Host
from tests.lab.inventory import inventory_text, known_hosts_text, ssh_config_text
from tests.lab.keys import DOCKER_KEY, fingerprint, keys
from tests.lab.options import HostOptions
from tests.lab.prepare import prepare
from tests.lab.processes import kill_inside, kill_recorded, running_pid
from tests.lab.services import Services
from tests.lab.stubs import stub_rpms

DEFAULT_NAME = "main"


@dataclass
class Lab:
    """A running lab. `Lab.up` starts one, `Lab.load` finds one again."""

    name: str
    number: int
    options: dict[str, HostOptions]
    parts: Parts
    hosts: dict[str, Host] = field(init=False)
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        self.services = Services(self.folder, network.gateway(self.number), self.parts)
        self.hosts = {
            name: self._host(index, name, options)
            for index, (name, options) in enumerate(self.options.items(), 1)
        }

    @classmethod
    def up(cls, hosts: int | Mapping[str, HostOptions] = 1, name: str = DEFAULT_NAME) -> Lab:
        """Start N default hosts, or the named ones, and wait until ssh answers."""
        require_root()
        if isinstance(hosts, int):
            hosts = {f"el7-{index}": HostOptions() for index in range(1, hosts + 1)}
        parts = build()
        with locked("labs.lock"):
            if name in lab_names():
                _remove_dead(name)
            number = network.free_number(_used_numbers())
            lab = cls(name, number, dict(hosts), parts)
            lab._save()
            network.make_bridge(number)
        try:
            lab._start()
        except BaseException:
            lab.down()
            raise
        return lab

    @classmethod
    def load(cls, name: str = DEFAULT_NAME) -> Lab:
        """Return a lab that another process started."""
        data = _read(name)
        try:
            options = {key: HostOptions.from_json(value) for key, value in data["hosts"].items()}
            return cls(name, data["number"], options, Parts.from_json(data["parts"]))
        except (KeyError, TypeError):
            raise LabError(f"another version built the lab {name!r}: run `down --all`") from None

    def down(self) -> None:
        """Stop the lab and delete its files."""
        try:
            for host in self.hosts.values():
                with suppress(FileNotFoundError):
                    host.remove()
        finally:
            kill_inside(self.folder)
            self.services.stop()
            network.remove_bridge(self.number)
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *error: object) -> None:
        self.down()

    # Files and variables.

    @property
    def folder(self) -> Path:
        return labs_dir() / self.name

    @property
    def inventory(self) -> Path:
        """The inventory file."""
        return self.folder / "inventory.yml"

    @property
    def ssh_config(self) -> Path:
        return self.folder / "ssh_config"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def variables(self) -> dict[str, str | list[str]]:
        """Return the variables of all hosts: the addresses of the lab's services.

        They have names of the lab and the names that the bundled playbooks use.
        """
        addresses = self.services.variables()
        return addresses | {
            "centos_archive_url": addresses["lab_repo_url"],
            "docker_ce_repo_url": addresses["lab_docker_repo_url"],
            "docker_ce_gpg_fingerprint": fingerprint(DOCKER_KEY),
            "docker_registry_mirrors": [self.services.registry],
        }

    def __getitem__(self, host: str) -> Host:
        try:
            return self.hosts[host]
        except KeyError:
            raise LabError(f"no host {host!r} in the lab {self.name!r}") from None

    # Starting.

    def _host(self, index: int, name: str, options: HostOptions) -> Host:
        layers = self.parts.layers(options)
        return Host(name, self.number, index, self.folder / "hosts" / name, layers, options)

    def _start(self) -> None:
        _raise_inotify_limit()
        self.services.start()
        for host in self.hosts.values():
            prepare(host, self.services.web)
            host.start()
        for host in self.hosts.values():
            host.wait()

    def _save(self) -> None:
        hosts = {name: options.to_json() for name, options in self.options.items()}
        data = {"number": self.number, "hosts": hosts, "parts": self.parts.to_json()}
        write(self.folder / "lab.json", json.dumps(data, indent=1))
        write(self.known_hosts, known_hosts_text(self.hosts))
        write(self.ssh_config, ssh_config_text(self.hosts, self.known_hosts))
        write(self.inventory, inventory_text(self.hosts, self.known_hosts, self.variables()))


_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_NEEDED_INSTANCES = 4096


def _raise_inotify_limit() -> None:
    """Raise the limit of inotify instances. Linux allows 128 a user; each systemd needs some."""
    if int(_INOTIFY.read_text()) < _NEEDED_INSTANCES:
        _INOTIFY.write_text(f"{_NEEDED_INSTANCES}\n")


def labs_dir() -> Path:
    return lab_dir() / "labs"


def lab_names() -> list[str]:
    return sorted(path.parent.name for path in labs_dir().glob("*/lab.json"))


def _read(name: str) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads((labs_dir() / name / "lab.json").read_text())
    except FileNotFoundError:
        names = ", ".join(lab_names()) or "none"
        raise LabError(f"there is no lab {name!r}; running labs: {names}") from None
    return data


def _records(folder: Path) -> list[Path]:
    """Return the files that record a lab's processes."""
    return [*folder.glob("*.pid"), *folder.glob("hosts/*/*.pid")]


def _remove_dead(name: str) -> None:
    """Remove the files of a crashed lab of this name. Raises LabError if it still runs."""
    folder = labs_dir() / name
    if any(running_pid(record) for record in _records(folder)):
        raise LabError(f"the lab {name!r} is already up; `down` removes it")
    kill_inside(folder)
    network.remove_bridge(_read(name)["number"])
    shutil.rmtree(folder)


def _used_numbers() -> set[int]:
    numbers = set()
    for name in lab_names():
        with suppress(LabError):  # it was stopped a moment ago
            numbers.add(_read(name)["number"])
    return numbers


def down_all() -> None:
    """Remove every lab, in any state and of any version."""
    for folder in labs_dir().glob("*"):
        for record in _records(folder):
            kill_recorded(record)
        kill_inside(folder)
    for number in _used_numbers():
        network.remove_bridge(number)
    shutil.rmtree(labs_dir(), ignore_errors=True)


def clean() -> list[Path]:
    """Delete the built parts that no lab uses any more; return their folders."""
    with locked("labs.lock"):
        used = {str(path) for path in vars(build()).values()} | {str(keys())}
        for name in lab_names():
            used |= set(_read(name)["parts"].values())
        roots = {Path(path).relative_to(lab_dir()).parts[0] for path in used}
        roots |= {stub_rpms().relative_to(lab_dir()).parts[0], "labs", "locks", "host-keys"}
        unused = [path for path in lab_dir().iterdir() if path.name not in roots]
        for path in unused:
            shutil.rmtree(path)
    return unused
