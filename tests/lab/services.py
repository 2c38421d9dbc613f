"""The web server and the registry of a lab, at the bridge's address."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.lab.build import Parts
from tests.lab.cache import HERE
from tests.lab.commands import write
from tests.lab.processes import kill_recorded, start_process, wait_for_server
from tests.lab.registry import start_registry

_DOCKER_REPO = """[docker-ce-stable]
name=Docker CE Stable - $basearch
baseurl={web}/linux/centos/$releasever/$basearch/stable
enabled=1
gpgcheck=1
gpgkey={web}/linux/centos/gpg
"""


class Services:
    """The servers of packages, files and images for the hosts of one lab."""

    def __init__(self, folder: Path, address: str, parts: Parts) -> None:
        self.folder = folder
        self.web = f"http://{address}:8080"
        self.registry = f"http://{address}:5000"
        self.files = folder / "www/files"
        """The folder that is served under `lab_files_url`."""
        self._address = address
        self._parts = parts

    def start(self) -> None:
        """Start the web server and the registry."""
        self._lay_out()
        self.start_web()
        self.start_registry()

    def stop(self) -> None:
        """Stop the web server and the registry."""
        self.stop_web()
        self.stop_registry()

    def start_web(self) -> None:
        www, faults = self.folder / "www", self.folder / "faults.json"
        server: list[str | Path] = [sys.executable, HERE / "webserver.py"]
        command = [*server, www, self._address, "8080", faults]
        record, log = self.folder / "web.pid", self.folder / "web.log"
        start_process(command, log, record)
        wait_for_server(record, f"{self._address}:8080", log)

    def stop_web(self) -> None:
        kill_recorded(self.folder / "web.pid")

    def start_registry(self) -> None:
        start_registry(self.folder, self._parts.image, f"{self._address}:5000")

    def stop_registry(self) -> None:
        kill_recorded(self.folder / "registry.pid")

    def set_faults(self, faults: dict[str, dict[str, Any]]) -> None:
        """Set the web server's faults (see webserver.py). `{}` removes them."""
        draft = self.folder / "faults.draft"
        write(draft, json.dumps(faults))
        draft.replace(self.folder / "faults.json")  # the server reads it for each request

    def web_log(self) -> str:
        """Return the log of the requests so far."""
        return (self.folder / "web.log").read_text(errors="replace")

    def variables(self) -> dict[str, str | list[str]]:
        """Return the inventory variables with the addresses of the services."""
        return {
            "lab_repo_url": f"{self.web}/centos/7.9.2009",
            "lab_docker_repo_url": f"{self.web}/linux/centos",
            "lab_files_url": f"{self.web}/files",
            "lab_registry": self.registry,
        }

    def _lay_out(self) -> None:
        """Create the served folder: packages from the cache, a repo file and `files`."""
        self.files.mkdir(parents=True)
        (self.files / "hello.txt").write_text("hello\n")
        (self.folder / "www/centos").symlink_to(self._parts.repos / "centos")
        docker = self.folder / "www/linux/centos"
        write(docker / "docker-ce.repo", _DOCKER_REPO.format(web=self.web))
        for name in ("7", "gpg"):
            (docker / name).symlink_to(self._parts.repos / "linux/centos" / name)
