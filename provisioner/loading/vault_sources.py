"""Where vault passwords come from, people aside: files, and programs that print them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from provisioner.errors import LoadError
from provisioner.loading import yaml_file
from provisioner.loading.vault import DEFAULT, Secret
from provisioner.where import visible


def split_id(vault_id: str) -> tuple[str, str]:
    """`label@source` ▶ both; without a label it is `default`."""
    label, at, source = vault_id.partition("@")
    if not at:
        label, source = "", vault_id
    if ";" in label:
        raise LoadError(f'--vault-id: "{label}" can\'t be a label: it has a ; in it')
    return label or DEFAULT, source


def from_file(label: str, name: str) -> Secret:
    """The password in a file, white space around it aside, or printed by an executable one.

    A program called NAME-client is told the label: `NAME-client --vault-id LABEL`.
    """
    path = Path(name).expanduser()
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
        # Its stdin and stderr stay the operator's: it may ask for something.
        done = subprocess.run([path.absolute(), *client], stdout=subprocess.PIPE, check=False)
    except OSError as error:
        hint = "a file with the password itself must not be executable"
        raise LoadError(
            f"{path} can't be run: {visible(str(error.strerror))}", None, hint
        ) from None
    if done.returncode:
        raise LoadError(f"{path} gave no vault password: exit {done.returncode}")
    return done.stdout.strip(b"\r\n")
