"""provision vault: each subcommand and the files that it writes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from provisioner.loading.vault import DEFAULT, Secret, Vault, encrypt
from tests.cli.conftest import Command, Prompts
from tests.lab.processes import wait_for

TEXT = "a: 1  \r\n\tb\n\n"
FIRST, SECOND = Secret(DEFAULT, b"first"), Secret("dev", b"second")


@pytest.fixture
def folder(provision: Command) -> Path:
    """A folder with two password files, a plain file and an encrypted file."""
    provision.write("first", "first\n")
    provision.write("second", "second\n")
    (provision.folder / "plain").write_bytes(TEXT.encode())
    (provision.folder / "sealed").write_bytes(encrypt(TEXT.encode(), FIRST))
    return provision.folder


def opened(path: Path, secret: Secret = FIRST) -> str:
    return Vault((secret,)).open(path.read_bytes()).decode()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def head(path: Path) -> str:
    return path.read_text().splitlines()[0]


WITH_FIRST = ("--vault-password-file", "first")


def test_encrypt_and_decrypt_keep_every_byte(provision: Command, folder: Path) -> None:
    plain = folder / "plain"
    plain.chmod(0o640)
    assert provision("vault", "encrypt", plain, *WITH_FIRST).exit == 0
    assert head(plain) == "$ANSIBLE_VAULT;1.1;AES256"
    assert (opened(plain), mode(plain)) == (TEXT, 0o640)
    assert provision("vault", "decrypt", plain, *WITH_FIRST).exit == 0
    assert (plain.read_bytes(), mode(plain)) == (TEXT.encode(), 0o600)


def test_a_label_is_kept_in_the_file(provision: Command, folder: Path) -> None:
    provision("vault", "encrypt", "plain", "--vault-id", "dev@second")
    assert head(folder / "plain") == "$ANSIBLE_VAULT;1.2;AES256;dev"
    assert provision("vault", "view", "plain", "--vault-id", "dev@second").out == TEXT


def test_with_several_ids_one_must_be_selected(provision: Command, folder: Path) -> None:
    ids = ("--vault-id", "first", "--vault-id", "dev@second")
    done = provision("vault", "encrypt", "plain", *ids)
    assert done.exit == 3
    assert "--encrypt-vault-id" in done.err
    assert provision("vault", "encrypt", "plain", *ids, "--encrypt-vault-id", "dev").exit == 0
    assert opened(folder / "plain", SECOND) == TEXT


def test_output_goes_to_another_file_or_stdout(provision: Command, folder: Path) -> None:
    assert provision("vault", "decrypt", "sealed", *WITH_FIRST, "--output", "-").out == TEXT
    assert provision("vault", "decrypt", "sealed", *WITH_FIRST, "--output", "new").exit == 0
    assert ((folder / "new").read_bytes(), mode(folder / "new")) == (TEXT.encode(), 0o600)
    assert opened(folder / "sealed") == TEXT


def test_without_a_file_stdin_is_converted_to_stdout(folder: Path) -> None:
    command = [sys.executable, "-m", "provisioner", "vault"]
    run = {"cwd": folder, "check": True, "capture_output": True}
    sealed = subprocess.run([*command, "encrypt", *WITH_FIRST], input=b"x\0\xff", **run)  # type: ignore[call-overload]
    plain = subprocess.run([*command, "decrypt", *WITH_FIRST], input=sealed.stdout, **run)  # type: ignore[call-overload]
    assert plain.stdout == b"x\0\xff"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["encrypt", "plain", "sealed"], "sealed is already encrypted"),
        (["decrypt", "sealed", "plain"], "plain: this is not a vault text"),
        (["view", "plain"], "plain: this is not a vault text"),
        (["view", "none"], "none can't be read"),
        (["rekey", "sealed", "plain", "--new-vault-id", "second"], "plain: this is not a vault"),
        (["edit", "plain"], "plain: this is not a vault text"),
        (["create", "sealed"], "sealed exists"),
        (["create", "no/where"], "there is no directory no"),
        (["decrypt", "sealed", "--output", "/nowhere/x"], "/nowhere"),
    ],
)
def test_if_one_file_is_invalid_no_file_is_changed(
    provision: Command, folder: Path, arguments: list[str], message: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = provision("vault", *arguments, *WITH_FIRST)
    assert done.exit == 3
    assert message in done.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("command", ["decrypt", "view", "edit", "rekey"])
def test_a_wrong_password_changes_nothing(provision: Command, folder: Path, command: str) -> None:
    new = ("--new-vault-id", "first") if command == "rekey" else ()
    done = provision("vault", command, "sealed", "--vault-id", "dev@second", *new)
    assert done.exit == 3
    assert "no password opens it; tried: dev" in done.err
    assert opened(folder / "sealed") == TEXT


def test_a_link_stays_a_link(provision: Command, folder: Path) -> None:
    (folder / "link").symlink_to("plain")
    provision("vault", "encrypt", "link", *WITH_FIRST)
    assert (folder / "link").is_symlink()
    assert opened(folder / "plain") == TEXT


def test_a_failed_write_leaves_the_old_file_and_no_temporary_file(
    provision: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr(os, "fsync", full)
    done = provision("vault", "decrypt", "sealed", *WITH_FIRST)
    assert done.exit == 3
    assert "No space left" in done.err
    assert opened(folder / "sealed") == TEXT
    assert sorted(path.name for path in folder.iterdir()) == before


def test_rekey_changes_password_and_label(provision: Command, folder: Path) -> None:
    assert (
        provision("vault", "rekey", "sealed", *WITH_FIRST, "--new-vault-id", "dev@second").exit == 0
    )
    assert head(folder / "sealed").endswith(";dev")
    assert opened(folder / "sealed", SECOND) == TEXT
    options = ("--vault-id", "dev@second", "--new-vault-password-file", "first")
    assert provision("vault", "rekey", "sealed", *options).exit == 0
    assert opened(folder / "sealed") == TEXT


def test_passwords_are_asked_for_if_no_option_names_them(
    provision: Command, folder: Path, prompts: Prompts
) -> None:
    asked = prompts("p", "p", "p", "q")
    assert provision("vault", "encrypt", "plain").exit == 0
    assert provision("vault", "view", "plain").out == TEXT
    assert provision("vault", "rekey", "plain").exit == 0
    assert opened(folder / "plain", Secret(DEFAULT, b"q")) == TEXT
    new, old = "New vault password", "Vault password"
    assert asked == [new, old, old, new]


# encrypt_string


def test_encrypted_values_are_printed_as_yaml(provision: Command, folder: Path) -> None:
    done = provision(
        "vault", "encrypt_string", "one", "two", "-n", "a", "-n", "b", "--vault-id", "dev@second"
    )
    assert done.exit == 0
    lines = done.out.splitlines()
    assert lines[:2] == ["a: !vault |", "          $ANSIBLE_VAULT;1.2;AES256;dev"]

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor(
        "!vault", lambda loader, node: Vault((SECOND,)).open(str(node.value).encode()).decode()
    )
    assert yaml.load(done.out, Loader) == {"a": "one", "b": "two"}


def test_a_value_can_be_typed(provision: Command, folder: Path, prompts: Prompts) -> None:
    asked = prompts("name", "value")
    done = provision("vault", "encrypt_string", "--prompt", *WITH_FIRST)
    assert done.out.startswith("name: !vault |\n")
    assert "value" not in done.out + done.err
    assert asked == ["Variable name (empty for none)", "String to encrypt"]


def test_a_value_from_stdin_keeps_its_newline(folder: Path) -> None:
    command = [sys.executable, "-m", "provisioner", "vault", "encrypt_string", *WITH_FIRST]
    done = subprocess.run(
        [*command, "--stdin-name", "n"], cwd=folder, input=b"x\n", check=True, capture_output=True
    )
    first, *lines = done.stdout.decode().splitlines()
    assert first == "n: !vault |"
    sealed = "\n".join(line.strip() for line in lines).encode()
    assert Vault((FIRST,)).open(sealed) == b"x\n"


def test_an_empty_value_is_refused(provision: Command, folder: Path) -> None:
    done = provision("vault", "encrypt_string", "", *WITH_FIRST)
    assert (done.exit, done.out) == (5, "")


# edit and create


@pytest.fixture
def editor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of an editor program, which $EDITOR names; see `write_editor`."""
    path = folder / "editor"
    monkeypatch.setenv("EDITOR", f"{path} --flag")
    monkeypatch.setenv("NOTES", str(folder / "notes"))
    return path


def write_editor(editor: Path, body: str) -> None:
    """Write an editor that notes the modes of the file and its folder, and then runs `body`."""
    editor.write_text(
        '#!/bin/sh\n[ "$1" = --flag ] || exit 9\nfile=$2\n'
        'stat -c "%a %n" "$file" "$(dirname "$file")" >"$NOTES"\n' + body + "\n"
    )
    editor.chmod(0o755)


def notes_of_editor(folder: Path) -> tuple[list[str], Path]:
    """Return the modes of the edited file and its folder, and the folder."""
    lines = (folder / "notes").read_text().splitlines()
    return [line.split()[0] for line in lines], Path(lines[1].split()[1])


def test_edit_encrypts_the_new_text_and_leaves_no_temporary_file(
    provision: Command, folder: Path, editor: Path
) -> None:
    (folder / "s.yml").write_bytes(encrypt(TEXT.encode(), SECOND))
    write_editor(editor, 'cp "$file" "$file~"; printf new >"$file"')
    assert provision("vault", "edit", "s.yml", "--vault-password-file", "second").exit == 0
    assert opened(folder / "s.yml", SECOND) == "new"
    assert head(folder / "s.yml").endswith(";dev")
    modes, place = notes_of_editor(folder)
    assert modes == ["600", "700"]
    assert not place.exists()


def test_plain_text_is_never_written_to_disk(
    provision: Command, folder: Path, editor: Path
) -> None:
    write_editor(editor, ":")
    provision("vault", "edit", "sealed", *WITH_FIRST)
    if os.access("/dev/shm", os.W_OK):
        assert notes_of_editor(folder)[1].parent == Path("/dev/shm")


def test_an_unchanged_file_is_not_written(provision: Command, folder: Path, editor: Path) -> None:
    before = (folder / "sealed").read_bytes()
    write_editor(editor, ":")
    assert provision("vault", "edit", "sealed", *WITH_FIRST).exit == 0
    assert (folder / "sealed").read_bytes() == before


@pytest.mark.parametrize("body", ["echo x >$file; exit 1", "kill -9 $$"])
def test_an_editor_that_fails_changes_nothing(
    provision: Command, folder: Path, editor: Path, body: str
) -> None:
    write_editor(editor, body)
    done = provision("vault", "edit", "sealed", *WITH_FIRST)
    assert done.exit == 3
    assert "nothing was changed" in done.err
    assert opened(folder / "sealed") == TEXT
    assert not notes_of_editor(folder)[1].exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/nowhere/editor", "/nowhere/editor can't be run"),
        ("'/nowhere", "a quote is not closed in $EDITOR: '/nowhere"),
    ],
)
def test_an_editor_that_cannot_be_run_is_an_error(
    provision: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.setenv("EDITOR", name)
    done = provision("vault", "edit", "sealed", *WITH_FIRST)
    assert (done.exit, reason in done.err) == (3, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_editing_leaves_no_temporary_file(
    folder: Path, editor: Path, number: signal.Signals
) -> None:
    write_editor(editor, "exec sleep 600")
    command = [sys.executable, "-m", "provisioner", "vault", "edit", "sealed", *WITH_FIRST]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE) as process:
        notes = folder / "notes"
        wait_for(lambda: notes.exists() and notes.read_text().count("\n") == 2, 120, "the editor")
        process.send_signal(number)
        assert process.wait(120) == 128 + number
    assert not notes_of_editor(folder)[1].exists()
    assert opened(folder / "sealed") == TEXT


def test_create_writes_a_file_that_only_its_owner_can_read(
    provision: Command, folder: Path, editor: Path
) -> None:
    write_editor(editor, 'printf "a: 1" >"$file"')
    assert provision("vault", "create", "new", *WITH_FIRST).exit == 5  # no terminal
    assert provision("vault", "create", "new", *WITH_FIRST, "--skip-tty-check").exit == 0
    assert (opened(folder / "new"), mode(folder / "new")) == ("a: 1", 0o600)


# Password files


@pytest.mark.parametrize(
    ("name", "text", "file_mode", "message"),
    [
        ("empty", "\n", 0o600, "is empty"),
        ("fails", "#!/bin/sh\nexit 3\n", 0o700, "printed no vault password: exit 3"),
        ("silent", "#!/bin/sh\n", 0o700, "is empty"),
        ("odd", "first", 0o700, "must not be executable"),
    ],
)
def test_a_source_without_a_password_is_refused(
    provision: Command, folder: Path, name: str, text: str, file_mode: int, message: str
) -> None:
    provision.write(name, text).chmod(file_mode)
    done = provision("vault", "view", "sealed", "--vault-id", name)
    assert (done.exit, done.out) == (3, "")
    assert message in done.err


def test_a_client_program_gets_the_label(provision: Command, folder: Path) -> None:
    provision.write("my-client.sh", '#!/bin/sh\n[ "$1" = --vault-id ] && echo "$2"\n').chmod(0o700)
    provision("vault", "encrypt", "plain", "--vault-id", "dev@my-client.sh")
    assert opened(folder / "plain", Secret("dev", b"dev")) == TEXT


def test_white_space_around_a_password_is_removed_as_in_ansible(
    provision: Command, folder: Path
) -> None:
    provision.write("spaced", "  two words \n\n")
    provision("vault", "encrypt", "plain", "--vault-id", "spaced")
    assert opened(folder / "plain", Secret(DEFAULT, b"two words")) == TEXT


def test_a_label_with_a_semicolon_is_refused(provision: Command, folder: Path) -> None:
    done = provision("vault", "encrypt", "plain", "--vault-id", "a;b@first")
    assert done.exit == 3
    assert (folder / "plain").read_bytes() == TEXT.encode()
