"""provision vault: encrypt and decrypt files and values, compatible with ansible-vault."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner.cli.subcommand import SETTINGS, invoke
from provisioner.cli.vault_options import ask, secrets, vault_options

if TYPE_CHECKING:
    from provisioner.loading.vault import Secret, Vault

STDIN = "-"

_files = click.argument("files", nargs=-1, metavar="[FILE]...")
_named_files = click.argument("files", nargs=-1, required=True, metavar="FILE...")
_output = click.option("--output", metavar="FILE", help="Write here; - is stdout.")
_encrypt_id = click.option(
    "--encrypt-vault-id", metavar="LABEL", help="Which of several vault ids encrypts."
)


@click.group("vault", context_settings=SETTINGS)
def command() -> None:
    """Encrypt and decrypt files and values with a password, as ansible-vault does.

    Without FILE, encrypt and decrypt read stdin and write stdout. Written files are replaced as a
    whole or not at all.
    """


def main(arguments: list[str]) -> int:
    """Parse and carry out; returns the exit status."""
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
            raise LoadError(f"{name} is encrypted already")
        return vault.encrypt(data, secret)

    secret = _new_secret(options)
    return _each(options, encrypted, private=False)


@command.command()
@_files
@_output
@vault_options
def decrypt(**options: Any) -> int:
    """Decrypt files: they are plain afterwards, mode 0600."""
    vault = _vault(options)
    return _each(options, lambda data, name: _open(vault, data, name)[0], private=True)


@command.command()
@_named_files
@vault_options
def view(**options: Any) -> int:
    """Show what is encrypted in files."""
    vault = _vault(options)
    for name in options["files"]:
        data = _open(vault, _read(name), name)[0]
        if sys.stdout.isatty():
            from provisioner.where import visible

            text = data.decode("utf-8", "replace")
            click.echo_via_pager("\n".join(map(visible, text.expandtabs(8).split("\n"))))
        else:
            click.echo(data, nl=False)
    return 0


@command.command()
@_named_files
@_encrypt_id
@vault_options
def edit(**options: Any) -> int:
    """Open encrypted files in $EDITOR."""
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
@click.option("--skip-tty-check", is_flag=True, help="Open the editor without a terminal too.")
@vault_options
def create(**options: Any) -> int:
    """Make a new encrypted file in $EDITOR."""
    from provisioner.errors import LoadError, UsageError
    from provisioner.loading.vault import encrypt as encrypted
    from provisioner.loading.vault_files import edited, write

    path = Path(options["file"])
    if path.exists():
        raise LoadError(f"{path} exists", None, "`provision vault edit` opens it")
    if not path.parent.is_dir():
        raise LoadError(f"there is no directory {path.parent}")
    if not (sys.stdout.isatty() or options["skip_tty_check"]):
        raise UsageError("there is no terminal to open an editor on (--skip-tty-check)")
    secret = _new_secret(options)
    write(path, encrypted(edited(b"", path.name), secret))
    return 0


@command.command()
@_named_files
@_encrypt_id
@click.option("--new-vault-password-file", metavar="FILE", help="The new password.")
@click.option("--new-vault-id", metavar="[LABEL@]SOURCE", help="The new password, labelled.")
@vault_options
def rekey(**options: Any) -> int:
    """Give encrypted files another password."""
    from provisioner.loading.vault import DEFAULT
    from provisioner.loading.vault import encrypt as encrypted
    from provisioner.loading.vault_files import write

    new_id, new_file = options["new_vault_id"], options["new_vault_password_file"]
    if new_id and new_file:
        raise click.UsageError("--new-vault-password-file and --new-vault-id exclude each other")
    vault = _vault(options)
    plain = {name: _open(vault, _read(name), name)[0] for name in options["files"]}
    named = {
        "vault_ids": filter(None, [new_id]),
        "vault_password_files": filter(None, [new_file]),
        "ask_vault_pass": False,
    }
    found = secrets(named, new=True) if new_id or new_file else ()
    secret = found[0] if found else ask(options["encrypt_vault_id"] or DEFAULT, new=True)
    for name, data in plain.items():
        write(Path(name), encrypted(data, secret))
    _tell("rekeyed", len(plain))
    return 0


@command.command("encrypt_string")
@click.argument("strings", nargs=-1, metavar="[STRING]...")
@click.option("-n", "--name", "names", multiple=True, help="The variable's name, for each STRING.")
@click.option("--stdin-name", metavar="NAME", help="Read a value from stdin, for this variable.")
@click.option("-p", "--prompt", is_flag=True, help="Ask for the value.")
@click.option("--show-input", is_flag=True, help="Show what is typed at the prompt.")
@_output
@_encrypt_id
@vault_options
def encrypt_string(**options: Any) -> int:
    """Encrypt values, as YAML to be put into a file of variables.

    Values on the command line can be seen by others on this machine: prefer stdin or --prompt.
    """
    from provisioner.errors import UsageError
    from provisioner.loading.vault import encrypt as encrypted

    texts = list(_strings(options))
    if not all(text for _, text in texts):
        raise UsageError("there is nothing to encrypt: the value is empty")
    secret = _new_secret(options)
    blocks = []
    for name, text in texts:
        lines = encrypted(text.encode("utf-8", "surrogateescape"), secret).decode().splitlines()
        head = f"{name}: !vault |" if name else "!vault |"
        blocks += [head, *(" " * 10 + line for line in lines)]
    _put("\n".join([*blocks, ""]).encode(), options["output"] or STDIN, private=False)
    return 0


def _strings(options: dict[str, Any]) -> Iterable[tuple[str | None, str]]:
    given = [text for text in options["strings"] if text != STDIN]
    from_stdin = STDIN in options["strings"] or options["stdin_name"]
    if options["prompt"]:
        if from_stdin:
            raise click.UsageError("--prompt and reading stdin exclude each other")
        name = click.prompt("Variable name (empty for none)", default="", show_default=False,
                            err=True)  # fmt: skip
        hidden = not options["show_input"]
        yield name or None, click.prompt("String to encrypt", hide_input=hidden, err=True)
    elif from_stdin or not given:
        yield options["stdin_name"], _stdin().decode("utf-8", "surrogateescape")
    names = [*options["names"], *(None for _ in given)]
    yield from zip(names, given, strict=False)


def _vault(options: dict[str, Any]) -> Vault:
    """The passwords to open files with; asks if no option names any."""
    from provisioner.loading.vault import DEFAULT, Vault

    return Vault(secrets(options) or (ask(DEFAULT),))


def _new_secret(options: dict[str, Any]) -> Secret:
    """The password to encrypt with; asks if no option names any."""
    from provisioner.loading.vault import DEFAULT, Vault

    found = secrets(options, new=True)
    if not found:
        return ask(options["encrypt_vault_id"] or DEFAULT, new=True)
    return Vault(found).secret(options["encrypt_vault_id"])


def _open(vault: Vault, data: bytes, name: str) -> tuple[bytes, Secret]:
    from provisioner.where import Where

    return vault.opened(data, Where(name))


def _each(options: dict[str, Any], change: Callable[[bytes, str], bytes], *, private: bool) -> int:
    """Write what `change` makes of each file: of all of them, or of none if one is at fault."""
    files = options["files"] or (STDIN,)
    if options["output"] and len(files) > 1:
        raise click.UsageError("--output needs one FILE")
    changed = [(name, change(_read(name), name)) for name in files]
    for name, data in changed:
        _put(data, options["output"] or name, private=private)
    _tell("done", len(changed))
    return 0


def _read(name: str) -> bytes:
    from provisioner.loading.yaml_file import read

    return _stdin() if name == STDIN else read(Path(name))


def _stdin() -> bytes:
    if sys.stdin.isatty():
        click.echo("reading stdin; Ctrl-D ends it", err=True)
    data: bytes = sys.stdin.buffer.read()
    return data


def _put(data: bytes, name: str, *, private: bool) -> None:
    from provisioner.loading.vault_files import write

    if name == STDIN:
        click.echo(data, nl=False)
    else:
        write(Path(name), data, private=private)


def _tell(what: str, count: int) -> None:
    if sys.stdout.isatty():
        click.echo(f"{what}: {count} file{'s' if count > 1 else ''}", err=True)
