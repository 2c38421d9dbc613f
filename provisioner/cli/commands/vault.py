"""provision vault: encrypts and decrypts files and values, compatible with ansible-vault."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner.cli.messages import ask
from provisioner.cli.subcommand import SETTINGS, invoke
from provisioner.cli.vault_options import ask_password, vault_options, vault_secrets
from provisioner.escaping import escape

if TYPE_CHECKING:
    from provisioner.loading.vault import Secret, Vault

STDIN = "-"

_files = click.argument("files", nargs=-1, metavar="[FILE]...")
_named_files = click.argument("files", nargs=-1, required=True, metavar="FILE...")
_output = click.option("--output", metavar="FILE", help="Write to this file; - means stdout.")
_encrypt_id = click.option(
    "--encrypt-vault-id", metavar="LABEL", help="Encrypt with this one of several vault ids."
)


@click.group("vault", context_settings=SETTINGS)
def command() -> None:
    """Encrypt and decrypt files and values with a password, as ansible-vault does.

    Without FILE, encrypt and decrypt read stdin and write to stdout. Files are replaced atomically.
    """


def main(arguments: list[str]) -> int:
    """Run the subcommand. Return its exit status."""
    return invoke(command, arguments, "provision vault")


@command.command()
@_files
@_output
@_encrypt_id
@vault_options
def encrypt(**options: Any) -> int:
    """Encrypt files."""
    from provisioner.errors import LoadError
    from provisioner.loading import vault

    def encrypted(data: bytes, name: str) -> bytes:
        if vault.is_encrypted(data):
            raise LoadError(f"{name} is already encrypted")
        return vault.encrypt(data, secret)

    secret = _new_secret(options)
    return _convert_files(options, encrypted, private=False)


@command.command()
@_files
@_output
@vault_options
def decrypt(**options: Any) -> int:
    """Decrypt files.

    The plain text replaces the encrypted file, with mode 0600.
    """
    vault = _vault(options)
    return _convert_files(options, lambda data, name: _open(vault, data, name)[0], private=True)


@command.command()
@_named_files
@vault_options
def view(**options: Any) -> int:
    """Show the plain text of encrypted files."""
    vault = _vault(options)
    for name in options["files"]:
        data = _open(vault, _read(name), name)[0]
        if sys.stdout.isatty():
            text = data.decode("utf-8", "replace")
            click.echo_via_pager(escape(text.expandtabs(8), lines=True))
        else:
            click.echo(data, nl=False)
    return 0


@command.command()
@_named_files
@_encrypt_id
@vault_options
def edit(**options: Any) -> int:
    """Edit encrypted files in $EDITOR."""
    from provisioner.loading.vault import encrypt as encrypted
    from provisioner.loading.vault_files import edited, write

    vault = _vault(options)
    label = options["encrypt_vault_id"]
    for name in options["files"]:
        before, secret = _open(vault, _read(name), name)
        after = edited(before, name)
        if after != before or label:
            write(Path(name), encrypted(after, vault.secret(label) if label else secret))
    return 0


@command.command()
@click.argument("file")
@_encrypt_id
@click.option("--skip-tty-check", is_flag=True, help="Open the editor even without a terminal.")
@vault_options
def create(**options: Any) -> int:
    """Create an encrypted file in $EDITOR."""
    from provisioner.errors import LoadError, UsageError
    from provisioner.loading.vault import encrypt as encrypted
    from provisioner.loading.vault_files import edited, write

    path = Path(options["file"])
    if path.exists():
        raise LoadError(f"{path} exists", None, "to change it, use `provision vault edit`")
    if not path.parent.is_dir():
        raise LoadError(f"there is no directory {path.parent}")
    if not (sys.stdout.isatty() or options["skip_tty_check"]):
        raise UsageError("stdout is not a terminal; to open the editor anyway: --skip-tty-check")
    secret = _new_secret(options)
    write(path, encrypted(edited(b"", path.name), secret))
    return 0


@command.command()
@_named_files
@_encrypt_id
@click.option("--new-vault-password-file", metavar="FILE", help="File with the new password.")
@click.option(
    "--new-vault-id", metavar="[LABEL@]SOURCE", help="Source of the new password, with its label."
)
@vault_options
def rekey(**options: Any) -> int:
    """Change the password of encrypted files."""
    from provisioner.loading.vault import DEFAULT
    from provisioner.loading.vault import encrypt as encrypted
    from provisioner.loading.vault_files import write

    new_id, new_file = options["new_vault_id"], options["new_vault_password_file"]
    if new_id and new_file:
        reason = "--new-vault-password-file and --new-vault-id cannot be used together"
        raise click.UsageError(reason)
    vault = _vault(options)
    plain_texts = {name: _open(vault, _read(name), name)[0] for name in options["files"]}
    new_options = {
        "vault_ids": filter(None, [new_id]),
        "vault_password_files": filter(None, [new_file]),
        "ask_vault_pass": False,
    }
    if new_id or new_file:
        secret = vault_secrets(new_options, new=True)[0]
    else:
        secret = ask_password(options["encrypt_vault_id"] or DEFAULT, new=True)
    for name, data in plain_texts.items():
        write(Path(name), encrypted(data, secret))
    _print_count("rekeyed", len(plain_texts))
    return 0


@command.command("encrypt_string")
@click.argument("strings", nargs=-1, metavar="[STRING]...")
@click.option("-n", "--name", "names", multiple=True, help="Name of the variable of each STRING.")
@click.option("--stdin-name", metavar="NAME", help="Read the value of this variable from stdin.")
@click.option("-p", "--prompt", is_flag=True, help="Ask for the value.")
@click.option("--show-input", is_flag=True, help="With --prompt: show the typed text.")
@_output
@_encrypt_id
@vault_options
def encrypt_string(**options: Any) -> int:
    """Encrypt values.

    They are printed as YAML for a file of variables. Other users of this machine can see values on
    the command line: prefer stdin or --prompt.
    """
    from provisioner.errors import UsageError
    from provisioner.loading.vault import encrypt as encrypted

    texts = list(_strings(options))
    if not all(text for _, text in texts):
        raise UsageError("the value to encrypt is empty")
    secret = _new_secret(options)
    lines = []
    for name, text in texts:
        envelope = encrypted(text.encode("utf-8", "surrogateescape"), secret).decode()
        lines.append(f"{name}: !vault |" if name else "!vault |")
        lines += [" " * 10 + line for line in envelope.splitlines()]
    _write("\n".join([*lines, ""]).encode(), options["output"] or STDIN, private=False)
    return 0


def _strings(options: dict[str, Any]) -> Iterable[tuple[str | None, str]]:
    """Yield the variable's name, if any, and the text of each value to encrypt."""
    arguments = [text for text in options["strings"] if text != STDIN]
    from_stdin = STDIN in options["strings"] or options["stdin_name"]
    if options["prompt"]:
        if from_stdin:
            raise click.UsageError("--prompt cannot be used when a value is read from stdin")
        name = ask("Variable name (empty for none)", default="", show_default=False,
                            err=True)  # fmt: skip
        hidden = not options["show_input"]
        yield name or None, ask("String to encrypt", hide_input=hidden, err=True)
    elif from_stdin or not arguments:
        yield options["stdin_name"], _read_stdin().decode("utf-8", "surrogateescape")
    names = [*options["names"], *(None for _ in arguments)]
    yield from zip(names, arguments, strict=False)


def _vault(options: dict[str, Any]) -> Vault:
    """Return the passwords to decrypt with. Asks for one if no option names any."""
    from provisioner.loading.vault import DEFAULT, Vault

    return Vault(vault_secrets(options) or (ask_password(DEFAULT),))


def _new_secret(options: dict[str, Any]) -> Secret:
    """Return the password to encrypt with. Asks for one if no option names any."""
    from provisioner.loading.vault import DEFAULT, Vault

    secrets = vault_secrets(options, new=True)
    if not secrets:
        return ask_password(options["encrypt_vault_id"] or DEFAULT, new=True)
    return Vault(secrets).secret(options["encrypt_vault_id"])


def _open(vault: Vault, data: bytes, name: str) -> tuple[bytes, Secret]:
    from provisioner.where import Where

    return vault.opened(data, Where(name))


def _convert_files(
    options: dict[str, Any], convert: Callable[[bytes, str], bytes], *, private: bool
) -> int:
    """Write the converted content of each file. If one file is invalid, no file is written."""
    files = options["files"] or (STDIN,)
    if options["output"] and len(files) > 1:
        raise click.UsageError("--output can be used with one FILE only")
    converted = [(name, convert(_read(name), name)) for name in files]
    for name, data in converted:
        _write(data, options["output"] or name, private=private)
    _print_count("done", len(converted))
    return 0


def _read(name: str) -> bytes:
    from provisioner.loading.yaml_file import read

    return _read_stdin() if name == STDIN else read(Path(name))


def _read_stdin() -> bytes:
    if sys.stdin.isatty():
        click.echo("reading from the terminal; press Ctrl-D to end the input", err=True)
    data: bytes = sys.stdin.buffer.read()
    return data


def _write(data: bytes, name: str, *, private: bool) -> None:
    from provisioner.loading.vault_files import write

    if name == STDIN:
        click.echo(data, nl=False)
    else:
        write(Path(name), data, private=private)


def _print_count(action: str, count: int) -> None:
    if sys.stdout.isatty():
        click.echo(f"{action}: {count} file{'s' if count > 1 else ''}", err=True)
