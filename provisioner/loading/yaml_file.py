"""YAML files: read, decrypt where they are a vault's, and build their values.

language/yaml_builder.py makes the values. This file adds what concerns files: their size, their
encryption, and values under `!vault`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language import yaml_builder, yaml_syntax
from provisioner.language.templating.template import Template
from provisioner.language.yaml_values import OpenedText
from provisioner.loading.vault import NO_VAULT, PasswordError, Sealed, Vault, is_encrypted
from provisioner.local_files import read_regular
from provisioner.where import Where

MAX_BYTES = 64 * 1024 * 1024


def read(path: Path, *, what: str = "file") -> bytes:
    """Return the bytes of a regular file of at most `MAX_BYTES`.

    Raises LoadError for anything else.
    """
    try:
        return read_regular(path, MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: the name contains a NUL
        reason = getattr(error, "strerror", None) or error
        raise LoadError(f"the {what} {path} can't be read: {reason}") from None


def load(path: Path, *, what: str = "file", vault: Vault = NO_VAULT) -> Any:
    """Return the value of a YAML file with one document; None for an empty file."""
    return parse(read(path, what=what), str(path), vault=vault)


def opened(data: bytes, file: str, vault: Vault) -> tuple[bytes, str]:
    """Return the bytes, decrypted if a vault encrypted them, and the file's name for messages."""
    if not is_encrypted(data):
        return data, file
    return vault.open(data, Where(file, 1, 1)), f"{file} (decrypted)"


def parse(data: bytes, file: str, *, trusted: bool = True, vault: Vault = NO_VAULT) -> Any:
    """Return the value of one YAML document.

    With `trusted` false no string becomes a template. If the whole document was encrypted, all of
    its values are secret, and the vault is informed of each.
    """
    plaintext, name = opened(data, file, vault)
    text = yaml_syntax.decode(plaintext, name)
    value = yaml_builder.parse(
        text,
        name,
        trusted=trusted,
        decrypt=lambda ciphertext, where: _decrypted(ciphertext, where, vault),
    )
    if plaintext is not data:
        vault.learned(value)
    return value


def _decrypted(ciphertext: str, where: Where, vault: Vault) -> Any:
    """Return the text under `!vault`, which is never a template.

    If no password opens it, the value is a template that fails with the reason: as in Ansible, the
    error belongs to the task that uses the value.
    """
    if vault.sealed:
        return Sealed(ciphertext)
    try:
        plaintext = vault.open(ciphertext.encode(), where).decode()
    except PasswordError as error:
        (problem,) = error.problems
        vault.closed(problem)
        reason = f"{problem.reason}: {problem.hint}"
        return Template(f"{{{{ _vault | mandatory({reason!r}) }}}}", where)
    except UnicodeDecodeError:
        raise LoadError("the decrypted value is not UTF-8 text", where) from None
    vault.learned(plaintext)
    return OpenedText(plaintext)
