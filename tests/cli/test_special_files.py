"""A FIFO, socket or device in place of a file is refused at once, with its type."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

KINDS = {
    "fifo": "a FIFO",
    "socket": "a socket",
    "/dev/zero": "a character device",
    "folder": "a directory",
}

PLAY = "- hosts: all\n  gather_facts: false\n  tasks:\n    - "
LOCAL = ("-e", "ansible_connection=local")

# Place ▶ the task, the words of the command, and its exit status. PATH is the file.
PLACES: dict[str, tuple[str, tuple[str, ...], int]] = {
    "playbook": ("", ("h,", "PATH"), 3),
    "inventory": ("debug: {msg: x}", ("PATH", "play.yml"), 3),
    "extra vars": ("debug: {msg: x}", ("h,", "play.yml", "-e", "@PATH"), 3),
    "limit": ("debug: {msg: x}", ("h,", "play.yml", "--limit", "@PATH"), 3),
    "retry": ("debug: {msg: x}", ("h,", "play.yml", "--retry", "PATH"), 3),
    "vault password": ("debug: {msg: x}", ("h,", "play.yml", "--vault-password-file", "PATH"), 3),
    "vault": ("", ("vault", "view", "PATH", "--vault-password-file", "play.yml"), 3),
    "report": ("debug: {msg: x}", ("h,", "play.yml", *LOCAL, "--report", "PATH"), 7),
    "junit": ("debug: {msg: x}", ("h,", "play.yml", *LOCAL, "--junit", "PATH"), 7),
    "listing": ("", ("inventory", "-i", "h,", "--list", "--output", "PATH"), 7),
    "ssh_config": ("raw: 'true'", ("h,", "play.yml", "--ssh-common-args", "-F PATH"), 4),
    "copy": ("copy: {src: 'PATH', dest: /tmp/none, checksum: x}", ("h,", "play.yml", *LOCAL), 2),
    "template": ("template: {src: 'PATH', dest: /tmp/none}", ("h,", "play.yml", *LOCAL), 2),
    "script": ("script: 'PATH'", ("h,", "play.yml", *LOCAL), 2),
    "unarchive": ("unarchive: {src: 'PATH', dest: /tmp}", ("h,", "play.yml", *LOCAL), 2),
    "include_vars": ("include_vars: 'PATH'", ("h,", "play.yml", *LOCAL), 2),
    "lookup": ("debug: {msg: \"{{ lookup('file', 'PATH') }}\"}", ("h,", "play.yml", *LOCAL), 2),
    "uri": ("uri: {url: 'http://127.0.0.1:9/', src: 'PATH', method: PUT}",
            ("h,", "play.yml", *LOCAL), 2),
}  # fmt: skip
EXCEPT = {
    ("copy", "folder"),  # is copied with its files
    ("inventory", "folder"),  # is read with its files
    ("ssh_config", "folder"),
}
USAGE = {("report", "folder"), ("junit", "folder")}
"""Refused before the run, with another exit status."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a FIFO, a socket and a directory."""
    path = tmp_path_factory.mktemp("s")
    os.mkfifo(path / "fifo")
    (path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path / "socket"))
    return path


@pytest.mark.parametrize(
    ("place", "name"), [(p, n) for p in PLACES for n in KINDS if (p, n) not in EXCEPT]
)
def test_a_special_file_is_refused_with_its_type(folder: Path, place: str, name: str) -> None:
    task, words, status = PLACES[place]
    path = str(folder / name)  # an absolute name stays
    (folder / "play.yml").write_text(PLAY + task.replace("PATH", path) + "\n")
    arguments = [word.replace("PATH", path) for word in words]
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert KINDS[name] in printed, printed
    assert path in printed
    assert done.returncode == (5 if (place, name) in USAGE else status)
    assert "Traceback" not in printed
