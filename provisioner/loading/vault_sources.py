"""Read vault passwords from files and from programs that print them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from provisioner.errors import LoadError
from provisioner.loading import yaml_file
from provisioner.loading.vault import DEFAULT, Secret
from provisioner.local_files import with_home
from provisioner.process_signals import cleanup_by_exception


def split_id(vault_id: str) -> tuple[str, str]:
    """Split `label@source`. Without a label it is "default"."""
    label, at, source = vault_id.partition("@")
    if not at:
        label, source = "", vault_id
    if ";" in label:
        raise LoadError(f'--vault-id: the label "{label}" must not contain ";"')
    return label or DEFAULT, source


def from_file(label: str, name: str) -> Secret:
    """Return the password in a file, or the password that an executable file prints.

    White space around the password is removed. As in Ansible, a program named NAME-client is called
    as `NAME-client --vault-id LABEL`. Raises LoadError.
    """
    path = with_home(name)
    if path.is_file() and os.access(path, os.X_OK):
        password = _printed(path, label)
    else:
        password = yaml_file.read(path, what="vault password file").strip()
    if not password:
        raise LoadError(f"the vault password from {path} is empty")
    return Secret(label, password)


def _printed(path: Path, label: str) -> bytes:
    client = ("--vault-id", label) if path.stem.endswith("-client") else ()
    try:
        # It keeps the operator's stdin and stderr, because it may ask for something.
        with cleanup_by_exception():
            command = [path.absolute(), *client]
            process = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    except OSError as error:
        hint = "a file with the password itself must not be executable"
        raise LoadError(f"{path} can't be run: {error.strerror}", None, hint) from None
    if process.returncode:
        raise LoadError(f"{path} printed no vault password: exit {process.returncode}")
    return process.stdout.strip(b"\r\n")
