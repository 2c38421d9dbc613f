"""Whatever is wrong in the input, no character that controls a terminal reaches it raw."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provisioner.escaping import escape
from provisioner.loading.vault import Secret, encrypt

# A colour, a title (OSC), C1's CSI, a bidi override, a carriage return, a backspace, and a newline
# with a false message after it.
EVIL = "e\x1b[99m\x1b]0;t\x07\x9b2J\u202e\r\x08x\nerror: fine"
ONE_LINE = EVIL.partition("\n")[0]
OURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
"""Colours and movements of the cursor: rich prints them, but none with the number 99."""

PLAY = "- hosts: all\n  gather_facts: false\n  tasks:\n"
LOCAL = ("-e", "ansible_connection=local")

FILES = {
    "empty.yml": "[]\n",
    "key.yml": f"- hosts: all\n  {ONE_LINE!r}: 1\n".replace("'", '"'),
    "quoted.yml": '- hosts: all\n  "k\\e[99m\\e]0;t\\a\\u202e\\r": 1\n',
    "raw.yml": "- hosts: all\n  # \u202e\u202d\n  tasks: 1\n",
    "task.yml": PLAY + '    - "m\\e[99m\\e]0;t\\a\\u202e\\r": x\n',
    "argument.yml": PLAY + '    - command: {"a\\e[99m\\e]0;t\\a\\u202e\\r": x}\n',
    "value.yml": PLAY + '    - file: {path: /x, state: "s\\e[99m\\e]0;t\\a\\u202e\\r"}\n',
    "name.yml": PLAY + '    - name: "n\\e[99m\\e]0;t\\a\\u202e\\r"\n      debug: {msg: x}\n',
    "template.yml": PLAY + '    - debug: {msg: "{{ x\\e[99m\\e]0;t\\a\\u202e }}"}\n',
    "role.yml": '- hosts: all\n  roles: ["r\\e[99m\\e]0;t\\a\\u202e"]\n',
    "include.yml": PLAY + '    - include_tasks: "i\\e[99m\\e]0;t\\a\\u202e.yml"\n',
    "src.yml": PLAY + '    - copy: {src: "i\\e[99m\\e]0;t\\a\\u202e", dest: /tmp/nothing}\n',
    "fail.yml": PLAY + '    - fail: {msg: "f\\e[99m\\e]0;t\\a\\u202e\\r"}\n',
    "prompt.yml": '- hosts: all\n  vars_prompt: [{name: "p\\e[99m\\u202e", prompt: x}]\n',
    "hosts.yml": 'all: {hosts: {"h\\e[99m\\e]0;t\\a\\u202e": }}\n',
    "hosts.ini": f"[g]\n{ONE_LINE.replace(chr(13), '')}=\n[\n",
    "vars.yml": '"v\\e[99m\\e]0;t\\a\\u202e": "w\\e[99m\\e]0;t\\a\\u202e"\n',
    "script": f"#!/bin/sh\nprintf '%s\\n' '{ONE_LINE}' >&2\nexit 3\n",
    "printed": f"#!/bin/sh\nprintf '%s\\n' '{ONE_LINE}'\n",
    "saved.jsonl": '{"schema": 1, "event": "run_started", "inventory": "e\\u001b[99m\\u202e"}\n',
}

COMMANDS: dict[str, tuple[str, ...]] = {
    "an inventory that does not exist": (ONE_LINE, "empty.yml"),
    "a playbook that does not exist": ("h,", EVIL),
    "a name of a host": (f"{ONE_LINE},", "empty.yml"),
    "a pattern": ("h,", "empty.yml", "--limit", EVIL),
    "a tag": ("h,", "name.yml", "--tags", EVIL, *LOCAL),
    "an option": ("h,", f"--{EVIL}"),
    "a value of an option": ("h,", "empty.yml", "--forks", EVIL),
    "an extra variable": ("h,", "empty.yml", "-e", f"[{EVIL}"),
    "a file of extra variables": ("h,", "empty.yml", "-e", f"@{EVIL}"),
    "extra variables in a file": ("h,", "fail.yml", "-e", "@vars.yml", *LOCAL, "-vvv"),
    "a task to start at": ("h,", "name.yml", "--start-at-task", EVIL, *LOCAL),
    "a report": ("h,", "empty.yml", "--report", f"{EVIL}/x"),
    "a junit report": ("h,", "name.yml", "--junit", f"{EVIL}/x", *LOCAL),
    "a saved run": ("h,", "empty.yml", "--retry", EVIL),
    "a private key": ("h,", "name.yml", "--private-key", EVIL),
    "a vault password": ("h,", "empty.yml", "--vault-id", f"{ONE_LINE}@{ONE_LINE}"),
    "a vault password file": ("h,", "empty.yml", "--vault-password-file", EVIL),
    "a vault password program": ("h,", "empty.yml", "--vault-password-file", f"./{ONE_LINE}"),
    "an encrypted file": ("vault", "view", "secret.yml", "--vault-password-file", "password"),
    "a scheduler": ("h,", "name.yml", "--workers", EVIL),
    "a key of a play": ("h,", "quoted.yml"),
    "a key of a play, raw": ("h,", "key.yml"),
    "an excerpt": ("h,", "raw.yml"),
    "a module": ("h,", "task.yml"),
    "an argument": ("h,", "argument.yml"),
    "a value": ("h,", "value.yml"),
    "a name of a task": ("h,", "name.yml", *LOCAL),
    "a template": ("h,", "template.yml", *LOCAL),
    "a role": ("h,", "role.yml"),
    "an included file": ("h,", "include.yml", *LOCAL),
    "a source": ("h,", "src.yml", *LOCAL),
    "a failure": ("h,", "fail.yml", *LOCAL),
    "a prompt": ("h,", "prompt.yml"),
    "a list of tasks": ("h,", "name.yml", "--list-tasks"),
    "a list of hosts": ("hosts.yml", "name.yml", "--list-hosts"),
    "a syntax check": ("hosts.yml", "name.yml", "--syntax-check"),
    "a host of an inventory": ("hosts.yml", "name.yml", *LOCAL),
    "an inventory in INI": ("hosts.ini", "empty.yml"),
    "an inventory script that fails": ("./script", "empty.yml"),
    "an inventory script that prints no JSON": ("./printed", "empty.yml"),
    "the inventory": ("inventory", "hosts.yml", "--list"),
    "the graph of the inventory": ("inventory", "hosts.yml", "--graph"),
    "a group": ("inventory", "hosts.yml", "--graph", EVIL),
    "a host of the inventory": ("inventory", "hosts.yml", "--host", EVIL),
    "the file of the inventory": ("inventory", "hosts.yml", "--list", "--output", f"{EVIL}/x"),
    "a name to describe": ("doc", EVIL),
    "a folder to write to": ("init", "empty.yml/" + ONE_LINE),
    "a run to report": ("report", EVIL),
    "a run with a strange name": ("report", "saved.jsonl"),
    "a file to decrypt": ("vault", "decrypt", EVIL, "--vault-password-file", "vars.yml"),
    "a file that is not encrypted": ("vault", "view", "vars.yml", "--vault-password-file", EVIL),
    "a subcommand of vault": ("vault", EVIL),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with `FILES`."""
    path = tmp_path_factory.mktemp("printed")
    for name, text in FILES.items():
        (path / name).write_text(text, encoding="utf-8")
    for name in ("script", "printed"):
        (path / name).chmod(0o755)
    (path / "password").write_text("p")
    secret = encrypt(ONE_LINE.encode(), Secret("default", b"p"))
    (path / "secret.yml").write_bytes(secret)
    return path


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_no_control_character_of_the_input_reaches_the_terminal(
    folder: Path, words: tuple[str, ...]
) -> None:
    printed = _on_a_terminal(folder, words)
    assert printed.strip()
    assert "Traceback" not in printed
    assert "\x1b[99m" not in printed, repr(printed)
    shown = OURS.sub("", printed).replace("\r", "")
    assert escape(shown, lines=True) == shown
    assert not re.search("^error: fine", shown, re.MULTILINE)


def _on_a_terminal(folder: Path, words: tuple[str, ...]) -> str:
    """Run `provision` with a terminal as stdout and stderr. Return what it printed there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "provisioner", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "PAGER": "cat", "COLUMNS": "200"},
    )
    os.close(theirs)
    printed = b""
    deadline = time.monotonic() + 60
    while select.select([ours], [], [], max(0, deadline - time.monotonic()))[0]:
        try:
            block = os.read(ours, 65536)
        except OSError:  # EIO: the process has closed the terminal
            break
        printed += block
    process.kill()
    process.wait()
    os.close(ours)
    return printed.decode("utf-8", "surrogateescape")
